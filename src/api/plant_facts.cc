#include "api/plant_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "api/document.h"
#include "features/features.h"
#include "plant/columns.h"
#include "plant/derived.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

FeatureFacts Of(const Plant& plant, const std::string& name, const std::string& column,
                const std::string& meaning, bool same_band, const char* group) {
  const FeatureFacts base = DescribeFeature(plant, column);
  FeatureFacts facts{name, base.label + ", " + meaning, base.unit, kNull, kNull, group};
  if (same_band) {
    facts.low = base.low;
    facts.high = base.high;
  }
  return facts;
}

// A column computed from the rows of others.
std::optional<FeatureFacts> DescribeComputed(const Plant& plant, const std::string& name) {
  const FeatureSpec& spec = plant.features;
  const auto span = [&](int rows) { return FormatDuration(rows * plant.interval); };
  for (const std::string& column : spec.rolling.of) {
    const std::string over = span(spec.rolling.rows);
    if (name == RollMeanName(column)) return Of(plant, name, column, "mean of " + over, true, "rolling");
    if (name == RollStdName(column)) return Of(plant, name, column, "spread over " + over, false, "rolling");
  }
  for (const std::string& column : spec.volatility.of) {
    const std::string over = span(spec.volatility.rows);
    if (name == VolatilityMeanName(plant, column))
      return Of(plant, name, column, "mean of " + over, true, "rolling");
    if (name == VolatilityStdName(plant, column))
      return Of(plant, name, column, "spread over " + over, false, "rolling");
  }
  for (const std::string& column : spec.delta) {
    if (name == DeltaName(column)) return Of(plant, name, column, "change in " + span(1), false, "change");
  }
  return std::nullopt;
}

Json NumberOrNull(double value) { return IsValid(value) ? Json(value) : Json(nullptr); }

Json FactsJson(const FeatureFacts& facts) {
  return {{"name", facts.name},
          {"label", facts.label},
          {"unit", facts.unit},
          {"low", NumberOrNull(facts.low)},
          {"high", NumberOrNull(facts.high)},
          {"group", facts.group}};
}

const char* GroupOf(const Plant& plant, const std::string& name) {
  if (plant.FindTag(name) != nullptr || EndsWith(name, "_pv")) return "sensor";
  if (EndsWith(name, "_op")) return "output";
  if (EndsWith(name, "_sp")) return "setpoint";
  return "deviation";
}

}  // namespace

FeatureFacts DescribeFeature(const Plant& plant, const std::string& name) {
  if (name == kHourColumn) return {name, "Hour of the day", "h", 0, 23, "time"};
  if (name == kDayColumn) return {name, "Day of the week, Monday 0", "", 0, 6, "time"};
  const Plant::ColumnInfo info = plant.Describe(name);
  if (!info.label.empty()) return {name, info.label, info.unit, info.low, info.high, GroupOf(plant, name)};
  if (auto computed = DescribeComputed(plant, name)) return *computed;
  return {name, name, "", kNull, kNull, "other"};
}

std::string PlantJson(const Plant& plant, double seconds_per_hour) {
  Json json = {{"name", plant.name},
               {"title", plant.title},
               {"zone", plant.zone},
               {"interval_seconds", static_cast<double>(plant.interval) / static_cast<double>(kSecond)},
               {"seconds_per_hour", seconds_per_hour},
               {"window", plant.features.window},
               {"horizons", HorizonHours(plant)},
               {"sensors", Json::array()},
               {"features", Json::array()},
               {"history_sum", nullptr}};
  for (const std::string& name : plant.Sensors())
    json["sensors"].push_back(FactsJson(DescribeFeature(plant, name)));
  for (const std::string& name : plant.features.point)
    json["features"].push_back(FactsJson(DescribeFeature(plant, name)));
  if (plant.features.history_sum) json["history_sum"] = plant.features.history_sum->name;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string PresetsJson(const Plant& plant) {
  Json json = {{"predict", Json::array()}, {"forecast", Json::array()}};
  for (const PredictPreset& preset : plant.presets.predict) {
    Json features = Json::object();
    for (const auto& [name, value] : preset.features) features[name] = value;
    json["predict"].push_back(
        {{"name", preset.name}, {"label", preset.label}, {"features", std::move(features)}});
  }
  const std::vector<std::string> sensors = plant.Sensors();
  for (const ForecastPreset& preset : plant.presets.forecast) {
    Json rows = Json::array();
    for (const std::vector<double>& values : preset.rows) {
      Json row = Json::object();
      for (size_t s = 0; s < sensors.size(); ++s) row[sensors[s]] = values[s];
      rows.push_back(std::move(row));
    }
    json["forecast"].push_back({{"name", preset.name}, {"label", preset.label}, {"rows", std::move(rows)}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace forewarn
