// AlarmWatch: the plant's own alarms, live: the plant file's label rules on the current hour, joined into
// events as the event metrics join them (plant/event_options.h). Operator-marked periods are not known live.
// Belongs to one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "frame/frame.h"
#include "live/warning.h"
#include "plant/event_options.h"
#include "plant/plant.h"

namespace forewarn {

// The rules that hold in the table's last row.
struct AlarmHour {
  std::vector<std::string> rules;
  bool known = true;  // false: a rule reads a null cell, and none holds
};
Result<AlarmHour> EvaluateAlarm(const Plant& plant, const Frame& table);

class AlarmWatch {
 public:
  explicit AlarmWatch(const EventOptions& options) : options_(options) {}

  struct Change {
    std::optional<LiveAlarm> ended;  // in this order
    std::optional<LiveAlarm> began;
  };
  Change Step(PlantTime hour, const std::vector<std::string>& rules);

  const std::optional<LiveAlarm>& open() const { return open_; }
  PlantTime last_end() const { return last_end_; }  // of the open event's last alarm hour
  void SetLead(PlantTime lead) { open_->lead = lead; }
  void Restore(std::optional<LiveAlarm> open, PlantTime last_end) {
    open_ = std::move(open);
    last_end_ = last_end;
  }

 private:
  const EventOptions options_;
  std::optional<LiveAlarm> open_;
  PlantTime last_end_ = kNoTime;
};

}  // namespace forewarn
