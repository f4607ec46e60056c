// What the monitor (monitor.h) makes of the live plant's hours: forecasts, the plant's alarms and our
// warnings before them; and the log that keeps it, implemented by the API over its store and in memory for
// tests (MemoryWarningLog). Plain values; times are plant time.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"
#include "live/scorer_replies.h"

namespace forewarn {

// What became of a warning, by the plant's alarms alone (an operator's verdict is kept beside it).
enum class WarningOutcome {
  kPending,   // its reach (12 h) is not over
  kTrue,      // an alarm came within it
  kFalse,     // none came
  kRepeated,  // the alarm that came had its warning already: counts neither way
};
const char* WarningOutcomeName(WarningOutcome outcome);  // "pending", "true", "false", "repeated"

struct LiveWarning {
  // The key: no two warnings have the same horizon and rise.
  std::string horizon;  // "6h": the shortest whose own forecast is above its threshold, else the longest
  PlantTime rise = 0;   // start of the hour whose values raised it

  double horizon_hours = 0;
  PlantTime told = 0;           // plant time at which it could be read: the hour's end, or later after a gap
  PlantTime end = kNoTime;      // start of the first hour below; kNoTime: still on
  double probability = 0;       // at the rise, of `horizon`
  double threshold = 0;         // of `horizon`
  double peak = 0;              // highest probability of `horizon` so far
  std::vector<Driver> drivers;  // at the rise, of `horizon`: one a sensor, largest share first
  ModelTag model;               // that answered
  WarningOutcome outcome = WarningOutcome::kPending;
  PlantTime alarm = kNoTime;  // start of the first alarm hour after it, within reach
  // alarm − told, where the outcome is kTrue.
  std::optional<PlantTime> lead() const {
    if (outcome != WarningOutcome::kTrue) return std::nullopt;
    return alarm - told;
  }
  bool on() const { return end == kNoTime; }
};

// What one horizon's forecaster said of an hour, and why.
struct HorizonForecast {
  std::string horizon;  // "1h"
  ForecastAnswer answer;
  ExplainAnswer why;
};

// A run of the plant's own alarms; pauses shorter than three hours belong to it (models.md, "Event metrics").
struct LiveAlarm {
  PlantTime began = 0;             // start of its first hour; the key
  PlantTime ended = kNoTime;       // end of its last alarm hour; known when the pause has lasted
  std::vector<std::string> rules;  // that have held in it
  std::optional<PlantTime> lead;   // of the warning before it
};

// Everything the monitor knows of one closed hour.
struct HourRisk {
  PlantTime time = 0;                      // start of the hour
  PlantTime known_at = 0;                  // its end
  InputStatus status = InputStatus::kOk;   // worst of the forecasts'
  std::vector<HorizonForecast> forecasts;  // one a horizon, or none: see reason
  std::string reason;
  std::optional<double> blend, blend_smoothed;
  std::optional<double> index;           // the forecasts pooled: 1 is the threshold
  std::vector<std::string> alarm_rules;  // that hold in this hour
  bool alarm_known = true;               // false: a rule reads a null cell and no rule holds
  std::optional<LiveWarning> warning;    // the one that is on
  std::optional<LiveAlarm> alarm;        // the one that is on
  bool replayed = false;                 // from the buffer, before the watch began: no warning came of it
};
using HourRiskPtr = std::shared_ptr<const HourRisk>;

// Where the watch stands; what the monitor needs to go on.
struct WatchRecord {
  std::optional<PlantTime> last_hour;  // newest hour that was watched; none: the plant was never watched
  std::string state;                   // the monitor's own (a JSON text of about 1 KB)
};

// What one hour brought (several, after failures).
struct WatchStep {
  std::vector<LiveWarning> warnings;  // raised or changed
  std::vector<LiveAlarm> alarms;      // began or changed
  std::vector<HourRiskPtr> hours;
  WatchRecord record;
};

class WarningLog {
 public:
  virtual ~WarningLog() = default;
  virtual Result<WatchRecord> Load() = 0;
  // Stores all of it, each by its key: inserted, or replaced but for what people added. Returns when it is
  // durable; may block. The record must not be durable before the rest: what is given again after a crash
  // then does no harm. After a failure the monitor gives the same again with the next hour's.
  virtual Status Commit(const WatchStep& step) = 0;
};

class MemoryWarningLog final : public WarningLog {
 public:
  Result<WatchRecord> Load() override;
  Status Commit(const WatchStep& step) override;
  std::vector<LiveWarning> warnings() const;  // by rise
  std::vector<LiveAlarm> alarms() const;      // by begin

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<PlantTime, std::string>, LiveWarning> warnings_;
  std::map<PlantTime, LiveAlarm> alarms_;
  WatchRecord record_;
};

}  // namespace forewarn
