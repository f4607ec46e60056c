#include "scoring/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/names.h"
#include "registry/model_names.h"

namespace forewarn {
namespace {

std::vector<std::string> HorizonNames(const Plant& plant) {
  std::vector<std::string> names;
  for (size_t i = 0; i < plant.features.horizons.size(); ++i) names.push_back(plant.HorizonName(i));
  return names;
}

// What passes by itself says nothing about a version.
bool IsPassing(const Status& status) {
  return status.code() == Code::kUnavailable || status.code() == Code::kIo || status.code() == Code::kBusy;
}

}  // namespace

const char* InputStatusName(InputStatus status) {
  switch (status) {
    case InputStatus::kOk:
      return "ok";
    case InputStatus::kStale:
      return "stale";
    case InputStatus::kOutsideTrainingRange:
      return "outside training range";
  }
  return "unknown";
}

ScoringEngine::ScoringEngine(Plant plant, EngineOptions options)
    : plant_(std::move(plant)), options_(std::move(options)), snapshot_(std::make_shared<Snapshot>()) {}

std::string ScoringEngine::ChampionName() const {
  return options_.champion.empty() ? plant_.ModelName(kChampionSuffix) : options_.champion;
}

double ScoringEngine::StepHours() const {
  return static_cast<double>(plant_.interval) / static_cast<double>(kHour);
}

Result<std::vector<ScoringEngine::Target>> ScoringEngine::Targets() const {
  std::vector<Target> targets;
  for (const std::string& text : options_.only) {
    FW_ASSIGN_OR_RETURN(ModelRef ref, ParseModelRef(text));
    targets.push_back({ref.name, ref});
  }
  if (!targets.empty()) return targets;
  std::vector<std::string> names = ServedNames(plant_.models.prefix, HorizonNames(plant_));
  if (std::find(names.begin(), names.end(), ChampionName()) == names.end()) names.push_back(ChampionName());
  for (const std::string& name : names) targets.push_back({name, ModelRef{name, "", 0}});
  return targets;
}

// The state of one name: what was in service is kept where the version is the same, and where its successor
// cannot be loaded.
ModelState ScoringEngine::LoadState(Registry& registry, const Target& target,
                                    const ModelState* previous) const {
  ModelState state;
  state.name = target.name;
  const Result<ModelVersion> version = registry.Find(target.ref);
  const auto keep = [&] {
    if (previous == nullptr || previous->model == nullptr) return;
    state.model = previous->model;
    state.version = previous->version;
    state.reason += fmt::format("; version {} stays in service", state.version.version);
  };
  if (!version.ok()) {
    state.reason = version.message();
    state.try_again = IsPassing(version.status());
    if (version.status().code() != Code::kNotFound) keep();  // the registry is away, the model is not
    return state;
  }
  state.version = *version;
  const bool same = previous != nullptr && previous->model != nullptr &&
                    previous->model->version().version == version->version &&
                    previous->model->version().digest == version->digest;
  if (same) {
    state.model = previous->model;
    return state;
  }
  Result<ServedPtr> model = ServedModel::Load(registry, *version, plant_);
  if (model.ok()) {
    state.model = std::move(*model);
    return state;
  }
  state.reason = model.message();
  state.try_again = IsPassing(model.status());
  state.version = {};
  keep();
  return state;
}

Result<bool> ScoringEngine::Reload(Registry& registry) {
  const SnapshotPtr old = snapshot();
  FW_RETURN_IF_ERROR(registry.Revision().status());  // a registry that cannot be read changes nothing
  FW_ASSIGN_OR_RETURN(const std::vector<Target> targets, Targets());
  auto next = std::make_shared<Snapshot>();
  bool changed = old->models.size() != targets.size();
  const auto previous = [&](const std::string& name) {
    const auto it = old->models.find(name);
    return it == old->models.end() ? nullptr : &it->second;
  };
  for (const Target& target : targets) {
    const ModelState* before = previous(target.name);
    ModelState state = LoadState(registry, target, before);
    changed = changed || before == nullptr || before->model != state.model ||
              before->reason != state.reason || before->version.aliases != state.version.aliases ||
              before->version.tags != state.version.tags;
    next->models.insert_or_assign(target.name, std::move(state));
  }
  const std::string monitor = plant_.ModelName(kPcaSuffix);
  if (const auto it = next->models.find(monitor); it != next->models.end()) {
    next->monitor = it->second.model;
  } else {
    const ModelState kept{monitor, {}, old->monitor, ""};
    next->monitor = LoadState(registry, {monitor, ModelRef{monitor, "", 0}}, &kept).model;
  }
  changed = changed || next->monitor != old->monitor;
  if (next->monitor != nullptr && next->monitor->info().kind != ModelKind::kPca) next->monitor = nullptr;
  if (changed) snapshot_.store(std::move(next), std::memory_order_release);
  return changed;
}

std::vector<ModelState> ScoringEngine::Models() const {
  const SnapshotPtr now = snapshot();
  std::vector<ModelState> states;
  for (const auto& [name, state] : now->models) states.push_back(state);
  return states;
}

Result<ServedPtr> ScoringEngine::FindIn(const Snapshot& snapshot, const std::string& name) const {
  const std::string wanted = name.empty() ? ChampionName() : name;
  const auto it = snapshot.models.find(wanted);
  if (it == snapshot.models.end()) {
    if (snapshot.models.empty()) return Status::Unavailable("no model is loaded yet");
    std::vector<std::string> known;
    for (const auto& [key, state] : snapshot.models) known.push_back(key);
    return Status::NotFound(UnknownName("model", wanted, known));
  }
  if (it->second.model != nullptr) return it->second.model;
  return Status::Unavailable(fmt::format("model '{}' is unavailable: {}", wanted, it->second.reason));
}

Result<ServedPtr> ScoringEngine::Find(const std::string& name) const { return FindIn(*snapshot(), name); }

Result<ServedPtr> ScoringEngine::FindForecaster(std::optional<double> hours,
                                                std::vector<Fault>* faults) const {
  return FindForecasterIn(*snapshot(), hours, faults);
}

Result<ServedPtr> ScoringEngine::FindForecasterIn(const Snapshot& snapshot, std::optional<double> hours,
                                                  std::vector<Fault>* faults) const {
  // A forecaster asked for by name (--model) answers for its own horizon.
  if (!options_.only.empty() && snapshot.models.size() == 1) {
    FW_ASSIGN_OR_RETURN(ServedPtr only, FindIn(snapshot, snapshot.models.begin()->first));
    if (only->info().kind == ModelKind::kForecaster && !hours) return only;
  }
  const std::vector<PlantTime>& horizons = plant_.features.horizons;
  std::vector<std::string> listed;
  for (size_t i = 0; i < horizons.size(); ++i) {
    const double each = static_cast<double>(horizons[i]) / static_cast<double>(kHour);
    if (!hours || *hours == each) {
      return FindIn(snapshot, ForecasterName(plant_.models.prefix, plant_.HorizonName(i)));
    }
    listed.push_back(fmt::format("{}", each));
  }
  if (listed.empty())
    return Status::Unavailable(fmt::format("plant '{}' has no forecast horizon", plant_.name));
  faults->push_back({"/horizon", fmt::format("is {}; it must be one of {}", *hours, JoinNames(listed))});
  return FaultStatus(*faults);
}

double ScoringEngine::ThresholdOf(const ServedModel& model) const {
  const ModelKind kind = model.info().kind;
  const bool risk = kind == ModelKind::kClassifier || kind == ModelKind::kForecaster;
  return risk && options_.alarm_threshold ? *options_.alarm_threshold : model.info().threshold;
}

ScoringEngine::Limits ScoringEngine::LimitsOf(const ServedModel& model) const {
  const auto* pca = std::get_if<PcaModel>(&model.model().body);
  if (pca == nullptr) return {};
  if (options_.confidence == 0.99) return {pca->t2_limit99, pca->spe_limit99};
  return {pca->t2_limit95, pca->spe_limit95};
}

int ScoringEngine::AlarmOf(const ServedModel& model, const std::vector<double>& outputs) const {
  switch (model.info().kind) {
    case ModelKind::kClassifier:
    case ModelKind::kForecaster:
      return outputs[0] >= ThresholdOf(model) ? 1 : 0;
    case ModelKind::kIsolationForest:
      return outputs[0] > ThresholdOf(model) ? 1 : 0;  // above the quantile of its training scores
    case ModelKind::kPca: {
      const Limits limits = LimitsOf(model);
      return outputs.size() > 1 && (outputs[0] > limits.t2 || outputs[1] > limits.spe) ? 1 : 0;
    }
    default:
      return 0;
  }
}

}  // namespace forewarn
