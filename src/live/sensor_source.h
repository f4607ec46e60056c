// SensorSource: where the live plant's readings come from. The sensors service and the monitor see a plant
// only through this interface; SimulatedPlant (simulated_plant.h) implements it in process, the API over
// HTTP. All times are plant time. A source has its own clock: no call advances it. Safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"
#include "plant/plant.h"

namespace forewarn {

inline constexpr size_t kHistoryBuffer = 600;  // closed hours a source keeps
inline constexpr size_t kPastHours = 90;       // closed hours it has from the start

// kStale: a series the models need has had no reading for longer than the plant file fills forward.
enum class ReadingQuality { kGood, kStale, kBad };
const char* ReadingQualityName(ReadingQuality quality);  // "good", "stale", "bad"

// The plant's values at one time, one a series in Plant::SeriesNames order. Of a closed hour (one bin of the
// plant's grid; "hour" throughout, whatever the interval): time is the bin's start, value the median, filled
// forward as far as the plant file allows, then null. Of the open hour: time is that of the scan, value the
// newest, the extremes those so far.
struct SensorReading {
  PlantTime time = 0;
  std::vector<double> value;
  std::vector<double> max, min;  // tags and PVs; null for OP and SP
  std::vector<uint8_t> filled;   // 1: no reading in this hour, the value is an older one (setpoints: 0)
  ReadingQuality quality = ReadingQuality::kGood;
  std::string scenario;
};
using ReadingPtr = std::shared_ptr<const SensorReading>;

struct LiveReading {
  ReadingPtr reading;
  std::string scenario, scenario_description, scenario_color;  // the active one
  PlantTime plant_time = 0;                                    // the plant's clock
  double seconds_per_hour = 0;                                 // of wall time
};

struct SensorMeta {
  std::string tag, label, unit;
  double low = kNull, high = kNull;
};

struct ScenarioInfo {
  std::string name, color, description;
};
struct ScenarioList {
  std::string active;
  std::vector<ScenarioInfo> scenarios;
};

struct SensorEvent {
  // kReading: the open hour has a new scan. kHourClosed: an hour is over. kAway, kBack: a remote source
  // cannot be reached (why: `problem`), can be again.
  enum class Kind { kReading, kHourClosed, kAway, kBack };
  Kind kind = Kind::kReading;
  ReadingPtr reading;
  Status problem;
  // Plant time of the event, strictly ascending over all kReading and kHourClosed: a scan's time, the end of
  // an hour.
  PlantTime id = 0;
};

class SensorSource {
 public:
  using Listener = std::function<void(const SensorEvent&)>;
  // Ends the subscription when destroyed; no call of the listener is running or follows then. Must not
  // outlive the source, nor be destroyed inside the listener.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };

  virtual ~SensorSource() = default;

  // True: calls take microseconds and may be made on an I/O thread. False: they may block on the network.
  virtual bool local() const = 0;

  virtual Result<LiveReading> Live() = 0;
  // The newest n closed hours, oldest first; fewer where there are no more. 1 <= n <= kHistoryBuffer.
  virtual Result<std::vector<ReadingPtr>> History(size_t n) = 0;
  virtual Result<std::vector<SensorMeta>> Meta() = 0;  // one a sensor
  virtual Result<ScenarioList> Scenarios() = 0;
  // From the present on; what came before stays true. NotFound lists the scenarios.
  virtual Result<ScenarioInfo> Activate(std::string_view name) = 0;

  // The listener is called from the source's thread and must return at once.
  virtual std::unique_ptr<Subscription> Subscribe(Listener listener) = 0;
};

}  // namespace forewarn
