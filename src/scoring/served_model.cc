#include "scoring/served_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/names.h"
#include "plant/columns.h"
#include "registry/artifact.h"

namespace forewarn {
namespace {

// Looks a name up in any case, without allocating for names of usual length.
int Find(const std::unordered_map<std::string, int>& index, std::string_view name) {
  thread_local std::string lower;  // keeps its capacity from call to call
  lower.assign(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const auto it = index.find(lower);
  return it == index.end() ? -1 : it->second;
}

}  // namespace

Result<std::shared_ptr<const ServedModel>> ServedModel::Load(Registry& registry, const ModelVersion& version,
                                                             const Plant& plant) {
  FW_ASSIGN_OR_RETURN(Model model, LoadVersion(registry, version));
  return Make(std::move(model), version, plant);
}

Result<std::shared_ptr<const ServedModel>> ServedModel::Make(Model model, ModelVersion version,
                                                             const Plant& plant) {
  FW_RETURN_IF_ERROR(CheckModel(model));
  if (model.info.features.empty()) {
    return Status::Invalid(fmt::format("model '{}' does not name its inputs", version.name));
  }
  FW_ASSIGN_OR_RETURN(Predictor predictor, Predictor::Build(model));
  std::shared_ptr<ServedModel> served(
      new ServedModel(std::move(model), std::move(version), std::move(predictor)));
  FW_RETURN_IF_ERROR(served->BuildLookups(plant));
  Result<Explainer> explainer = Explainer::Build(served->model_);
  if (explainer.ok()) {
    served->explainer_ = std::move(*explainer);
  } else {
    served->explain_problem_ = explainer.message();
  }
  return std::shared_ptr<const ServedModel>(std::move(served));
}

Status ServedModel::BuildLookups(const Plant& plant) {
  const ModelInfo& info = model_.info;
  for (size_t i = 0; i < info.features.size(); ++i) index_[ToLower(info.features[i])] = static_cast<int>(i);
  for (size_t i = 0; i < info.sensors.size(); ++i) sensors_[ToLower(info.sensors[i])] = static_cast<int>(i);
  if (info.kind == ModelKind::kForecaster) {
    const size_t expected = WindowNames(info.sensors, info.window).size();
    if (info.window < 1 || info.sensors.empty() || expected != info.features.size()) {
      return Status::Invalid(
          fmt::format("model '{}' has {} inputs, but a window of {} rows of {} sensors has {}", version_.name,
                      info.features.size(), info.window, info.sensors.size(), expected));
    }
    FW_ASSIGN_OR_RETURN(groups_, SensorOfFeatures(info.features, info.sensors));
  }
  defaults_.resize(info.features.size());
  for (size_t i = 0; i < defaults_.size(); ++i)
    defaults_[i].value = info.medians.empty() ? kNull : info.medians[i];
  const std::vector<PointDefault> rules = PointDefaults(plant);
  for (size_t p = 0; p < rules.size(); ++p) {
    const int i = IndexOf(plant.features.point[p]);
    if (i < 0) continue;
    Default& d = defaults_[i];
    if (!rules[p].from.empty()) d.from = IndexOf(rules[p].from);
    if (IsValid(rules[p].value)) d.value = rules[p].value;
    if (rules[p].clock) d.clock = plant.features.point[p] == kHourColumn ? 1 : 2;
  }
  return Status::Ok();
}

int ServedModel::IndexOf(std::string_view name, size_t hint) const {
  const std::vector<std::string>& names = model_.info.features;
  return hint < names.size() && names[hint] == name ? static_cast<int>(hint) : Find(index_, name);
}

int ServedModel::SensorIndexOf(std::string_view name, size_t hint) const {
  const std::vector<std::string>& names = model_.info.sensors;
  return hint < names.size() && names[hint] == name ? static_cast<int>(hint) : Find(sensors_, name);
}

void ServedModel::Impute(std::span<double> row, std::span<const char> given,
                         std::optional<PlantTime> plant_time, std::vector<size_t>* imputed) const {
  for (size_t i = 0; i < row.size(); ++i) {
    if (given[i]) continue;
    const Default& d = defaults_[i];
    row[i] = d.value;
    if (d.clock == 1 && plant_time) row[i] = HourOfDay(*plant_time);
    if (d.clock == 2 && plant_time) row[i] = DayOfWeek(*plant_time);
    imputed->push_back(i);
  }
  // Second, as the columns they come from may have been filled just now.
  for (size_t i = 0; i < row.size(); ++i) {
    if (!given[i] && defaults_[i].from >= 0) row[i] = row[defaults_[i].from];
  }
}

}  // namespace forewarn
