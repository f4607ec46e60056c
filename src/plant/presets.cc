#include "plant/presets.h"

#include <fmt/format.h>

#include <set>

#include "plant/plant.h"
#include "plant/toml_reader.h"

namespace forewarn {
namespace {

void ReadFeatureValues(TomlReader& reader, const Plant& plant, PredictPreset* preset) {
  auto values = reader.Table("features");
  if (!values) return;
  std::vector<std::string> names = plant.features.point;
  if (plant.features.history_sum) names.push_back(plant.features.history_sum->name);
  for (const std::string& name : names) {
    double value = 0;
    if (values->Number(name, &value)) preset->features.emplace_back(name, value);
  }
  if (preset->features.empty()) reader.AddProblem("features", "no value of a point feature");
}

void ReadRows(TomlReader& reader, const Plant& plant, ForecastPreset* preset) {
  auto columns = reader.Table("rows");
  if (!columns) return;
  const std::vector<std::string> sensors = plant.Sensors();
  for (const std::string& sensor : sensors) {
    std::vector<double> values;
    if (!columns->Numbers(sensor, &values, Need::kRequired)) continue;
    if (preset->rows.empty()) preset->rows.resize(values.size());
    if (values.size() != preset->rows.size() || static_cast<int>(values.size()) < plant.features.window) {
      columns->AddProblem(
          sensor, fmt::format("{} values; every sensor needs as many, at least a window of {}", values.size(),
                              plant.features.window));
      continue;
    }
    for (size_t r = 0; r < values.size(); ++r) preset->rows[r].push_back(values[r]);
  }
}

}  // namespace

void ReadPresets(TomlReader& root, Plant* plant) {
  std::set<std::string> seen;
  for (TomlReader& reader : root.Tables("preset")) {
    std::string name;
    reader.String("name", &name, Need::kRequired);
    std::string label = name;
    reader.String("label", &label);
    const bool rows = reader.Has("rows");
    if (rows == reader.Has("features")) {
      reader.Accept("features");
      reader.AddProblem("name", "a preset has either features (of an hour) or rows (of a window)");
    }
    if (!seen.insert((rows ? "rows " : "features ") + name).second) {
      reader.AddProblem("name", fmt::format("the preset '{}' is there already", name));
    }
    if (rows) {
      ForecastPreset preset{name, label, {}};
      ReadRows(reader, *plant, &preset);
      plant->presets.forecast.push_back(std::move(preset));
    } else {
      PredictPreset preset{name, label, {}};
      ReadFeatureValues(reader, *plant, &preset);
      plant->presets.predict.push_back(std::move(preset));
    }
  }
}

}  // namespace forewarn
