// Times in text cells to plant-local time. ISO dates always; beside them the plant's own date format. A cell
// with an offset ("Z", "+02:00") is an instant and is brought to the plant's zone; one without is plant-local
// already. Keeps the last minute and the last zone span, so a sorted column costs a few nanoseconds a cell;
// an object belongs to one thread.
//
// Clock changes. Both hours of an autumn change show the same local times. An instant in the second of them
// is moved on by one microsecond, so that it is never taken for a duplicate of the first hour's. For local
// times without an offset the reader decides by order (ClockOrder): a reading that goes back in time within
// the doubled hour starts the second one. A local time skipped in spring does not exist and is refused.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"
#include "io/zone.h"

namespace forewarn {

inline constexpr PlantTime kSecondPass = 1;  // microseconds added in the second of two equal hours

// Years 1 to 9999: what can be written back.
inline constexpr PlantTime kFirstTime = -62135596800 * kSecond;
inline constexpr PlantTime kLastTime = 253402300800 * kSecond;  // excluded

enum class TimeIssue : unsigned char { kNone, kUnreadable, kNever };

struct TextTime {
  PlantTime time = kNoTime;
  TimeIssue issue = TimeIssue::kUnreadable;
  bool twice = false;  // local, without offset, in a doubled hour: ClockOrder decides
};

class TimeParser {
 public:
  // zone: IANA name. format: "" or a pattern of DD MM YYYY YY MMM HH MM SS AM and separators, for example
  // "DD.MM.YYYY HH:MM:SS"; MM after HH is minutes. Seconds and the time of day may be missing in a cell.
  static Result<TimeParser> Make(const std::string& zone, const std::string& format);

  TextTime Parse(std::string_view cell);
  // An instant in UTC to plant-local time (with the second pass's microsecond).
  PlantTime FromUtc(PlantTime utc);
  // A local time given as a number (a workbook's serial, a Parquet timestamp without zone).
  TextTime FromLocal(PlantTime local);

 private:
  enum class Field : unsigned char {
    kDayField,
    kMonthField,
    kMonthNameField,
    kYearField,
    kYear2Field,
    kHourField,
    kMinuteField,
    kSecondField,
    kAmField
  };
  struct Piece {
    Field field;
    std::string before;  // literal text in front of it
  };
  explicit TimeParser(Zone zone) : zone_(zone) {}
  bool TakeMinute(const char* p);
  bool ParseIso(std::string_view cell, PlantTime& time, PlantTime& offset, bool& has_offset);
  bool ParseFormat(std::string_view cell, PlantTime& time) const;

  Zone zone_;
  std::vector<Piece> pieces_;
  std::array<char, 16> last_minute_text_{};
  PlantTime last_minute_ = 0;
  ZoneSpan utc_span_;  // empty until used
  PlantTime unique_begin_ = 0, unique_end_ = 0;
};

// Decides, tag by tag and in file order, which of two equal hours a local time belongs to.
class ClockOrder {
 public:
  // time: a TextTime with `twice`. Returns it, moved on by kSecondPass in the second pass.
  PlantTime Resolve(PlantTime time) {
    if (time - start_ >= kDay || start_ - time >= kDay)
      second_ = false;  // another year's change
    else if (time < last_)
      second_ = true;
    start_ = last_ = time;
    return second_ ? time + kSecondPass : time;
  }

 private:
  PlantTime start_ = -kDay * 1000000;
  PlantTime last_ = 0;
  bool second_ = false;
};

}  // namespace forewarn
