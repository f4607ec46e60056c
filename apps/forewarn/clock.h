// The system's clock, for the application alone: library steps are given times.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "core/plant_time.h"

namespace forewarn {

inline int64_t NowUtcMicroseconds() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// The name of an ETL run begun now, in UTC: "20150120T080000.123456Z".
inline std::string UtcRunId() {
  std::string id = FormatIsoUtc(NowUtcMicroseconds());
  std::erase_if(id, [](char c) { return c == '-' || c == ':'; });
  return id;
}

// Of a steady clock, for durations.
inline double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace forewarn
