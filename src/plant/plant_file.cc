#include "plant/plant_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "core/file.h"
#include "core/names.h"
#include "plant/derived.h"
#include "plant/plant_sections.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxFileBytes = 4 << 20;

const std::vector<std::string>& BaseRuns() {
  static const std::vector<std::string> kRuns = {
      "gradient_boosting", "xgboost_calibrated",  "xgboost_leafwise_calibrated",
      "rf_soft_alarm",     "lr_soft_alarm",       "isolation_forest",
      "regime_classifier", "deviation_predictor", "pca"};
  return kRuns;
}

// Checks a list of columns against those allowed, and against itself.
void CheckColumns(TomlReader& reader, std::string_view key, const std::vector<std::string>& columns,
                  const std::vector<std::string>& allowed, std::string_view kind) {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (std::find(allowed.begin(), allowed.end(), columns[i]) == allowed.end()) {
      reader.AddProblem(key, UnknownName(kind, columns[i], allowed), static_cast<int>(i));
    } else if (std::find(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(i), columns[i]) !=
               columns.begin() + static_cast<std::ptrdiff_t>(i)) {
      reader.AddProblem(key, fmt::format("'{}' is listed twice", columns[i]), static_cast<int>(i));
    }
  }
}

// What a plant's parts must agree on; every finding goes to the reader of the part.
class CrossChecks {
 public:
  CrossChecks(TomlReader& root, Plant& plant) : root_(root), plant_(plant) {}

  void Run() {
    CheckSensors();
    if (auto features = root_.Table("features")) CheckFeatures(*features);
    if (auto label = root_.Table("label")) CheckLabel(*label);
    if (auto models = root_.Table("models")) CheckModels(*models);
    CheckScenarios();
  }

 private:
  void CheckSensors() {
    if (plant_.Sensors().empty())
      root_.AddProblem("tag", "no sensor: at least one [[tag]] or [[controller]] must be one");
  }

  void CheckFeatures(TomlReader& reader) {
    const FeatureSpec& spec = plant_.features;
    const std::vector<std::string> live = LiveColumns(plant_);
    const std::vector<std::string> series = plant_.SeriesNames();
    if (auto rolling = reader.Table("rolling")) CheckColumns(*rolling, "of", spec.rolling.of, live, "column");
    if (auto volatility = reader.Table("volatility"))
      CheckColumns(*volatility, "of", spec.volatility.of, series, "series");
    CheckColumns(reader, "delta", spec.delta, live, "column");
    CheckPoint(reader, spec);
    if (auto sum = reader.Table("history_sum"); sum && spec.history_sum) {
      if (plant_.label.empty() && spec.history_sum->of == kLabelColumn) {
        sum->AddProblem("of", "the plant has no labels: there is no [label] with periods or alarm rules");
      }
      std::vector<std::string> known = TableColumns(plant_);
      known.insert(known.begin(), kLabelColumn);
      CheckColumns(*sum, "of", {spec.history_sum->of}, known, "column");
      const std::vector<std::string> point = PointColumns(plant_);
      if (std::find(point.begin(), point.end(), spec.history_sum->name) != point.end()) {
        sum->AddProblem("name", fmt::format("'{}' is a column already", spec.history_sum->name));
      }
    }
  }

  void CheckPoint(TomlReader& reader, const FeatureSpec& spec) {
    const std::vector<std::string> known = PointColumns(plant_);
    const std::vector<std::string> table = TableColumns(plant_);
    std::vector<std::string> rest;
    for (size_t i = 0; i < spec.point.size(); ++i) {
      const bool computed = std::find(known.begin(), known.end(), spec.point[i]) != known.end();
      if (!computed && std::find(table.begin(), table.end(), spec.point[i]) != table.end()) {
        reader.AddProblem(
            "point",
            fmt::format("'{}' cannot be a model input: it is not known live in the same form", spec.point[i]),
            static_cast<int>(i));
      }
    }
    std::vector<std::string> allowed = known;
    allowed.insert(allowed.end(), table.begin(), table.end());
    for (size_t i = 0; i < spec.point.size(); ++i) {
      const auto begin = spec.point.begin();
      if (std::find(allowed.begin(), allowed.end(), spec.point[i]) == allowed.end()) {
        reader.AddProblem("point", UnknownName("feature", spec.point[i], known), static_cast<int>(i));
      } else if (std::find(begin, begin + static_cast<std::ptrdiff_t>(i), spec.point[i]) !=
                 begin + static_cast<std::ptrdiff_t>(i)) {
        reader.AddProblem("point", fmt::format("'{}' is listed twice", spec.point[i]), static_cast<int>(i));
      }
    }
  }

  void CheckLabel(TomlReader& reader) {
    const std::vector<std::string> known = TableColumns(plant_);
    const auto check = [&](std::string_view key, const std::vector<Rule>& rules,
                           const std::vector<int>& places) {
      for (size_t i = 0; i < rules.size(); ++i) {
        const Status status = rules[i].Check(known);
        if (!status.ok()) reader.AddProblem(key, status.message(), places[i]);
      }
    };
    // rules that did not parse are reported already and are not in the list
    std::vector<int> alarm_places;
    std::vector<int> transition_places;
    RulePlaces(reader, "alarm", &alarm_places);
    RulePlaces(reader, "transition", &transition_places);
    check("alarm", plant_.label.alarm, alarm_places);
    check("transition", plant_.label.transition, transition_places);
  }

  static void RulePlaces(TomlReader& reader, std::string_view key, std::vector<int>* places) {
    std::vector<std::string> texts;
    if (!reader.Strings(key, &texts)) return;
    for (size_t i = 0; i < texts.size(); ++i) {
      if (Rule::Parse(texts[i]).ok()) places->push_back(static_cast<int>(i));
    }
  }

  void CheckModels(TomlReader& reader) {
    const ModelSpec& spec = plant_.models;
    const std::vector<std::string> runs = RunNames(plant_);
    CheckColumns(reader, "train", spec.train, runs, "run");
    const auto trains = [&](std::string_view run) {
      return std::find(spec.train.begin(), spec.train.end(), run) != spec.train.end();
    };
    for (size_t i = 0; i < spec.train.size(); ++i) {
      const std::string& run = spec.train[i];
      const bool needs_label = run != "pca" && run != "isolation_forest" && run != "deviation_predictor";
      const bool known = std::find(runs.begin(), runs.end(), run) != runs.end();
      if (plant_.label.empty() && needs_label && known) {
        reader.AddProblem(
            "train", fmt::format("'{}' needs labels; add [label], or train pca and isolation_forest", run),
            static_cast<int>(i));
      }
    }
    if (trains("deviation_predictor") && spec.deviation_target.empty()) {
      reader.AddProblem("deviation_target", "missing; 'deviation_predictor' needs the column it predicts");
    }
    if (!spec.deviation_target.empty()) {
      CheckColumns(reader, "deviation_target", {spec.deviation_target}, LiveColumns(plant_), "column");
    }
    if (!spec.leading_sensor.empty()) {
      CheckColumns(reader, "leading_sensor", {spec.leading_sensor}, plant_.Sensors(), "sensor");
    }
    if (!spec.train.empty() && plant_.features.point.empty()) {
      reader.AddProblem("train", "models need inputs; list them in [features] point");
    }
  }

  void CheckScenarios() {
    const std::vector<std::string> series = plant_.SeriesNames();
    for (size_t i = 0; i < plant_.simulator.scenarios.size(); ++i) {
      for (const ScenarioEffect& effect : plant_.simulator.scenarios[i].effects) {
        if (std::find(series.begin(), series.end(), effect.tag) == series.end()) {
          root_.AddProblem("scenario", UnknownName("series", effect.tag, series), static_cast<int>(i));
        }
      }
    }
    for (const SimulatedTag& tag : plant_.simulator.tags) {
      if (std::find(series.begin(), series.end(), tag.tag) == series.end()) {
        root_.AddProblem("simulator", UnknownName("series", tag.tag, series));
      }
    }
    std::vector<std::string> controllers;
    for (const Controller& controller : plant_.controllers) controllers.push_back(controller.id);
    for (const SimulatedLoop& loop : plant_.simulator.loops) {
      if (std::find(controllers.begin(), controllers.end(), loop.controller) == controllers.end()) {
        root_.AddProblem("simulator", UnknownName("controller", loop.controller, controllers));
      }
    }
  }

  TomlReader& root_;
  Plant& plant_;
};

Status FirstProblem(const std::vector<Problem>& problems) {
  std::string message = problems.front().Text();
  if (problems.size() > 1) {
    message += fmt::format(" (and {} more; `forewarn plant check` shows all)", problems.size() - 1);
  }
  return Status::Invalid(message);
}

}  // namespace

std::vector<std::string> RunNames(const Plant& plant) {
  std::vector<std::string> out = BaseRuns();
  for (size_t i = 0; i < plant.features.horizons.size(); ++i)
    out.push_back("forecaster_" + plant.HorizonName(i));
  return out;
}

PlantCheck CheckPlant(std::string_view text, const std::string& file_name, const fs::path& folder) {
  PlantCheck check;
  auto document = TomlDocument::Parse(text, file_name);
  if (!document.ok()) {
    check.problems.push_back({file_name, 0, "", document.message().substr(file_name.size() + 2)});
    return check;
  }
  TomlReader root = document->Root();
  Plant plant;
  plant.file = file_name;
  ReadPlantSections(root, folder, &plant);
  CrossChecks(root, plant).Run();
  check.problems = document->Finish();
  if (check.problems.empty()) check.plant = std::move(plant);
  return check;
}

PlantCheck CheckPlantFile(const fs::path& path) {
  const auto text = ReadFile(path, kMaxFileBytes);
  if (!text.ok()) {
    PlantCheck check;
    check.problems.push_back({path.string(), 0, "", text.message()});
    return check;
  }
  PlantCheck check = CheckPlant(*text, path.string(), path.parent_path().empty() ? "." : path.parent_path());
  if (check.plant) check.plant->file = path;
  return check;
}

Result<Plant> ParsePlant(std::string_view text, const std::string& file_name) {
  PlantCheck check = CheckPlant(text, file_name);
  if (!check.problems.empty()) return FirstProblem(check.problems);
  return std::move(*check.plant);
}

Result<Plant> LoadPlantFile(const fs::path& path) {
  const auto text = ReadFile(path, kMaxFileBytes);
  if (!text.ok()) return text.status();
  PlantCheck check = CheckPlantFile(path);
  if (!check.problems.empty()) return FirstProblem(check.problems);
  return std::move(*check.plant);
}

}  // namespace forewarn
