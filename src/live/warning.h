// Warnings, ours, before an alarm, and the log that keeps them. The monitor (monitor.h) makes them; the log
// is implemented by the API over its store, in memory for tests (MemoryWarningLog). Plain values; times are
// plant time.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <span>
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

// What the monitor needs to go on where it was.
struct WatchRecord {
  std::optional<PlantTime> last_hour;  // newest hour that was watched; none: the plant was never watched
  std::string state;                   // the monitor's own (a JSON text of about 1 KB)
};

class WarningLog {
 public:
  virtual ~WarningLog() = default;
  virtual Result<WatchRecord> Load() = 0;
  // Stores the warnings (by their key: inserted, or all but the key replaced, what people added is kept) and
  // the record, both or neither. Returns when that is durable; may block. After a failure the monitor gives
  // the same again with the next hour's.
  virtual Status Commit(std::span<const LiveWarning> changed, const WatchRecord& record) = 0;
};

class MemoryWarningLog final : public WarningLog {
 public:
  Result<WatchRecord> Load() override;
  Status Commit(std::span<const LiveWarning> changed, const WatchRecord& record) override;
  std::vector<LiveWarning> warnings() const;  // by rise

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<PlantTime, std::string>, LiveWarning> warnings_;
  WatchRecord record_;
};

}  // namespace forewarn
