// Wall time for what leaves the process: stamps of history rows, notes, tokens. Plant time is never made from
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace forewarn {

using WallClock = std::function<int64_t()>;  // microseconds since 1970, UTC
WallClock SystemWallClock();

std::string IsoUtc(int64_t us);  // "2026-01-05T08:00:00.125Z"; milliseconds only where there are any
// RFC 3339: "2026-01-05T08:00:00Z", "…+01:00", with or without fraction. Nothing for a text that is none.
std::optional<int64_t> ParseIsoUtc(std::string_view text);

}  // namespace forewarn
