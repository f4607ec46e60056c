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

// What one horizon's forecaster said of an hour, and why.
struct HorizonForecast {
  std::string horizon;  // "1h"
  ForecastAnswer answer;
  ExplainAnswer why;
};

// A run of the plant's own alarms; pauses shorter than three hours belong to it (models.md, "Event metrics").
struct LiveAlarm {
  PlantTime began = 0;             // start of its first hour
  PlantTime ended = kNoTime;       // end of its last alarm hour; known when the pause has lasted
  std::vector<std::string> rules;  // that held in its first hour
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
  std::vector<std::shared_ptr<const HourRisk>> Recent(size_t n) const;  // newest last, at most kHistoryBuffer
  std::string RiskJson(const HourRisk& risk) const;                     // as the `risk` event's
  // The history sum of the alarms so far (failure_frequency_48 of the gas plant): alarm hours among the last
  // rows the plant file asks for; 0 where it asks for none.
  double AlarmHours() const;

  struct Impl;

 private:
  explicit Monitor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace forewarn
