#include "api/wall_time.h"

#include <fmt/format.h>

#include <chrono>

#include "core/plant_time.h"

namespace forewarn {

WallClock SystemWallClock() {
  return [] {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
}

std::string IsoUtc(int64_t us) {
  std::string out = FormatIsoUtc(BinStart(us, kSecond));
  const int64_t milliseconds = (us - BinStart(us, kSecond)) / kMillisecond;
  if (milliseconds != 0) out.insert(out.size() - 1, fmt::format(".{:03}", milliseconds));
  return out;
}

std::optional<int64_t> ParseIsoUtc(std::string_view text) {
  constexpr size_t kShortest = sizeof("2026-01-05T08:00:00Z") - 1;
  if (text.size() < kShortest) return std::nullopt;
  const bool zulu = text.back() == 'Z' || text.back() == 'z';
  const char sign = text[text.size() - (sizeof("+01:00") - 1)];
  if (!zulu && sign != '+' && sign != '-') return std::nullopt;
  PlantTime offset = 0;
  const Result<PlantTime> local = ParsePlantTime(text, &offset);
  if (!local.ok()) return std::nullopt;
  return *local - offset;
}

}  // namespace forewarn
