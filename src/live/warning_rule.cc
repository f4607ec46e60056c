#include "live/warning_rule.h"

#include <algorithm>

namespace forewarn {

void WarningRule::Fall(PlantTime at, Change* change) {
  if (open_) {
    warnings_.back().end = at;
    change->ended = warnings_.back();
  }
  on_ = open_ = false;
}

// An alarm has begun: the first warning that could have told it is true, the others were repeats of it.
void WarningRule::JudgeBegun(PlantTime alarm, Change* change) {
  bool claimed = false;
  for (LiveWarning& warning : warnings_) {
    if (warning.outcome != WarningOutcome::kPending || alarm - warning.told > options_.reach) continue;
    const bool first = !claimed && warning.told <= alarm;
    warning.outcome = first ? WarningOutcome::kTrue : WarningOutcome::kRepeated;
    warning.alarm = alarm;
    if (first) change->lead = warning.lead();
    claimed = claimed || first;
    change->judged.push_back(warning);
  }
}

// No alarm can begin before `next` any more.
void WarningRule::JudgeLate(PlantTime next, Change* change) {
  for (LiveWarning& warning : warnings_) {
    if (warning.outcome != WarningOutcome::kPending || next - warning.told <= options_.reach) continue;
    warning.outcome = WarningOutcome::kFalse;
    change->judged.push_back(warning);
  }
}

WarningRule::Change WarningRule::Step(const Hour& hour) {
  Change change;
  if (hour.alarm_began) JudgeBegun(hour.time, &change);
  if (on_ && hour.gap_before) Fall(hour.time, &change);
  const bool above = hour.index && *hour.index >= 1 && hour.status != InputStatus::kStale;
  const bool speaks = hour.index && hour.status == InputStatus::kOk;
  const bool raises = above && (speaks || above_before_);
  above_before_ = above;
  if (on_ && speaks && *hour.index < options_.release) Fall(hour.time, &change);
  if (!on_ && raises) {
    on_ = true;
    if (!hour.in_alarm) {
      open_ = change.raised = true;
      LiveWarning warning;
      warning.rise = hour.time;
      warning.told = hour.told;
      warnings_.push_back(std::move(warning));
    }
  }
  JudgeLate(hour.time + options_.interval, &change);
  std::erase_if(warnings_,
                [](const LiveWarning& w) { return !w.on() && w.outcome != WarningOutcome::kPending; });
  return change;
}

void WarningRule::Restore(State state) {
  on_ = state.on;
  above_before_ = state.above;
  warnings_ = std::move(state.warnings);
  open_ = state.open && !warnings_.empty() && warnings_.back().on();
}

}  // namespace forewarn
