// For the tests of src/live: a small simulated plant, quick to step, in a zone of its own, and doubles of the
// interfaces around the monitor.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "live/live_event.h"
#include "live/scorer.h"
#include "live/sensor_source.h"
#include "plant/plant_file.h"

namespace forewarn::live_test {

inline constexpr char kSmallPlant[] = R"([plant]
name = "small"
zone = "Europe/Berlin"
interval = "1h"
[[tag]]
id = "a"
label = "Flow A"
unit = "m³/h"
low = 5
high = 15
[[tag]]
id = "idle"
sensor = false
[[controller]]
id = "c"
label = "Level C"
unit = "%"
[fill]
forward = 6
interpolate = 3
[features]
window = 4
horizons = ["1h", "2h"]
rolling = { rows = 5, of = ["a"] }
volatility = { rows = 3, of = ["a"] }
delta = ["c_pv"]
point = ["a", "c_pv", "c_op", "c_deviation", "a_roll_mean", "a_roll_std", "c_pv_delta", "hour_of_day"]
history_sum = { name = "alarms", of = "anomaly_label", rows = 10 }
[label]
alarm = ["a_max > 20", "a_roll3h_std > 12"]
[models]
train = ["pca"]
prefix = "small"
[simulator]
start = "2021-03-01 00:00"
events_per_30_days = 6
decoys_per_30_days = 4
tag = [{ tag = "a", mean = 10, sd = 1, lag1 = 0.5, low = 0, high = 60, readings = 4 },
       { tag = "idle", mean = 1, sd = 0.01, readings = 1, resolution = 0.05 },
       { tag = "c_pv", mean = 0, sd = 1, low = 0, high = 100 },
       { tag = "c_op", mean = 40, sd = 1, low = 0, high = 100 }]
loop = [{ controller = "c", setpoints = [{ value = 80, hours = [30, 90] }, { value = 70, hours = [3, 5] }] }]
episode = [{ name = "flood", precursor = [{ tag = "a", shift = 0.5 }], event = [{ tag = "a", size = [20, 30] }] }]
decoy = [{ name = "blip", precursor = [{ tag = "c_pv", shift = -1 }] }]
[[scenario]]
name = "normal"
color = "green"
description = "As it is"
effects = []
[[scenario]]
name = "rise"
color = "red"
description = "A climbs"
ramp_hours = [6, 6]
effects = [{ tag = "a", drift = 20, noise = 2 }]
)";

inline Plant SmallPlant() {
  PlantCheck check = CheckPlant(kSmallPlant, "small.toml", "");
  for (const auto& problem : check.problems) ADD_FAILURE() << problem.message;
  return check.plant.value_or(Plant());
}

class RecordingSink final : public EventSink {
 public:
  void Publish(const LiveEvent& event) override {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
  }
  std::vector<LiveEvent> Of(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    std::vector<LiveEvent> out;
    for (const LiveEvent& event : events_) {
      if (event.name == name) out.push_back(event);
    }
    return out;
  }
  std::vector<LiveEvent> all() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<LiveEvent> events_;
};

// A source whose hours the test pushes.
class ScriptedSource final : public SensorSource {
 public:
  explicit ScriptedSource(const Plant& plant) : series_(plant.SeriesNames().size()) {}

  void Close(PlantTime time, double value) {
    SensorReading reading;
    reading.time = time;
    reading.value.assign(series_, value);
    reading.max = reading.min = reading.value;
    reading.filled.assign(series_, 0);
    Close(reading);
  }
  void Close(const SensorReading& reading) {
    hours_.push_back(std::make_shared<const SensorReading>(reading));
    if (hours_.size() > kHistoryBuffer) hours_.erase(hours_.begin());
  }
  void Fail(Status status) { failure_ = std::move(status); }
  void Clear() { hours_.clear(); }

  bool local() const override { return true; }
  Result<LiveReading> Live() override { return Status::Unavailable("scripted"); }
  Result<std::vector<ReadingPtr>> History(size_t n) override {
    if (!failure_.ok()) return failure_;
    const size_t count = std::min(n, hours_.size());
    return std::vector<ReadingPtr>(hours_.end() - static_cast<std::ptrdiff_t>(count), hours_.end());
  }
  Result<std::vector<SensorMeta>> Meta() override { return std::vector<SensorMeta>(); }
  Result<ScenarioList> Scenarios() override { return ScenarioList(); }
  Result<ScenarioInfo> Activate(std::string_view) override { return Status::NotFound("scripted"); }
  std::unique_ptr<Subscription> Subscribe(Listener) override { return std::make_unique<Subscription>(); }

 private:
  const size_t series_;
  std::vector<ReadingPtr> hours_;
  Status failure_;
};

// Answers forecasts with the probability the test sets; the threshold of the models is 0.5, of the warnings
// 0.4.
class ScriptedScorer final : public Scorer {
 public:
  double probability = 0.1;
  std::string status = "ok";
  Status failure;
  std::vector<std::string> bodies;  // of forecasts

  bool local() const override { return true; }
  Result<std::string> Predict(std::string_view, std::vector<Fault>*) override {
    return Status::Unavailable("no model is loaded yet");
  }
  Result<std::string> Forecast(std::string_view body, std::vector<Fault>*) override {
    if (!failure.ok()) return failure;
    bodies.emplace_back(body);
    const char* horizon = body.find("\"horizon\":1,") != std::string_view::npos ? "1" : "2";
    return std::string("{\"anomaly_probability\":") + std::to_string(probability) +
           ",\"alarm\":0,\"horizon_hours\":" + horizon +
           ",\"n_observations\":4,\"threshold\":0.5,\"status\":\"" + status +
           "\",\"model\":{\"name\":\"small_forecaster_" + horizon +
           "h\",\"version\":3,\"skill\":\"no skill shown\"},\"ignored\":[]}";
  }
  Result<std::string> Explain(std::string_view, std::vector<Fault>*) override {
    return std::string(
        "{\"local_importance\":[{\"feature\":\"a\",\"value\":10,\"shap_value\":0.7},{\"feature\":\"c_pv\","
        "\"value\":80,\"shap_value\":-0.2}],\"base_value\":-1,\"output_value\":-0.5,\"output\":\"log-odds\","
        "\"method\":\"shap_tree\",\"model\":{\"name\":\"small_forecaster_1h\",\"version\":3,\"skill\":\"no "
        "skill shown\"}}");
  }
  Result<std::string> Recommend(std::string_view, std::vector<Fault>*) override {
    return Status::Unavailable("scripted");
  }
  Result<std::string> GlobalImportance() override { return Status::Unavailable("scripted"); }
  Result<std::string> Models() override {
    return std::string(
        "{\"models\":{\"small_forecaster_1h\":{\"status\":\"loaded\",\"version\":3,\"metrics\":{\"warning_"
        "threshold\":0.4}},\"small_forecaster_2h\":{\"status\":\"loaded\",\"version\":3,\"metrics\":{"
        "\"warning_threshold\":0.4}}}}");
  }
  Result<std::string> PredictBy(const std::string& model, std::string_view, std::vector<Fault>*) override {
    if (!failure.ok()) return failure;
    const double risk = model == "small_lr_soft_alarm" ? probability : probability / 2;
    return "{\"risk_score\":" + std::to_string(risk) +
           ",\"alarm\":0,\"threshold\":0.5,\"status\":\"ok\",\"model\":{\"name\":\"" + model +
           "\",\"version\":1,\"skill\":\"skill\"},\"imputed\":[],\"ignored\":[]}";
  }
};

}  // namespace forewarn::live_test
