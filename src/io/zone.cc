#include "io/zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "core/names.h"

namespace forewarn {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::seconds;

// Far ends of the calendar: sums with an offset must not overflow.
constexpr PlantTime kFar = PlantTime{1} << 61;

PlantTime Micro(seconds value) {
  const int64_t limit = kFar / kSecond;
  return std::clamp<int64_t>(value.count(), -limit, limit) * kSecond;
}

seconds WholeSeconds(PlantTime time) { return seconds(time / kSecond - (time % kSecond < 0 ? 1 : 0)); }

ZoneSpan SpanFrom(const date::time_zone& zone, const date::sys_info& info) {
  ZoneSpan span;
  span.begin = Micro(info.begin.time_since_epoch());
  span.end = Micro(info.end.time_since_epoch());
  span.offset = span.offset_before = span.offset_after = Micro(info.offset);
  if (span.begin > -kFar / 2) {
    span.offset_before = Micro(zone.get_info(info.begin - seconds(1)).offset);
  }
  if (span.end < kFar / 2) span.offset_after = Micro(zone.get_info(info.end).offset);
  return span;
}

ZoneSpan UtcSpan() {
  ZoneSpan span;
  span.begin = -kFar;
  span.end = kFar;
  return span;
}

}  // namespace

// UTC never changes; reading the system's database for it costs 2 ms and needs tzdata.
Result<Zone> Zone::Find(const std::string& name) {
  if (name == "UTC") return Zone(nullptr);
  try {
    const auto& zones = date::get_tzdb().zones;
    // The database is searched here: Debian's library lacks the locate_zone its header declares.
    for (const date::time_zone& zone : zones) {
      if (zone.name() != name) continue;
      zone.get_info(date::sys_seconds(seconds(0)));  // the zone's own file is read here
      return Zone(&zone);
    }
    std::vector<std::string> known;
    for (const date::time_zone& zone : zones) known.push_back(zone.name());
    const std::string near = NearestName(name, known);
    return Status::NotFound(
        fmt::format("unknown time zone '{}'{}; zones are IANA names such as UTC or Europe/Warsaw", name,
                    near.empty() ? std::string() : fmt::format(" (did you mean '{}'?)", near)));
  } catch (const std::exception& e) {
    return Status::Io(fmt::format("time zone '{}' cannot be read: {}; install tzdata", name, e.what()));
  }
}

ZoneSpan Zone::SpanOf(PlantTime utc) const {
  if (zone_ == nullptr) return UtcSpan();
  return SpanFrom(*zone_, zone_->get_info(date::sys_seconds(WholeSeconds(utc))));
}

LocalTime Zone::Judge(PlantTime local) const {
  if (zone_ == nullptr) return {LocalKind::kUnique, UtcSpan()};
  const date::local_info info = zone_->get_info(date::local_seconds(WholeSeconds(local)));
  LocalTime out;
  out.span = SpanFrom(*zone_, info.first);
  if (info.result == date::local_info::ambiguous) out.kind = LocalKind::kTwice;
  if (info.result == date::local_info::nonexistent) out.kind = LocalKind::kNever;
  return out;
}

}  // namespace forewarn
