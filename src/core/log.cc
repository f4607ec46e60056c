#include "core/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "core/names.h"

namespace forewarn {

Status SetLogLevel(const std::string& level) {
  const std::vector<std::string> known = {"trace", "debug", "info", "warn", "error", "off"};
  if (std::find(known.begin(), known.end(), level) == known.end()) {
    return Status::Usage(UnknownName("log level", level, known));
  }
  static const bool kReady = [] {
    spdlog::set_default_logger(spdlog::stderr_color_mt("forewarn"));
    spdlog::set_pattern("%H:%M:%S %^%l%$ %v");
    return true;
  }();
  (void)kReady;
  spdlog::set_level(spdlog::level::from_str(level == "warn" ? "warning" : level));
  return Status::Ok();
}

}  // namespace forewarn
