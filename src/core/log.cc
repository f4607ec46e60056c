#include "core/log.h"

#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <shared_mutex>
#include <vector>

#include "core/names.h"
#include "core/plant_time.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShortestSecret = 6;

std::atomic<bool> g_json{false};

// The texts that may not be seen, longest first, so that none is left in halves.
class HiddenTexts {
 public:
  void Add(std::string_view text) {
    const std::unique_lock lock(mutex_);
    if (std::find(texts_.begin(), texts_.end(), text) != texts_.end()) return;
    texts_.emplace_back(text);
    std::sort(texts_.begin(), texts_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  }

  std::string Hide(std::string_view from) const {
    std::string out(from);
    const std::shared_lock lock(mutex_);
    for (const std::string& text : texts_) {
      for (size_t at = out.find(text); at != std::string::npos; at = out.find(text, at + 3)) {
        out.replace(at, text.size(), "***");
      }
    }
    return out;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::vector<std::string> texts_;
};

HiddenTexts& Hidden() {
  static HiddenTexts texts;
  return texts;
}

// Fields and component of the line this thread is writing: spdlog formats on the caller's thread and carries
// a text only.
struct Extras {
  std::string_view component;
  std::initializer_list<LogField> fields;
};
thread_local Extras t_extras;

// A line stays a line: control characters are shown, not sent to the terminal.
void AppendPlain(std::string_view text, std::string* out) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= ' ' && c != 127) {
      *out += c;
    } else if (c == '\n') {
      *out += "\\n";
    } else {
      *out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
}

void AppendValue(std::string_view text, std::string* out) {
  const bool plain = !text.empty() && text.find_first_of(" \"=\t\r\n") == std::string_view::npos;
  if (!plain) *out += '"';
  for (const char c : text) {
    if (c == '"') *out += '\\';
    AppendPlain({&c, 1}, out);
  }
  if (!plain) *out += '"';
}

std::string UtcText(int64_t utc_us) {  // 2015-01-20T08:00:00.123Z
  std::string out = FormatIsoUtc(utc_us - utc_us % kSecond);
  out.pop_back();
  return out + fmt::format(".{:03}Z", utc_us % kSecond / kMillisecond);
}

class LineFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    LogLine line;
    line.utc_us =
        std::chrono::duration_cast<std::chrono::microseconds>(message.time.time_since_epoch()).count();
    const auto level = spdlog::level::to_string_view(message.level);
    line.level = {level.data(), level.size()};
    line.component = t_extras.component;
    line.fields = t_extras.fields;
    const std::string shown = Hidden().Hide({message.payload.data(), message.payload.size()});
    line.message = shown;
    const std::string text = g_json ? FormatLogJson(line) : FormatLogText(line);
    if (const size_t at = text.find(line.level); !g_json && at != std::string::npos) {
      message.color_range_start = out.size() + at;
      message.color_range_end = out.size() + at + line.level.size();
    }
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<LineFormatter>(); }
};

void PrepareLogger() {
  static std::once_flag once;
  std::call_once(once, [] {
    spdlog::set_default_logger(spdlog::stderr_color_mt("forewarn"));
    spdlog::set_formatter(std::make_unique<LineFormatter>());
  });
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

std::string FormatLogText(const LogLine& line) {
  std::string out = fmt::format("{} {} ", UtcText(line.utc_us), line.level);
  if (!line.component.empty()) out += fmt::format("{}: ", line.component);
  AppendPlain(line.message, &out);
  for (const LogField& field : line.fields) {
    out += fmt::format(" {}=", field.key);
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      AppendValue(Hidden().Hide(*text), &out);
    } else if (const auto* whole = std::get_if<int64_t>(&field.value)) {
      out += fmt::format("{}", *whole);
    } else {
      out += fmt::format("{:g}", std::get<double>(field.value));
    }
  }
  return out + "\n";
}

std::string FormatLogJson(const LogLine& line) {
  Json json = {{"time", UtcText(line.utc_us)}, {"level", line.level}};
  if (!line.component.empty()) json["component"] = line.component;
  json["message"] = line.message;
  for (const LogField& field : line.fields) {
    Json& value = json[std::string(field.key)];
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      value = Hidden().Hide(*text);
    } else if (const auto* whole = std::get_if<int64_t>(&field.value)) {
      value = *whole;
    } else {
      value = std::get<double>(field.value);
    }
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status SetLogLevel(const std::string& level) {
  const std::vector<std::string> known = {"trace", "debug", "info", "warn", "error", "off"};
  if (std::find(known.begin(), known.end(), level) == known.end()) {
    return Status::Usage(UnknownName("log level", level, known));
  }
  PrepareLogger();
  spdlog::set_level(spdlog::level::from_str(level == "warn" ? "warning" : level));
  return Status::Ok();
}

Status SetLogFormat(const std::string& format) {
  if (format != "text" && format != "json") {
    return Status::Usage(UnknownName("log format", format, {"text", "json"}));
  }
  PrepareLogger();
  g_json = format == "json";
  return Status::Ok();
}

void HideInLogs(std::string_view secret) {
  if (secret.size() >= kShortestSecret) Hidden().Add(secret);
}

bool IsLogged(LogLevel level) { return spdlog::default_logger_raw()->should_log(SpdlogLevel(level)); }

void Log(LogLevel level, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields) {
  PrepareLogger();
  t_extras = {component, fields};
  spdlog::default_logger_raw()->log(SpdlogLevel(level),
                                    spdlog::string_view_t(message.data(), message.size()));
  t_extras = {};
}

}  // namespace forewarn
