// Excel serial dates: days and their fraction since 1899-12-30 (the 1900 system, which counts a 29 February
// 1900 that never was) or since 1904-01-01. Pure functions.
#pragma once

#include <optional>

#include "core/plant_time.h"

namespace forewarn {

// Rounded to the millisecond. Nothing for a serial that is no date: negative, not finite, after the year
// 9999, or the day 60 of the 1900 system.
std::optional<PlantTime> ExcelSerialToTime(double serial, bool date_1904);
double TimeToExcelSerial(PlantTime time, bool date_1904 = false);
// Whether a cell format ("yyyy-mm-dd", "[h]:mm") shows a number as a date or time (ECMA-376 part 1, 18.8.30
// and 18.8.31).
bool IsDateFormat(std::string_view code);
bool IsBuiltInDateFormat(unsigned id);

}  // namespace forewarn
