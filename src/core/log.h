// Logging to stderr through spdlog's default logger, one line an event: text for people, JSON for machines
// (SetLogFormat). Modules log rarely: failures travel as Status; what is logged is what a service did and
// when. No secret gets into a log: what HideInLogs was told is replaced by "***" in every line, whoever wrote
// it, a library or a child process included. Thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "core/status.h"

namespace forewarn {

// level: trace, debug, info, warn, error, off.
Status SetLogLevel(const std::string& level);
// format: text, json.
Status SetLogFormat(const std::string& format);
// Texts of fewer than 6 bytes are not taken: they would blot out words.
void HideInLogs(std::string_view secret);

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// A value beside the message: `port=7501` in text, `"port":7501` in JSON.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, double> value;
};

// component: who speaks ("gateway", "training"). Plain spdlog calls are formatted alike, without one.
void Log(LogLevel level, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields = {});

bool IsLogged(LogLevel level);  // whether such a line is written at all

// One line as it is written, with its end; utc_us is wall time.
struct LogLine {
  int64_t utc_us = 0;
  std::string_view level;
  std::string_view component;
  std::string_view message;
  std::initializer_list<LogField> fields;
};
std::string FormatLogText(const LogLine& line);
std::string FormatLogJson(const LogLine& line);

}  // namespace forewarn
