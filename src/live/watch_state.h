// The monitor's own state as text, kept by the warning log between runs (WatchRecord::state): the run that is
// on, warnings whose outcome is open, the plant's alarm, the smoothed blend. Parsing trusts nothing. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "live/warning_rule.h"

namespace forewarn {

struct WatchState {
  WarningRule::State warnings;
  std::optional<LiveAlarm> alarm;
  PlantTime alarm_last_end = kNoTime;
  std::optional<double> blend_smoothed;
};

std::string WatchStateText(const WatchState& state);
Result<WatchState> ParseWatchState(std::string_view text);

}  // namespace forewarn
