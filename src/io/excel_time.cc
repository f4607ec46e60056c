#include "io/excel_time.h"

#include <cmath>

namespace forewarn {
namespace {

constexpr double kMillisecondsADay = 86'400'000.0;
constexpr double kLastSerial = 2'958'466.0;  // 9999-12-31 24:00 in the 1900 system

int64_t EpochDays(bool date_1904) {
  return date_1904 ? DaysFromCivil(1904, 1, 1) : DaysFromCivil(1899, 12, 30);
}

}  // namespace

std::optional<PlantTime> ExcelSerialToTime(double serial, bool date_1904) {
  if (!std::isfinite(serial) || serial < 0 || serial >= kLastSerial) return std::nullopt;
  const int64_t milliseconds = std::llround(serial * kMillisecondsADay);
  PlantTime time = EpochDays(date_1904) * kDay + milliseconds * kMillisecond;
  if (!date_1904 && serial < 61) {
    if (serial >= 60) return std::nullopt;
    time += kDay;
  }
  return time;
}

double TimeToExcelSerial(PlantTime time, bool date_1904) {
  const double days = static_cast<double>(time - EpochDays(date_1904) * kDay) / static_cast<double>(kDay);
  return !date_1904 && days < 61 ? days - 1 : days;
}

bool IsBuiltInDateFormat(unsigned id) {
  return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

bool IsDateFormat(std::string_view code) {
  for (size_t i = 0; i < code.size(); ++i) {
    switch (code[i]) {
      case '"':
        i = code.find('"', i + 1);
        if (i == std::string_view::npos) return false;
        break;
      case '\\':
      case '_':
      case '*':
        ++i;
        break;
      case '[': {  // a colour, a condition, a locale, or an elapsed time: [h], [mm], [ss]
        const size_t end = code.find(']', i);
        if (end == std::string_view::npos) return false;
        if (code.substr(i + 1, end - i - 1).find_first_not_of("hHmMsS") == std::string_view::npos &&
            end > i + 1) {
          return true;
        }
        i = end;
        break;
      }
      case 'y':
      case 'Y':
      case 'm':
      case 'M':
      case 'd':
      case 'D':
      case 'h':
      case 'H':
      case 's':
      case 'S':
        return true;
      case 'G':
      case 'g':  // "General"
        if (code.substr(i).starts_with("General") || code.substr(i).starts_with("GENERAL")) i += 6;
        break;
      default:
        break;
    }
  }
  return false;
}

}  // namespace forewarn
