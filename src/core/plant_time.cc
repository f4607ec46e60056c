#include "core/plant_time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace forewarn {
namespace {

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - ((a % b != 0 && (a % b < 0) != (b < 0)) ? 1 : 0); }

bool IsLeap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int year, int month) {
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

// Reads digits from the front of text: between min and max of them. False if there are fewer.
bool TakeDigits(std::string_view& text, int min, int max, int& out) {
  int n = 0;
  int value = 0;
  while (n < max && n < static_cast<int>(text.size()) && text[n] >= '0' && text[n] <= '9') {
    value = value * 10 + (text[n] - '0');
    ++n;
  }
  if (n < min) return false;
  text.remove_prefix(n);
  out = value;
  return true;
}

bool TakeChar(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

int64_t DaysFromCivil(int year, int month, int day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = FloorDiv(y, 400);
  const int64_t yoe = y - era * 400;
  const int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

CivilTime ToCivil(PlantTime time) {
  const int64_t days = FloorDiv(time, kDay);
  int64_t rest = time - days * kDay;
  const int64_t z = days + 719468;
  const int64_t era = FloorDiv(z, 146097);
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  CivilTime c;
  c.day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  c.month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  c.year = static_cast<int>(yoe + era * 400 + (c.month <= 2 ? 1 : 0));
  c.hour = static_cast<int>(rest / kHour);
  rest %= kHour;
  c.minute = static_cast<int>(rest / kMinute);
  rest %= kMinute;
  c.second = static_cast<int>(rest / kSecond);
  c.microsecond = static_cast<int>(rest % kSecond);
  return c;
}

Result<PlantTime> FromCivil(const CivilTime& c) {
  if (c.year < 1 || c.year > 9999 || c.month < 1 || c.month > 12 || c.day < 1 ||
      c.day > DaysInMonth(c.year, c.month) || c.hour < 0 || c.hour > 23 || c.minute < 0 || c.minute > 59 ||
      c.second < 0 || c.second > 59 || c.microsecond < 0 || c.microsecond > 999999) {
    return Status::Invalid(fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} is not a date and time", c.year,
                                       c.month, c.day, c.hour, c.minute, c.second));
  }
  return DaysFromCivil(c.year, c.month, c.day) * kDay + c.hour * kHour + c.minute * kMinute +
         c.second * kSecond + c.microsecond;
}

int HourOfDay(PlantTime time) { return static_cast<int>((time - FloorDiv(time, kDay) * kDay) / kHour); }

int DayOfWeek(PlantTime time) {
  const int64_t days = FloorDiv(time, kDay) + 3;  // 1970-01-01 was a Thursday
  return static_cast<int>(days - FloorDiv(days, 7) * 7);
}

PlantTime BinStart(PlantTime time, PlantTime interval) { return FloorDiv(time, interval) * interval; }

Result<PlantTime> ParsePlantTime(std::string_view text, PlantTime* offset) {
  const std::string_view whole = text;
  const auto bad = [&] {
    return Status::Invalid(fmt::format("'{}' is not a time; expected YYYY-MM-DD HH:MM:SS",
                                       whole.substr(0, std::min<size_t>(whole.size(), 40))));
  };
  CivilTime c;
  if (offset != nullptr) *offset = 0;
  if (!TakeDigits(text, 4, 4, c.year) || !TakeChar(text, '-') || !TakeDigits(text, 1, 2, c.month) ||
      !TakeChar(text, '-') || !TakeDigits(text, 1, 2, c.day)) {
    return bad();
  }
  if (!text.empty()) {
    if (!TakeChar(text, 'T') && !TakeChar(text, ' ')) return bad();
    if (!TakeDigits(text, 1, 2, c.hour) || !TakeChar(text, ':') || !TakeDigits(text, 2, 2, c.minute))
      return bad();
    if (TakeChar(text, ':')) {
      if (!TakeDigits(text, 2, 2, c.second)) return bad();
      if (TakeChar(text, '.') || TakeChar(text, ',')) {
        int digits = 0;
        int micro = 0;
        while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
          if (digits < 6) micro = micro * 10 + (text.front() - '0');
          ++digits;
          text.remove_prefix(1);
        }
        if (digits == 0) return bad();
        for (; digits < 6; ++digits) micro *= 10;
        c.microsecond = micro;
      }
    }
  }
  if (!text.empty()) {
    if (offset == nullptr) return bad();
    if (text == "Z" || text == "z") {
      text = {};
    } else {
      const bool minus = text.front() == '-';
      if (!minus && text.front() != '+') return bad();
      text.remove_prefix(1);
      int h = 0;
      int m = 0;
      if (!TakeDigits(text, 2, 2, h)) return bad();
      TakeChar(text, ':');
      if (!text.empty() && !TakeDigits(text, 2, 2, m)) return bad();
      if (!text.empty() || h > 23 || m > 59) return bad();  // as RFC 3339 has it
      *offset = (minus ? -1 : 1) * (h * kHour + m * kMinute);
    }
  }
  return FromCivil(c);
}

std::string FormatPlantTime(PlantTime time) {
  const CivilTime c = ToCivil(time);
  std::string out =
      fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
  if (c.microsecond != 0) out += fmt::format(".{:06}", c.microsecond);
  return out;
}

std::string FormatIsoUtc(PlantTime utc) {
  std::string out = FormatPlantTime(utc);
  out[10] = 'T';
  return out + 'Z';
}

Result<PlantTime> ParseDuration(std::string_view text) {
  int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  const std::string_view unit(end, text.data() + text.size() - end);
  const PlantTime scale = unit == "d"                    ? kDay
                          : unit == "h"                  ? kHour
                          : unit == "min" || unit == "m" ? kMinute
                          : unit == "s"                  ? kSecond
                          : unit == "ms"                 ? kMillisecond
                                                         : 0;
  if (error != std::errc() || scale == 0 || n <= 0 || n > 1'000'000'000) {
    return Status::Invalid(
        fmt::format("'{}' is not a duration; write for example 30s, 3min, 1h or 1d", text));
  }
  return n * scale;
}

std::string FormatDuration(PlantTime d) {
  if (d % kDay == 0) return fmt::format("{}d", d / kDay);
  if (d % kHour == 0) return fmt::format("{}h", d / kHour);
  if (d % kMinute == 0) return fmt::format("{}min", d / kMinute);
  if (d % kSecond == 0) return fmt::format("{}s", d / kSecond);
  return fmt::format("{}ms", d / kMillisecond);
}

}  // namespace forewarn
