// The engine's answers: each reads the inputs a request gives, by the model's names, and lets the model
// speak.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "registry/model_names.h"
#include "scoring/engine.h"

namespace forewarn {
namespace {

constexpr char kGivenTwice[] = "given more than once";

std::string NotANumber(const NamedValue& given) {
  return fmt::format("must be a number, not {}", given.problem);
}

// A model's inputs as a request gives them, the missing ones imputed.
struct Inputs {
  std::vector<double> row;
  std::vector<std::string> imputed, ignored;
  std::optional<double> failure_frequency;
};

Result<Inputs> ReadInputs(const ServedModel& model, const Plant& plant, const PredictRequest& request,
                          std::vector<Fault>* faults) {
  Inputs inputs;
  inputs.row.resize(model.features());
  std::vector<char> given(model.features(), 0);
  size_t known = 0;
  const auto fault = [&](const NamedValue& value) {
    faults->push_back({request.base + "/" + PointerToken(value.name), NotANumber(value)});
  };
  size_t at = 0;
  for (const NamedValue& value : request.features) {
    const int i = model.IndexOf(value.name, at++);
    if (i >= 0) {
      ++known;
      if (value.problem != nullptr) fault(value);
      if (given[i]) faults->push_back({request.base + "/" + PointerToken(value.name), kGivenTwice});
      inputs.row[i] = value.value;
      given[i] = 1;
    } else if (plant.features.history_sum && plant.features.history_sum->name == value.name) {
      if (value.problem != nullptr) fault(value);
      if (value.value < 0) {
        faults->push_back({request.base + "/" + PointerToken(value.name),
                           fmt::format("is {}; a count of 0 or more is needed", value.value)});
      }
      inputs.failure_frequency = value.value;
    } else {
      inputs.ignored.push_back(value.name);
    }
  }
  inputs.ignored.insert(inputs.ignored.end(), request.ignored.begin(), request.ignored.end());
  if (known == 0) {
    faults->push_back({request.base, fmt::format("has none of the model's {} features; the first is '{}'",
                                                 model.features(), model.info().features.front())});
  }
  if (!faults->empty()) return FaultStatus(*faults);
  std::vector<size_t> imputed;
  if (known < given.size()) model.Impute(inputs.row, given, request.plant_time, &imputed);
  for (const size_t i : imputed) {
    const std::string& name = model.info().features[i];
    inputs.imputed.push_back(name);
    if (IsValid(inputs.row[i])) continue;
    faults->push_back(
        {request.base + "/" + PointerToken(name), "is missing, and the model holds no median for it"});
  }
  if (!faults->empty()) return FaultStatus(*faults);
  return inputs;
}

// Whether the monitor's own inputs, by name (and where it probably is), lie beyond its 99 % limits; an input
// nobody gave is at its median.
template <typename ValueOf>
InputStatus RangeStatus(const ServedModel* monitor, const ValueOf& value_of) {
  const auto* pca = monitor == nullptr ? nullptr : std::get_if<PcaModel>(&monitor->model().body);
  if (pca == nullptr) return InputStatus::kOk;
  const ModelInfo& info = monitor->info();
  std::vector<double> row(info.features.size());
  for (size_t i = 0; i < row.size(); ++i) {
    row[i] = value_of(info.features[i], i);
    if (!IsValid(row[i]) && !info.medians.empty()) row[i] = info.medians[i];
  }
  double out[2] = {0, 0};
  monitor->predictor().Score(row.data(), out);
  return out[0] > pca->t2_limit99 || out[1] > pca->spe_limit99 ? InputStatus::kOutsideTrainingRange
                                                               : InputStatus::kOk;
}

// A model that has to be a forecaster, or must not be one, is asked the other way round.
Status RefuseForecaster(const ServedModel& model) {
  if (model.info().kind != ModelKind::kForecaster) return Status::Ok();
  return Status::Invalid(fmt::format("'{}' is a forecaster: it needs {} rows, not one; use forecast",
                                     model.version().name, model.info().window));
}

const char* OutputName(const std::string& output) {
  return output == "log_odds" ? "log-odds" : output.c_str();
}

bool GivesProbability(ModelKind kind) {
  return kind == ModelKind::kClassifier || kind == ModelKind::kForecaster;
}

void SortDrivers(std::vector<Driver>* drivers) {
  std::stable_sort(drivers->begin(), drivers->end(), [](const Driver& a, const Driver& b) {
    return std::abs(a.shap_value) > std::abs(b.shap_value);
  });
}

ExplainReply UnavailableExplanation(ServedPtr model, std::string reason) {
  ExplainReply reply;
  reply.method = "unavailable";
  reply.reason = std::move(reason);
  reply.model = std::move(model);
  return reply;
}

// The explanation of one input row; drivers are filled by the caller.
ExplainReply ExplainRow(const ServedPtr& model, const std::vector<double>& row, std::vector<double>* shap) {
  const Explanation explanation = model->explainer()->Explain(row.data());
  ExplainReply reply;
  reply.model = model;
  reply.base_value = explanation.base_value;
  reply.output_value = explanation.output_value;
  reply.output = OutputName(model->explainer()->output());
  reply.method = std::holds_alternative<LinearModel>(model->model().body) ? "shap_linear" : "shap_tree";
  if (GivesProbability(model->info().kind)) reply.risk_score = model->predictor().Score(row.data());
  *shap = explanation.shap;
  return reply;
}

}  // namespace

Result<PredictReply> ScoringEngine::Predict(const PredictRequest& request, std::vector<Fault>* faults,
                                            const std::string& name) const {
  return PredictIn(*snapshot(), request, faults, name);
}

Result<std::vector<PredictReply>> ScoringEngine::PredictBatch(const std::vector<PredictRequest>& rows,
                                                              std::vector<Fault>* faults) const {
  const SnapshotPtr now = snapshot();
  std::vector<PredictReply> replies;
  replies.reserve(rows.size());
  for (const PredictRequest& row : rows) {
    std::vector<Fault> own;
    Result<PredictReply> reply = PredictIn(*now, row, &own, "");
    if (reply.ok()) {
      replies.push_back(std::move(*reply));
    } else if (own.empty()) {
      return reply.status();  // of no row: there is no model
    }
    faults->insert(faults->end(), own.begin(), own.end());
    if (faults->size() >= kMaxBatchFaults) break;
  }
  if (!faults->empty()) return FaultStatus(*faults);
  return replies;
}

Result<PredictReply> ScoringEngine::PredictIn(const Snapshot& now, const PredictRequest& request,
                                              std::vector<Fault>* faults, const std::string& name) const {
  PredictReply reply;
  FW_ASSIGN_OR_RETURN(reply.model, FindIn(now, name));
  const ServedModel& model = *reply.model;
  FW_RETURN_IF_ERROR(RefuseForecaster(model));
  FW_ASSIGN_OR_RETURN(Inputs inputs, ReadInputs(model, plant_, request, faults));
  reply.outputs.resize(model.predictor().outputs());
  model.predictor().Score(inputs.row.data(), reply.outputs.data());
  reply.score = reply.outputs[0];
  reply.threshold = ThresholdOf(model);
  reply.alarm = AlarmOf(model, reply.outputs);
  reply.status = RangeStatus(now.monitor.get(), [&](const std::string& feature, size_t hint) {
    const int i = model.IndexOf(feature, hint);
    return i < 0 ? kNull : inputs.row[i];
  });
  reply.imputed = std::move(inputs.imputed);
  reply.ignored = std::move(inputs.ignored);
  reply.failure_frequency = inputs.failure_frequency;
  return reply;
}

namespace {

constexpr size_t kMaxFaults = 100;   // told of one request
constexpr size_t kMaxIgnored = 100;  // likewise

// One hour's sensors, by the model's names; base is the row's pointer.
void ReadObservation(const ServedModel& model, const std::vector<NamedValue>& values, const std::string& base,
                     double* row, std::vector<std::string>* ignored, std::vector<Fault>* faults) {
  const std::vector<std::string>& sensors = model.info().sensors;
  std::vector<char> given(sensors.size(), 0);
  size_t hint = 0;
  for (const NamedValue& value : values) {
    const int s = model.SensorIndexOf(value.name, hint++);
    if (s < 0) {
      const bool told = std::find(ignored->begin(), ignored->end(), value.name) != ignored->end();
      if (!told && ignored->size() < kMaxIgnored) ignored->push_back(value.name);
      continue;
    }
    if (value.problem != nullptr)
      faults->push_back({base + "/" + PointerToken(value.name), NotANumber(value)});
    if (given[s]) faults->push_back({base + "/" + PointerToken(value.name), kGivenTwice});
    row[s] = value.value;
    given[s] = 1;
  }
  for (size_t s = 0; s < sensors.size(); ++s) {
    if (!given[s]) faults->push_back({base + "/" + PointerToken(sensors[s]), "is missing"});
  }
}

}  // namespace

Result<ScoringEngine::Window> ScoringEngine::ReadWindow(const Snapshot& snapshot,
                                                        const ForecastRequest& request,
                                                        std::vector<Fault>* faults) const {
  Window window;
  FW_ASSIGN_OR_RETURN(window.model, FindForecasterIn(snapshot, request.horizon, faults));
  const ServedModel& model = *window.model;
  if (model.info().kind != ModelKind::kForecaster) {
    return Status::Invalid(fmt::format("'{}' is no forecaster; use predict", model.version().name));
  }
  const size_t sensors = model.info().sensors.size();
  const size_t needed = static_cast<size_t>(model.info().window);
  if (request.rows.size() < needed) {
    faults->push_back({"/recent_observations",
                       fmt::format("has {} rows; at least {} are needed", request.rows.size(), needed)});
    return FaultStatus(*faults);
  }
  window.rows.assign(needed * sensors, kNull);
  std::vector<double> older(sensors);  // rows before the window are checked like any other
  for (size_t r = 0; r < request.rows.size() && faults->size() < kMaxFaults; ++r) {
    const size_t before = request.rows.size() - needed;
    double* row = r < before ? older.data() : window.rows.data() + (r - before) * sensors;
    ReadObservation(model, request.rows[r], fmt::format("/recent_observations/{}", r), row, &window.ignored,
                    faults);
  }
  if (!faults->empty()) return FaultStatus(*faults);
  window.ignored.insert(window.ignored.end(), request.ignored.begin(), request.ignored.end());
  std::vector<float> features(model.features());
  WindowFeatures(window.rows.data(), sensors, needed, features.data());
  window.inputs.assign(features.begin(), features.end());
  return window;
}

Result<ForecastReply> ScoringEngine::Forecast(const ForecastRequest& request,
                                              std::vector<Fault>* faults) const {
  const SnapshotPtr now = snapshot();
  FW_ASSIGN_OR_RETURN(Window window, ReadWindow(*now, request, faults));
  const ServedModel& model = *window.model;
  ForecastReply reply;
  reply.probability = model.predictor().Score(window.inputs.data());
  reply.threshold = ThresholdOf(model);
  reply.alarm = AlarmOf(model, {reply.probability});
  reply.horizon_hours = model.info().horizon * StepHours();
  reply.observations = request.rows.size();
  reply.ignored = std::move(window.ignored);
  const size_t sensors = model.info().sensors.size();
  const double* newest = window.rows.data() + window.rows.size() - sensors;
  reply.status = RangeStatus(now->monitor.get(), [&](const std::string& feature, size_t hint) {
    const int s = model.SensorIndexOf(feature, hint);
    return s < 0 ? kNull : newest[s];
  });
  const bool gaps = std::any_of(window.rows.begin(), window.rows.end(), [](double v) { return !IsValid(v); });
  if (request.stale || gaps) reply.status = InputStatus::kStale;
  reply.model = std::move(window.model);
  return reply;
}

Result<ExplainReply> ScoringEngine::Explain(const PredictRequest& request, std::vector<Fault>* faults,
                                            const std::string& name) const {
  const Result<ServedPtr> found = Find(name);
  if (!found.ok()) {
    if (found.status().code() == Code::kUnavailable) return UnavailableExplanation(nullptr, found.message());
    return found.status();
  }
  const ServedModel& model = **found;
  FW_RETURN_IF_ERROR(RefuseForecaster(model));
  FW_ASSIGN_OR_RETURN(const Inputs inputs, ReadInputs(model, plant_, request, faults));
  if (model.explainer() == nullptr) return UnavailableExplanation(*found, model.explain_problem());
  std::vector<double> shap;
  ExplainReply reply = ExplainRow(*found, inputs.row, &shap);
  for (size_t i = 0; i < shap.size(); ++i) {
    reply.drivers.push_back({model.info().features[i], inputs.row[i], shap[i]});
  }
  SortDrivers(&reply.drivers);
  return reply;
}

Result<ExplainReply> ScoringEngine::ExplainForecast(const ForecastRequest& request,
                                                    std::vector<Fault>* faults) const {
  Result<Window> window = ReadWindow(*snapshot(), request, faults);
  if (!window.ok()) {
    if (window.status().code() == Code::kUnavailable)
      return UnavailableExplanation(nullptr, window.message());
    return window.status();
  }
  const ServedModel& model = *window->model;
  if (model.explainer() == nullptr) return UnavailableExplanation(window->model, model.explain_problem());
  std::vector<double> shap;
  ExplainReply reply = ExplainRow(window->model, window->inputs, &shap);
  const size_t sensors = model.info().sensors.size();
  const std::vector<double> drivers = SumByGroup(shap, model.groups(), sensors);
  const double* newest = window->rows.data() + window->rows.size() - sensors;
  for (size_t s = 0; s < sensors; ++s)
    reply.drivers.push_back({model.info().sensors[s], newest[s], drivers[s]});
  SortDrivers(&reply.drivers);
  return reply;
}

ImportanceReply ScoringEngine::Importance(const std::string& name) const {
  ImportanceReply reply;
  reply.method = "unavailable";
  const Result<ServedPtr> found = Find(name);
  if (!found.ok()) {
    reply.reason = found.message();
    return reply;
  }
  reply.model = *found;
  const ModelInfo& info = reply.model->info();
  if (info.gains.empty()) {
    reply.reason = fmt::format("'{}' version {} has no split gains", reply.model->version().name,
                               reply.model->version().version);
    return reply;
  }
  reply.method = "feature_importances";
  for (size_t i = 0; i < info.gains.size(); ++i)
    reply.importances.emplace_back(info.features[i], info.gains[i]);
  std::stable_sort(reply.importances.begin(), reply.importances.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return reply;
}

RecommendReply ScoringEngine::Recommend(const RecommendRequest& request) const {
  return forewarn::Recommend(request.failure_frequency, request.risk_score);
}

RecommendReply Recommend(double failures, double risk) {
  if (failures >= 5 && risk >= 0.8) {
    return {"Inspect now and plan the replacement within 24 hours.", "high"};
  }
  if (failures >= 3 || risk >= 0.6) return {"Check in the next shift.", "medium"};
  return {"Keep watching; the weekly inspection is enough.", "low"};
}

}  // namespace forewarn
