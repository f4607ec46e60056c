// Plant time: microseconds since 1970-01-01 00:00:00 on the plant's own wall clock. Tables, rules,
// hour_of_day and the simulator are in plant time; nothing converts it to the machine's clock (design
// decision 9). Pure functions.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "core/status.h"

namespace forewarn {

using PlantTime = int64_t;

inline constexpr PlantTime kMillisecond = 1000;
inline constexpr PlantTime kSecond = 1000 * kMillisecond;
inline constexpr PlantTime kMinute = 60 * kSecond;
inline constexpr PlantTime kHour = 60 * kMinute;
inline constexpr PlantTime kDay = 24 * kHour;
// A row that has no time (a synthetic one).
inline constexpr PlantTime kNoTime = std::numeric_limits<PlantTime>::min();

struct CivilTime {
  int year = 1970;
  int month = 1;  // 1-12
  int day = 1;    // 1-31
  int hour = 0;
  int minute = 0;
  int second = 0;
  int microsecond = 0;
};

// Proleptic Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
int64_t DaysFromCivil(int year, int month, int day);
CivilTime ToCivil(PlantTime time);
// Fails on a field out of range (month 13, 30 February, 24:00).
Result<PlantTime> FromCivil(const CivilTime& civil);

int HourOfDay(PlantTime time);  // 0-23
int DayOfWeek(PlantTime time);  // Monday 0
// Start of the interval-wide bin that holds time; bins are aligned to midnight 1970-01-01 and closed on the
// left.
PlantTime BinStart(PlantTime time, PlantTime interval);

// "YYYY-MM-DD HH:MM[:SS[.ffffff]]" with 'T' or a space, or a date alone. A zone suffix ("Z", "+02:00") is
// accepted only where offset is given, and is then stored there in microseconds (0 without suffix).
Result<PlantTime> ParsePlantTime(std::string_view text, PlantTime* offset = nullptr);
// "YYYY-MM-DD HH:MM:SS", with ".ffffff" only where there is a fraction.
std::string FormatPlantTime(PlantTime time);
// "YYYY-MM-DDTHH:MM:SSZ" of a UTC time.
std::string FormatIsoUtc(PlantTime utc);

// "1h", "3min", "30s", "1d", "500ms" to microseconds, > 0.
Result<PlantTime> ParseDuration(std::string_view text);
std::string FormatDuration(PlantTime duration);

}  // namespace forewarn
