// Auto inference: the newest live hours → a forecast of the shortest horizon, with what the sensors showed
// and the three sensors that drove it. What the gateway's /infer/auto answers and stores. Pure but for the
// scorer; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "live/scorer.h"
#include "live/scorer_replies.h"
#include "live/sensor_source.h"
#include "plant/plant.h"

namespace forewarn {

inline constexpr size_t kAutoHours = 20;
inline constexpr size_t kAutoDrivers = 3;

struct AutoInference {
  std::string request;  // the forecast's body: {"horizon","recent_observations":[…]}
  std::string reply;    // the forecast's reply as it came
  ForecastAnswer forecast;
  size_t observations = 0;
  std::vector<std::pair<std::string, double>> snapshot;  // the newest hour's sensors
  std::vector<Driver> drivers;                           // the first three
  std::string explain_problem;                           // why there are none
};

// recent: the newest closed hours, oldest first (SensorSource::History(kAutoHours)). Invalid, with the fault,
// for fewer than the plant's window.
Result<AutoInference> RunAutoInference(const Plant& plant, std::span<const ReadingPtr> recent, Scorer& scorer,
                                       std::vector<Fault>* faults);

// What a forecast is asked with: the sensors' values of live hours. A value older than the plant file fills
// forward is the last known one, and its hour stale; hours before every sensor's first value are left out.
struct LiveWindow {
  std::vector<std::vector<double>> rows;  // oldest first, in Plant::Sensors order
  std::vector<uint8_t> stale;             // one a row
};
LiveWindow MakeLiveWindow(const Plant& plant, std::span<const ReadingPtr> recent);

// The body of a forecast or of its explanation: {"horizon":h,"recent_observations":[{sensor:number}…]}.
std::string ForecastBody(const std::vector<std::string>& sensors, double horizon_hours,
                         std::span<const std::vector<double>> rows);

// {"anomaly_probability","alarm","horizon_hours","n_observations","threshold","status","model",
//  "sensor_snapshot":{…},"top_drivers":[{"feature","value","shap_value"}]}
std::string AutoInferenceJson(const AutoInference& result);

}  // namespace forewarn
