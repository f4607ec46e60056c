// WarningRule: when a warning rises, ends, and what became of it; the live twin of FindWarnings and
// JudgeWarnings (train/event_metrics.h), hour by hour. The index is the horizons' mean probability over their
// warning threshold, so 1 raises and `release` ends. A warning rises outside an alarm; a run that began in
// one is none. A forecast over stale inputs, or none at all, raises nothing and ends nothing; one outside the
// training range raises nothing by itself, only where the hour before was above as well, and ends nothing.
// Hours missing from the timeline end a warning. Belongs to one thread.
#pragma once

#include <optional>
#include <vector>

#include "live/warning.h"
#include "plant/event_options.h"

namespace forewarn {

class WarningRule {
 public:
  explicit WarningRule(const EventOptions& options) : options_(options) {}

  struct Hour {
    PlantTime time = 0;           // its start
    PlantTime told = 0;           // plant time at which what follows from it can be read
    std::optional<double> index;  // none: no forecast
    InputStatus status = InputStatus::kOk;
    bool gap_before = false;
    bool in_alarm = false;     // a rule holds in this hour
    bool alarm_began = false;  // and a new event begins with it
  };
  struct Change {
    bool raised = false;              // open() is new: the caller fills in what it shows
    std::vector<LiveWarning> judged;  // those whose outcome this hour decides, the open one included
    std::optional<LiveWarning> ended;
    std::optional<PlantTime> lead;  // of the alarm that began
  };
  Change Step(const Hour& hour);

  // The warning that is on.
  LiveWarning* open() { return open_ && warnings_.back().on() ? &warnings_.back() : nullptr; }

  // What a restart goes on from.
  struct State {
    bool on = false;                    // a run is above
    bool open = false;                  // and it is a warning: the last of `warnings`
    bool above = false;                 // the last hour was, whether it counted or not
    std::vector<LiveWarning> warnings;  // pending or open, by rise
  };
  State Save() const { return {on_, open_, above_before_, warnings_}; }
  void Restore(State state);

 private:
  void Fall(PlantTime at, Change* change);
  void JudgeBegun(PlantTime alarm, Change* change);
  void JudgeLate(PlantTime next, Change* change);

  const EventOptions options_;
  bool on_ = false;
  bool open_ = false;
  bool above_before_ = false;
  std::vector<LiveWarning> warnings_;
};

}  // namespace forewarn
