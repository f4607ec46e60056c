// Monitor: watches the plant by itself. At each closed hour of its source it asks the scorer for one forecast
// a horizon and explains it, smooths the soft blend, evaluates the plant file's alarm rules, and raises and
// ends warnings (warning_rule.h says when); everything goes to the warning log first, then to the event sink.
// What it does depends on the readings and the models alone: no wall time, and a restart goes on from the
// log's record and the source's buffer as if there had been none.
//
// Start() watches on a thread of its own; the rest is safe from any thread. Without a model it keeps running
// and says so.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "live/live_event.h"
#include "live/scorer.h"
#include "live/sensor_source.h"
#include "live/warning.h"
#include "plant/plant.h"

namespace forewarn {

struct MonitorStatus {
  bool model = false;   // every horizon's forecaster answers
  bool source = false;  // the source can be reached
  bool log = true;      // the log takes what it is given
  std::string detail;   // what is wrong, in words
  std::optional<PlantTime> last_hour;
};

class Monitor {
 public:
  // The four must outlive the monitor.
  static Result<std::unique_ptr<Monitor>> Make(const Plant& plant, SensorSource* source, Scorer* scorer,
                                               WarningLog* log, EventSink* sink);
  ~Monitor();

  void Start();
  void Stop();  // waits for the thread; also done by the destructor
  // Watches every hour the source has closed since the last call; what the thread does, for tests. A failure
  // is of the source or the log; nothing is lost by it.
  Status CatchUp();

  MonitorStatus status() const;
  std::vector<HourRiskPtr> Recent(size_t n) const;   // newest last, at most kHistoryBuffer
  std::string RiskJson(const HourRisk& risk) const;  // as the `risk` event's
  // The history sum of the alarms so far (failure_frequency_48 of the gas plant): alarm hours among the last
  // rows the plant file asks for; 0 where it asks for none.
  double AlarmHours() const;

  struct Impl;

 private:
  explicit Monitor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace forewarn
