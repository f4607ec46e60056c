#include "context.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cassert>
#include <cstdio>
#include <memory>
#include <mutex>

#include "ops/progress_line.h"
#include "plant/plant_file.h"

namespace forewarn {
namespace {

// Draws "what  [=====     ] 42 %" on a terminal; elsewhere one line at the start of each stage.
class ProgressPrinter {
 public:
  explicit ProgressPrinter(bool terminal) : terminal_(terminal) {}

  void Show(std::string_view what, size_t done, size_t all) {
    const std::lock_guard lock(mutex_);
    if (!terminal_) {
      if (what != stage_) std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
      stage_ = what;
      return;
    }
    constexpr size_t kWidth = 30;
    const size_t filled = all > 0 ? std::min(kWidth, kWidth * done / all) : 0;
    std::string line = fmt::format("\r{:<40.40} [{:<30}]", what, std::string(filled, '='));
    if (all > 0) line += fmt::format(" {:3} %", 100 * std::min(done, all) / all);
    if (all > 0 && done >= all) line += "\n";
    std::fputs(line.c_str(), stderr);
    stage_ = what;
  }

 private:
  const bool terminal_;
  std::mutex mutex_;
  std::string stage_;
};

}  // namespace

const Setting& Context::Get(const std::string& key) const {
  return const_cast<Context*>(this)->MutableSetting(key);
}

Setting& Context::MutableSetting(const std::string& key) {
  for (Setting& setting : settings) {
    if (setting.name == key) return setting;
  }
  assert(false && "unknown setting");
  std::abort();
}

Result<Plant> Context::LoadPlant() const { return FindPlant(plant_name); }

Progress Context::MakeProgress() const {
  if (progress_fd >= 0) return ProgressToDescriptor(progress_fd);
  if (json) return {};
  const auto printer = std::make_shared<ProgressPrinter>(::isatty(STDERR_FILENO) == 1);
  return [printer](std::string_view what, size_t done, size_t all) { printer->Show(what, done, all); };
}

void Context::Say(const std::string& line) const { std::fprintf(stderr, "%s\n", line.c_str()); }

void Context::Print(const std::string& text) const {
  if (!json) std::fputs(text.c_str(), stdout);
}

void Context::PrintJson(const nlohmann::ordered_json& value) const {
  const std::string text = value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::fprintf(stdout, "%s\n", text.c_str());
}

}  // namespace forewarn
