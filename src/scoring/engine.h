// ScoringEngine: the models in service and the answers they give. Holds one immutable snapshot of the served
// versions; a reload builds the next snapshot aside and swaps it in, so readers never wait and a request is
// answered by one version throughout. Answers are pure functions of a parsed request (request.h) and the
// snapshot. Reload may be called from one thread at a time and blocks on the registry; everything else is
// safe from any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "plant/plant.h"
#include "registry/registry.h"
#include "scoring/request.h"
#include "scoring/served_model.h"

namespace forewarn {

// A number that comes with its validity (models.md, "Honesty").
enum class InputStatus { kOk, kStale, kOutsideTrainingRange };
const char* InputStatusName(InputStatus status);  // "ok", "stale", "outside training range"

using ServedPtr = std::shared_ptr<const ServedModel>;

struct PredictReply {
  ServedPtr model;              // which version answered
  std::vector<double> outputs;  // what the kind of model gives (predictor.h)
  double score = 0;             // the first output: risk, anomaly score, next deviation, T²
  int alarm = 0;                // kinds that have one
  double threshold = 0.5;
  InputStatus status = InputStatus::kOk;
  std::vector<std::string> imputed, ignored;
  std::optional<double> failure_frequency;  // the history sum where it was given beside the features
};

struct ForecastReply {
  ServedPtr model;
  double probability = 0;
  int alarm = 0;
  double threshold = 0.5;
  double horizon_hours = 0;
  size_t observations = 0;  // rows sent
  InputStatus status = InputStatus::kOk;
  std::vector<std::string> ignored;
};

struct Driver {
  std::string feature;  // of a forecast: a sensor
  double value = 0;     // of a forecast: the sensor's newest
  double shap_value = 0;
};

struct ExplainReply {
  std::vector<Driver> drivers;  // by |shap_value|, largest first; ties by the model's order
  double base_value = 0;
  double output_value = 0;  // base_value + Σ shap_value
  std::string output;       // "log-odds", "score", "value"
  std::string method;       // "shap_tree", "shap_linear", "unavailable"
  std::string reason;       // why unavailable
  std::optional<double> risk_score;
  ServedPtr model;
};

struct ImportanceReply {
  std::vector<std::pair<std::string, double>> importances;  // largest first, sum 1
  std::string method;                                       // "feature_importances" or "unavailable"
  std::string reason;
  ServedPtr model;
};

struct RecommendReply {
  std::string recommendation;
  const char* urgency = "low";  // "high", "medium", "low"
};

// What to do at a risk, after so many failures (models.md, "Scoring"): a rule, no model.
RecommendReply Recommend(double failures, double risk);

// One of the served names, loaded or not.
struct ModelState {
  std::string name;
  ModelVersion version;    // as the registry told at the last reload; version 0: unavailable
  ServedPtr model;         // null: unavailable
  std::string reason;      // why unavailable, or why an older version is still in service
  bool try_again = false;  // the registry, or the store behind it, was away: the version itself may be fine
};

struct EngineOptions {
  std::string champion;                   // registered name that predict uses; "" = <prefix>_champion
  std::optional<double> alarm_threshold;  // overrides the versions' for predict and forecast
  double confidence = 0.95;               // whose limits a PCA's alarm uses: .95 or .99
  // "NAME", "NAME@alias" or "NAME:version" to load instead of the served names (the PCA monitor is loaded
  // beside them); empty: every served name.
  std::vector<std::string> only;
};

class ScoringEngine {
 public:
  // Nothing is loaded yet: every answer is Unavailable.
  ScoringEngine(Plant plant, EngineOptions options);

  // Loads the champion (else the newest version) of each name. A name that cannot be loaded keeps the version
  // it had, if any, and says why. Fails only if the registry cannot be read. True if anything changed.
  Result<bool> Reload(Registry& registry);

  const Plant& plant() const { return plant_; }
  std::vector<ModelState> Models() const;

  // name "": the champion. Unavailable where the model is not loaded; Invalid with faults (JSON pointers) for
  // inputs that are wrong.
  Result<PredictReply> Predict(const PredictRequest& request, std::vector<Fault>* faults,
                               const std::string& name = "") const;
  // One reply a row, all of one version: the same as one by one. Faults of all rows are gathered, up to
  // kMaxBatchFaults.
  static constexpr size_t kMaxBatchFaults = 100;
  Result<std::vector<PredictReply>> PredictBatch(const std::vector<PredictRequest>& rows,
                                                 std::vector<Fault>* faults) const;
  Result<ForecastReply> Forecast(const ForecastRequest& request, std::vector<Fault>* faults) const;
  Result<ExplainReply> Explain(const PredictRequest& request, std::vector<Fault>* faults,
                               const std::string& name = "") const;
  // One driver a sensor.
  Result<ExplainReply> ExplainForecast(const ForecastRequest& request, std::vector<Fault>* faults) const;
  ImportanceReply Importance(const std::string& name = "") const;
  RecommendReply Recommend(const RecommendRequest& request) const;

  // The loaded model of a name ("" = the champion), or Unavailable with its reason.
  Result<ServedPtr> Find(const std::string& name) const;
  // The forecaster for a horizon in hours (none: the shortest); Invalid, with the fault, lists those there
  // are.
  Result<ServedPtr> FindForecaster(std::optional<double> hours, std::vector<Fault>* faults) const;

  // Pure pieces, also used for tables (table_scoring.h).
  double ThresholdOf(const ServedModel& model) const;
  // 0 or 1; 0 for kinds that have no alarm.
  int AlarmOf(const ServedModel& model, const std::vector<double>& outputs) const;
  // The limits a PCA's alarm uses at the confidence of the options.
  struct Limits {
    double t2 = 0;
    double spe = 0;
  };
  Limits LimitsOf(const ServedModel& model) const;
  double StepHours() const;  // of the plant's grid

 private:
  struct Snapshot {
    std::map<std::string, ModelState> models;
    ServedPtr monitor;
  };
  struct Window {  // a forecast's inputs, read and checked
    ServedPtr model;
    std::vector<double> rows;  // window × sensors, oldest first
    std::vector<double> inputs;
    std::vector<std::string> ignored;
  };
  struct Target {  // what is to be served under a name
    std::string name;
    ModelRef ref;
  };
  using SnapshotPtr = std::shared_ptr<const Snapshot>;
  SnapshotPtr snapshot() const { return snapshot_.load(std::memory_order_acquire); }
  Result<std::vector<Target>> Targets() const;
  ModelState LoadState(Registry& registry, const Target& target, const ModelState* previous) const;
  Result<ServedPtr> FindIn(const Snapshot& snapshot, const std::string& name) const;
  Result<ServedPtr> FindForecasterIn(const Snapshot& snapshot, std::optional<double> hours,
                                     std::vector<Fault>* faults) const;
  Result<PredictReply> PredictIn(const Snapshot& snapshot, const PredictRequest& request,
                                 std::vector<Fault>* faults, const std::string& name) const;
  Result<Window> ReadWindow(const Snapshot& snapshot, const ForecastRequest& request,
                            std::vector<Fault>* faults) const;
  std::string ChampionName() const;

  const Plant plant_;
  const EngineOptions options_;
  std::atomic<SnapshotPtr> snapshot_;
};

}  // namespace forewarn
