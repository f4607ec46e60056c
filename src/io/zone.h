// Time zones by IANA name, read from the system's tzdata through Howard Hinnant's date library (the reference
// of C++20's std::chrono zones, which GCC 12 lacks). Turns instants (UTC) into plant-local time and judges
// local times: a clock that goes back shows an hour twice, one that goes forward skips one. A small value;
// copies and const access are safe from any thread.
#pragma once

#include <string>

#include "core/plant_time.h"
#include "core/status.h"

namespace date {
class time_zone;
}

namespace forewarn {

// A stretch of instants [begin, end) with one offset; local = instant + offset.
struct ZoneSpan {
  PlantTime begin = 0;
  PlantTime end = 0;
  PlantTime offset = 0;
  PlantTime offset_before = 0;  // of the span before and after; equal to offset where there is none
  PlantTime offset_after = 0;

  // Local times that belong to this span and to no other: [UniqueBegin, UniqueEnd).
  PlantTime UniqueBegin() const { return begin + (offset > offset_before ? offset : offset_before); }
  PlantTime UniqueEnd() const { return end + (offset < offset_after ? offset : offset_after); }
};

enum class LocalKind { kUnique, kTwice, kNever };

struct LocalTime {
  LocalKind kind = LocalKind::kUnique;
  ZoneSpan span;  // for kUnique the span it lies in, else the span before the change
};

class Zone {
 public:
  // "Europe/Warsaw", "UTC"; an unknown name is an error with the nearest known one.
  static Result<Zone> Find(const std::string& name);

  ZoneSpan SpanOf(PlantTime utc) const;
  LocalTime Judge(PlantTime local) const;
  PlantTime ToLocal(PlantTime utc) const { return utc + SpanOf(utc).offset; }

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;  // owned by the library's tzdb, never freed; null = UTC
};

}  // namespace forewarn
