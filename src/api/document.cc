#include "api/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/model_names.h"
#include "scoring/request.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

// Runs of models.md that are registered under their own names and give a risk.
constexpr char kSoftAlarmForest[] = "rf_soft_alarm";
constexpr char kSoftAlarmLogistic[] = "lr_soft_alarm";

Json Number() { return {{"type", "number"}, {"minimum", -kLargestInput}, {"maximum", kLargestInput}}; }

Json Described(const Plant& plant, const std::string& column, Json schema) {
  const Plant::ColumnInfo info = plant.Describe(column);
  if (!info.label.empty()) {
    schema["description"] = info.unit.empty() ? info.label : fmt::format("{}, {}", info.label, info.unit);
  }
  return schema;
}

double Typical(const Plant& plant, const std::string& column) {
  const Plant::ColumnInfo info = plant.Describe(column);
  return IsValid(info.low) && IsValid(info.high) ? (info.low + info.high) / 2 : 0;
}

Json ExampleOfFeatures(const Plant& plant) {
  Json example = Json::object();
  if (!plant.presets.predict.empty()) {
    for (const auto& [name, value] : plant.presets.predict.front().features) example[name] = value;
  } else {
    for (const std::string& name : plant.features.point) example[name] = Typical(plant, name);
  }
  return example;
}

Json ExampleOfRows(const Plant& plant) {
  const std::vector<std::string> sensors = plant.Sensors();
  Json rows = Json::array();
  for (int r = 0; r < plant.features.window; ++r) {
    Json row = Json::object();
    for (size_t s = 0; s < sensors.size(); ++s) {
      row[sensors[s]] = plant.presets.forecast.empty() ? Typical(plant, sensors[s])
                                                       : plant.presets.forecast.front().rows[r][s];
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::string> HorizonNames(const Plant& plant) {
  std::vector<std::string> names;
  for (size_t i = 0; i < plant.features.horizons.size(); ++i) names.push_back(plant.HorizonName(i));
  return names;
}

// Those of the served names that predict a risk: the champion's, and the two of the soft alarm.
std::vector<std::string> ClassifierNames(const Plant& plant) {
  std::vector<std::string> names = {plant.ModelName(kChampionSuffix)};
  for (const char* run : {kSoftAlarmForest, kSoftAlarmLogistic}) {
    const std::vector<std::string>& train = plant.models.train;
    if (std::find(train.begin(), train.end(), run) != train.end()) names.push_back(plant.ModelName(run));
  }
  return names;
}

void AddHistorySum(const Plant& plant, Json& schema) {
  if (!plant.features.history_sum) return;
  schema["properties"][plant.features.history_sum->name] = {{"type", "number"},
                                                            {"minimum", 0},
                                                            {"maximum", kLargestInput},
                                                            {"description", "Failures in the last hours."}};
}

void FillFeatures(const Plant& plant, Json& schema) {
  schema["properties"] = Json::object();
  Json any = Json::array();
  for (const std::string& name : plant.features.point) {
    schema["properties"][name] = Described(plant, name, Number());
    any.push_back({{"required", {name}}});
  }
  AddHistorySum(plant, schema);
  if (!any.empty()) schema["anyOf"] = std::move(any);
  schema["example"] = ExampleOfFeatures(plant);
}

void FillSensors(const Plant& plant, Json value, bool needed, Json& schema) {
  for (const std::string& sensor : plant.Sensors()) {
    schema["properties"][sensor] = Described(plant, sensor, value);
    if (needed) schema["required"].push_back(sensor);
  }
}

// Puts the plant in the place of one "x-plant".
Status Fill(const std::string& word, const Plant& plant, Json& schema) {
  if (word == "reading") {
    FillSensors(plant, {{"type", {"number", "null"}}}, true, schema);
  } else if (word == "observation") {
    FillSensors(plant, Number(), true, schema);
  } else if (word == "features") {
    FillFeatures(plant, schema);
  } else if (word == "observations") {
    schema["minItems"] = plant.features.window;
    schema["example"] = ExampleOfRows(plant);
  } else if (word == "history_sum") {
    AddHistorySum(plant, schema);
  } else if (word == "horizon") {
    const std::vector<double> hours = HorizonHours(plant);
    schema["enum"] = hours;
    if (!hours.empty()) schema["default"] = hours.front();
  } else if (word == "scenario") {
    schema["enum"] = plant.simulator.ScenarioNames();
  } else if (word == "classifier") {
    schema["enum"] = ClassifierNames(plant);
  } else if (word == "model") {
    schema["enum"] = ServedNames(plant.models.prefix, HorizonNames(plant));
  } else {
    return Status::Internal(fmt::format("an OpenAPI document asks for '{}' of the plant", word));
  }
  return Status::Ok();
}

Status FillAll(const Plant& plant, bool bearer_needed, Json& node) {
  if (node.is_object()) {
    if (const auto word = node.find("x-plant"); word != node.end()) {
      const std::string text = word->get<std::string>();
      node.erase("x-plant");
      FW_RETURN_IF_ERROR(Fill(text, plant, node));
      return Status::Ok();
    }
    for (auto& [key, value] : node.items()) {
      if (bearer_needed && key == "security" &&
          value == Json({Json::object(), {{"bearer", Json::array()}}})) {
        value.erase(0);
      }
      FW_RETURN_IF_ERROR(FillAll(plant, bearer_needed, value));
    }
  } else if (node.is_array()) {
    for (Json& value : node) FW_RETURN_IF_ERROR(FillAll(plant, bearer_needed, value));
  }
  return Status::Ok();
}

}  // namespace

std::vector<double> HorizonHours(const Plant& plant) {
  std::vector<double> hours;
  for (const PlantTime horizon : plant.features.horizons) {
    hours.push_back(static_cast<double>(horizon) / static_cast<double>(kHour));
  }
  return hours;
}

Result<std::string> CompleteDocument(std::string_view text, const Plant& plant,
                                     const DocumentOptions& options) {
  Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return Status::Internal("an OpenAPI document is no JSON");
  FW_RETURN_IF_ERROR(FillAll(plant, options.bearer_needed, document));
  if (!options.without_paths.empty()) {
    Json kept = Json::object();
    for (const auto& [path, item] : document["paths"].items()) {
      if (path.rfind(options.without_paths, 0) != 0) kept[path] = item;
    }
    document["paths"] = std::move(kept);
  }
  return document.dump();
}

}  // namespace forewarn
