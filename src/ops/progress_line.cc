#include "ops/progress_line.h"

#include <unistd.h>

#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

namespace forewarn {

using Json = nlohmann::ordered_json;

std::string ProgressLine(std::string_view what, size_t done, size_t all) {
  return Json{{"what", what}, {"done", done}, {"all", all}}.dump(-1, ' ', false,
                                                                 Json::error_handler_t::replace) +
         "\n";
}

std::optional<ProgressStep> ParseProgressLine(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  const auto is_count = [&](const char* key) { return json.contains(key) && json[key].is_number_unsigned(); };
  if (!json.is_object() || !json.contains("what") || !json["what"].is_string() || !is_count("done") ||
      !is_count("all")) {
    return std::nullopt;
  }
  ProgressStep out = {json["what"].get<std::string>(), json["done"].get<size_t>(), json["all"].get<size_t>()};
  if (out.what.size() > 200 || (out.all > 0 && out.done > out.all)) return std::nullopt;
  return out;
}

Progress ProgressToDescriptor(int fd) {
  const auto mutex = std::make_shared<std::mutex>();
  return [fd, mutex](std::string_view what, size_t done, size_t all) {
    const std::string line = ProgressLine(what, done, all);
    const std::lock_guard lock(*mutex);
    (void)!::write(fd, line.data(), line.size());  // under PIPE_BUF: whole or not at all
  };
}

}  // namespace forewarn
