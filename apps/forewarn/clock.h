// The system's clock, for the application alone: library steps are given times.
#pragma once

#include <chrono>
#include <cstdint>

namespace forewarn {

inline int64_t NowUtcMicroseconds() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Of a steady clock, for durations.
inline double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace forewarn
