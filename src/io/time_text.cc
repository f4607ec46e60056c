#include "io/time_text.h"

#include <fmt/format.h>

#include <cstring>

#include "core/names.h"

namespace forewarn {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
int Two(const char* p) { return (p[0] - '0') * 10 + (p[1] - '0'); }
bool TwoDigits(const char* p) { return IsDigit(p[0]) && IsDigit(p[1]); }

bool SameSixteen(const char* a, const char* b) {
  uint64_t a0, a8, b0, b8;
  std::memcpy(&a0, a, 8);
  std::memcpy(&a8, a + 8, 8);
  std::memcpy(&b0, b, 8);
  std::memcpy(&b8, b + 8, 8);
  return ((a0 ^ b0) | (a8 ^ b8)) == 0;
}

bool TakeNumber(std::string_view& text, size_t min, size_t max, int& value) {
  size_t n = 0;
  value = 0;
  while (n < max && n < text.size() && IsDigit(text[n])) value = value * 10 + (text[n++] - '0');
  text.remove_prefix(n);
  return n >= min;
}

// ".5", ",123456" to microseconds; further digits are cut.
bool TakeFraction(std::string_view& text, int& micro) {
  micro = 0;
  if (text.empty() || (text.front() != '.' && text.front() != ',')) return true;
  text.remove_prefix(1);
  int digits = 0;
  for (; !text.empty() && IsDigit(text.front()); text.remove_prefix(1), ++digits) {
    if (digits < 6) micro = micro * 10 + (text.front() - '0');
  }
  for (int i = digits; i < 6; ++i) micro *= 10;
  return digits > 0;
}

}  // namespace

Result<TimeParser> TimeParser::Make(const std::string& zone, const std::string& format) {
  FW_ASSIGN_OR_RETURN(const Zone found, Zone::Find(zone));
  TimeParser parser(found);
  std::string_view rest = format;
  std::string before;
  bool after_hour = false;
  const auto take = [&](std::string_view word, Field field) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    parser.pieces_.push_back({field, std::exchange(before, {})});
    return true;
  };
  while (!rest.empty()) {
    if (take("DD", Field::kDayField) || take("MMM", Field::kMonthNameField) ||
        take("YYYY", Field::kYearField) || take("YY", Field::kYear2Field) ||
        take("mm", Field::kMinuteField) || take("SS", Field::kSecondField) || take("AM", Field::kAmField) ||
        take("MM", after_hour ? Field::kMinuteField : Field::kMonthField)) {
      continue;
    }
    if (take("HH", Field::kHourField)) {
      after_hour = true;
      continue;
    }
    if ((rest.front() >= 'A' && rest.front() <= 'Z') || (rest.front() >= 'a' && rest.front() <= 'z')) {
      return Status::Invalid(fmt::format(
          "the date format '{}' has '{}' that is no field; fields are DD MM MMM YYYY YY HH MM SS AM", format,
          rest.substr(0, 4)));
    }
    before += rest.front();
    rest.remove_prefix(1);
  }
  const auto has = [&](Field field) {
    for (const Piece& piece : parser.pieces_) {
      if (piece.field == field) return true;
    }
    return false;
  };
  if (!format.empty() &&
      (!has(Field::kDayField) || (!has(Field::kMonthField) && !has(Field::kMonthNameField)) ||
       (!has(Field::kYearField) && !has(Field::kYear2Field)))) {
    return Status::Invalid(fmt::format(
        "the date format '{}' lacks a day, month or year; write for example DD.MM.YYYY HH:MM:SS", format));
  }
  return parser;
}

// "YYYY-MM-DD HH:MM" of the last cell read is kept: the next one mostly differs in its seconds only.
bool TimeParser::TakeMinute(const char* p) {
  if (SameSixteen(p, last_minute_text_.data())) return true;
  if ((p[10] != ' ' && p[10] != 'T') || p[13] != ':' || !TwoDigits(p + 11) || !TwoDigits(p + 14))
    return false;
  const int hour = Two(p + 11), minute = Two(p + 14);
  const auto midnight = ParsePlantTime(std::string_view(p, 10));
  if (!midnight.ok() || hour > 23 || minute > 59) return false;
  std::memcpy(last_minute_text_.data(), p, 16);
  last_minute_ = *midnight + hour * kHour + minute * kMinute;
  return true;
}

bool TimeParser::ParseIso(std::string_view cell, PlantTime& time, PlantTime& offset, bool& has_offset) {
  const char* p = cell.data();
  has_offset = false;
  if (cell.size() < 8 || p[4] != '-') return false;
  if (cell.size() >= 19 && p[16] == ':' && TwoDigits(p + 17) && TakeMinute(p)) {
    const int second = Two(p + 17);
    int micro = 0;
    std::string_view rest = cell.substr(19);
    bool fraction = true;
    if (rest.size() == 4 && rest[0] == '.' && IsDigit(rest[1]) && TwoDigits(p + 21)) {  // milliseconds
      micro = (rest[1] - '0') * 100000 + Two(p + 21) * 1000;
      rest = {};
    } else {
      fraction = TakeFraction(rest, micro);
    }
    if (second < 60 && fraction && rest.empty()) {
      time = last_minute_ + second * kSecond + micro;
      return true;
    }
  }
  const auto whole = ParsePlantTime(cell, &offset);  // offsets, missing seconds, a date alone, odd forms
  if (!whole.ok()) return false;
  has_offset = cell.size() > 9 && cell.find_first_of("Zz+-", 9) != std::string_view::npos;
  time = *whole;
  return true;
}

bool TimeParser::ParseFormat(std::string_view cell, PlantTime& time) const {
  CivilTime c;
  int half = -1;  // 0 AM, 1 PM
  bool have_date[3] = {false, false, false};
  for (const Piece& piece : pieces_) {
    // The clock may be missing from the hour or the seconds on.
    const bool optional = piece.field == Field::kHourField || piece.field == Field::kSecondField;
    if (cell.empty() && optional) break;
    if (!cell.starts_with(piece.before)) {
      if (piece.field == Field::kSecondField) continue;
      return false;
    }
    cell.remove_prefix(piece.before.size());
    bool ok = true;
    switch (piece.field) {
      case Field::kDayField:
        ok = have_date[0] = TakeNumber(cell, 1, 2, c.day);
        break;
      case Field::kMonthField:
        ok = have_date[1] = TakeNumber(cell, 1, 2, c.month);
        break;
      case Field::kMonthNameField: {
        const std::string name = ToLower(cell.substr(0, 3));
        for (size_t m = 0; m < kMonths.size(); ++m) {
          if (kMonths[m] == name) {
            c.month = static_cast<int>(m) + 1;
            have_date[1] = true;
          }
        }
        ok = have_date[1];
        cell.remove_prefix(std::min<size_t>(3, cell.size()));
        break;
      }
      case Field::kYearField:
        ok = have_date[2] = TakeNumber(cell, 4, 4, c.year);
        break;
      case Field::kYear2Field:
        ok = have_date[2] = TakeNumber(cell, 2, 2, c.year);
        c.year += c.year < 70 ? 2000 : 1900;
        break;
      case Field::kHourField:
        ok = TakeNumber(cell, 1, 2, c.hour);
        break;
      case Field::kMinuteField:
        ok = TakeNumber(cell, 2, 2, c.minute);
        break;
      case Field::kSecondField:
        ok = TakeNumber(cell, 2, 2, c.second) && TakeFraction(cell, c.microsecond);
        break;
      case Field::kAmField: {
        const std::string word = ToLower(cell.substr(0, 2));
        half = word == "am" ? 0 : word == "pm" ? 1 : -1;
        ok = half >= 0;
        cell.remove_prefix(std::min<size_t>(2, cell.size()));
        break;
      }
    }
    if (!ok) return false;
  }
  if (!cell.empty() || !have_date[0] || !have_date[1] || !have_date[2]) return false;
  if (half >= 0) {
    if (c.hour < 1 || c.hour > 12) return false;
    c.hour = c.hour % 12 + 12 * half;
  }
  auto whole = FromCivil(c);
  if (!whole.ok()) return false;
  time = *whole;
  return true;
}

PlantTime TimeParser::FromUtc(PlantTime utc) {
  if (utc < utc_span_.begin || utc >= utc_span_.end) utc_span_ = zone_.SpanOf(utc);
  const PlantTime local = utc + utc_span_.offset;
  return local < utc_span_.begin + utc_span_.offset_before ? local + kSecondPass : local;
}

TextTime TimeParser::FromLocal(PlantTime local) {
  TextTime out{local, TimeIssue::kNone, false};
  if (local >= unique_begin_ && local < unique_end_) return out;
  const LocalTime judged = zone_.Judge(local);
  if (judged.kind == LocalKind::kUnique) {
    unique_begin_ = judged.span.UniqueBegin();
    unique_end_ = judged.span.UniqueEnd();
  } else if (judged.kind == LocalKind::kTwice) {
    out.twice = true;
  } else {
    out = {kNoTime, TimeIssue::kNever, false};
  }
  return out;
}

TextTime TimeParser::Parse(std::string_view cell) {
  if (!cell.empty() && (cell.front() <= ' ' || cell.back() <= ' ')) cell = Trim(cell);
  PlantTime time = 0;
  PlantTime offset = 0;
  bool has_offset = false;
  if (ParseIso(cell, time, offset, has_offset)) {
    if (!has_offset) return FromLocal(time);
    const PlantTime local = FromUtc(time - offset);
    if (local < kFirstTime || local >= kLastTime) return {};
    return {local, TimeIssue::kNone, false};
  }
  if (!pieces_.empty() && ParseFormat(cell, time)) return FromLocal(time);
  return {};
}

}  // namespace forewarn
