#include "live/sensor_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/names.h"
#include "live/json_fields.h"
#include "live/json_text.h"
#include "plant/derived.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

size_t IndexIn(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::string LocalText(PlantTime local) {
  std::string text = FormatPlantTime(local);
  text[10] = 'T';
  return text;
}

// Null where a source made elsewhere does not give it.
Result<double> OptionalNumber(const nlohmann::json& object, const std::string& key) {
  if (!object.contains(key)) return kNull;
  return NumberOrNullAt(object, key.c_str());
}

Result<ReadingQuality> QualityAt(const nlohmann::json& object) {
  FW_ASSIGN_OR_RETURN(const std::string text, TextAt(object, "quality"));
  std::vector<std::string> known;
  for (const ReadingQuality q : {ReadingQuality::kGood, ReadingQuality::kStale, ReadingQuality::kBad}) {
    if (text == ReadingQualityName(q)) return q;
    known.emplace_back(ReadingQualityName(q));
  }
  return Status::Invalid(UnknownName("quality", text, known));
}

}  // namespace

const char* ReadingQualityName(ReadingQuality quality) {
  switch (quality) {
    case ReadingQuality::kGood:
      return "good";
    case ReadingQuality::kStale:
      return "stale";
    case ReadingQuality::kBad:
      return "bad";
  }
  return "unknown";
}

Result<SensorJson> SensorJson::Make(const Plant& plant) {
  FW_ASSIGN_OR_RETURN(const PlantZone zone, PlantZone::Find(plant));
  SensorJson out(zone);
  out.series_ = plant.SeriesNames();
  out.sensor_names_ = plant.Sensors();
  for (const std::string& sensor : out.sensor_names_) out.sensors_.push_back(IndexIn(out.series_, sensor));
  out.AddTags(plant);
  return out;
}

void SensorJson::AddTags(const Plant& plant) {
  for (size_t s = 0; s < series_.size(); ++s) {
    if (std::find(sensors_.begin(), sensors_.end(), s) != sensors_.end()) continue;
    tags_.push_back({series_[s], Column::Of::kValue, s, 0});
  }
  for (const Controller& c : plant.controllers) {
    tags_.push_back({DeviationName(c.id), Column::Of::kDeviation, IndexIn(series_, c.id + "_pv"),
                     IndexIn(series_, c.id + "_sp")});
  }
  std::vector<std::string> with_extremes;
  for (const Tag& tag : plant.tags) with_extremes.push_back(tag.id);
  for (const Controller& c : plant.controllers) with_extremes.push_back(c.id + "_pv");
  for (const std::string& name : with_extremes) {
    tags_.push_back({MaxName(name), Column::Of::kMax, IndexIn(series_, name), 0});
    tags_.push_back({MinName(name), Column::Of::kMin, IndexIn(series_, name), 0});
  }
}

std::string SensorJson::Reading(const SensorReading& reading) const {
  std::string out = fmt::format("{{\"timestamp\":\"{}\"", zone_.Iso(reading.time));
  for (size_t i = 0; i < sensors_.size(); ++i) {
    out += fmt::format(",{}:{}", JsonText(sensor_names_[i]), NumberText(reading.value[sensors_[i]]));
  }
  out += fmt::format(",\"quality\":\"{}\",\"filled\":[", ReadingQualityName(reading.quality));
  bool first = true;
  for (size_t s = 0; s < series_.size(); ++s) {
    if (reading.filled[s] == 0) continue;
    out += (first ? "" : ",") + JsonText(series_[s]);
    first = false;
  }
  out += "],\"tags\":{";
  for (size_t i = 0; i < tags_.size(); ++i) {
    const Column& c = tags_[i];
    const double value = c.of == Column::Of::kMax   ? reading.max[c.series]
                         : c.of == Column::Of::kMin ? reading.min[c.series]
                         : c.of == Column::Of::kDeviation
                             ? reading.value[c.series] - reading.value[c.setpoint]
                             : reading.value[c.series];
    out += fmt::format("{}{}:{}", i == 0 ? "" : ",", JsonText(c.name), NumberText(value));
  }
  return out + fmt::format("}},\"local_time\":\"{}\",\"scenario\":{}}}", LocalText(reading.time),
                           JsonText(reading.scenario));
}

std::string SensorJson::Live(const LiveReading& live) const {
  return fmt::format(
      R"({{"reading":{},"scenario":{},"scenario_description":{},"scenario_color":{},"plant_time":"{}","seconds_per_hour":{}}})",
      Reading(*live.reading), JsonText(live.scenario), JsonText(live.scenario_description),
      JsonText(live.scenario_color), zone_.Iso(live.plant_time), NumberText(live.seconds_per_hour));
}

std::string SensorJson::History(const std::vector<ReadingPtr>& readings) const {
  std::string out = "{\"readings\":[";
  for (size_t i = 0; i < readings.size(); ++i) {
    if (i > 0) out += ',';
    out += Reading(*readings[i]);
  }
  return out + fmt::format("],\"count\":{}}}", readings.size());
}

std::string SensorJson::Meta(const std::vector<SensorMeta>& meta) const {
  std::string out = "{";
  for (const SensorMeta& m : meta) {
    out += fmt::format(R"({}{}:{{"label":{},"unit":{},"low":{},"high":{}}})", out.size() > 1 ? "," : "",
                       JsonText(m.tag), JsonText(m.label), JsonText(m.unit), NumberText(m.low),
                       NumberText(m.high));
  }
  return out + "}";
}

std::string SensorJson::Scenarios(const ScenarioList& list) const {
  std::string out = fmt::format("{{\"active\":{},\"scenarios\":{{", JsonText(list.active));
  for (size_t i = 0; i < list.scenarios.size(); ++i) {
    const ScenarioInfo& s = list.scenarios[i];
    out += fmt::format(R"({}{}:{{"description":{},"color":{}}})", i == 0 ? "" : ",", JsonText(s.name),
                       JsonText(s.description), JsonText(s.color));
  }
  return out + "}}";
}

std::string SensorJson::Activated(const ScenarioInfo& active) const {
  return fmt::format(R"({{"active":{},"description":{}}})", JsonText(active.name),
                     JsonText(active.description));
}

Result<SensorReading> SensorJson::ReadReading(const nlohmann::json& object) const {
  SensorReading out;
  FW_ASSIGN_OR_RETURN(const PlantTime utc, UtcAt(object, "timestamp"));
  out.time = zone_.ToLocal(utc);
  if (object.contains("local_time")) {
    FW_ASSIGN_OR_RETURN(out.time, UtcAt(object, "local_time"));
  }
  out.value.assign(series_.size(), kNull);
  out.max = out.min = out.value;
  out.filled.assign(series_.size(), 0);
  for (size_t i = 0; i < sensors_.size(); ++i) {
    FW_ASSIGN_OR_RETURN(out.value[sensors_[i]], NumberOrNullAt(object, sensor_names_[i].c_str()));
  }
  FW_ASSIGN_OR_RETURN(const nlohmann::json* tags, ObjectAt(object, "tags"));
  for (const Column& c : tags_) {
    if (c.of == Column::Of::kDeviation) continue;
    auto& cells = c.of == Column::Of::kMax ? out.max : c.of == Column::Of::kMin ? out.min : out.value;
    FW_ASSIGN_OR_RETURN(cells[c.series], OptionalNumber(*tags, c.name));
  }
  FW_ASSIGN_OR_RETURN(out.quality, QualityAt(object));
  if (object.contains("filled")) {
    FW_ASSIGN_OR_RETURN(const nlohmann::json* filled, ListAt(object, "filled"));
    for (const nlohmann::json& name : *filled) {
      if (!name.is_string()) return Status::Invalid("'filled' must hold names");
      const size_t s = IndexIn(series_, name.get<std::string>());
      if (s < series_.size()) out.filled[s] = 1;
    }
  }
  if (object.contains("scenario")) {
    FW_ASSIGN_OR_RETURN(out.scenario, TextAt(object, "scenario"));
  }
  return out;
}

Result<SensorReading> SensorJson::ParseReading(std::string_view body) const {
  FW_ASSIGN_OR_RETURN(const nlohmann::json object, ParseObject(body));
  Result<SensorReading> out = ReadReading(object);
  if (!out.ok()) return out.status().WithPrefix("the sensors' reading cannot be used");
  return out;
}

Result<LiveReading> SensorJson::ParseLive(std::string_view body) const {
  FW_ASSIGN_OR_RETURN(const nlohmann::json object, ParseObject(body));
  LiveReading out;
  FW_ASSIGN_OR_RETURN(const nlohmann::json* reading, ObjectAt(object, "reading"));
  FW_ASSIGN_OR_RETURN(SensorReading parsed, ReadReading(*reading));
  FW_ASSIGN_OR_RETURN(out.scenario, TextAt(object, "scenario"));
  FW_ASSIGN_OR_RETURN(out.scenario_description, TextAt(object, "scenario_description"));
  FW_ASSIGN_OR_RETURN(out.scenario_color, TextAt(object, "scenario_color"));
  FW_ASSIGN_OR_RETURN(out.seconds_per_hour, NumberAt(object, "seconds_per_hour"));
  FW_ASSIGN_OR_RETURN(const PlantTime utc, UtcAt(object, "plant_time"));
  out.plant_time = zone_.ToLocal(utc);
  out.reading = std::make_shared<const SensorReading>(std::move(parsed));
  return out;
}

Result<std::vector<ReadingPtr>> SensorJson::ParseHistory(std::string_view body) const {
  FW_ASSIGN_OR_RETURN(const nlohmann::json object, ParseObject(body));
  FW_ASSIGN_OR_RETURN(const nlohmann::json* list, ListAt(object, "readings"));
  std::vector<ReadingPtr> out;
  for (const nlohmann::json& item : *list) {
    FW_ASSIGN_OR_RETURN(SensorReading reading, ReadReading(item));
    if (!out.empty() && reading.time <= out.back()->time) {
      return Status::Invalid("the sensors' history cannot be used: its readings are not in order of time");
    }
    out.push_back(std::make_shared<const SensorReading>(std::move(reading)));
  }
  return out;
}

Result<std::vector<SensorMeta>> SensorJson::ParseMeta(std::string_view body) const {
  FW_ASSIGN_OR_RETURN(const nlohmann::json object, ParseObject(body));
  std::vector<SensorMeta> out;
  for (const std::string& sensor : sensor_names_) {
    FW_ASSIGN_OR_RETURN(const nlohmann::json* item, ObjectAt(object, sensor.c_str()));
    SensorMeta meta;
    meta.tag = sensor;
    FW_ASSIGN_OR_RETURN(meta.label, TextAt(*item, "label"));
    FW_ASSIGN_OR_RETURN(meta.unit, TextAt(*item, "unit"));
    FW_ASSIGN_OR_RETURN(meta.low, NumberOrNullAt(*item, "low"));
    FW_ASSIGN_OR_RETURN(meta.high, NumberOrNullAt(*item, "high"));
    out.push_back(std::move(meta));
  }
  return out;
}

Result<ScenarioList> SensorJson::ParseScenarios(std::string_view body) const {
  const auto parsed = nlohmann::ordered_json::parse(body, nullptr, false);
  FW_ASSIGN_OR_RETURN(const nlohmann::json object, ParseObject(body));
  ScenarioList out;
  FW_ASSIGN_OR_RETURN(out.active, TextAt(object, "active"));
  FW_ASSIGN_OR_RETURN(const nlohmann::json* list, ObjectAt(object, "scenarios"));
  for (const auto& [name, unused] : parsed["scenarios"].items()) {  // in the order as sent
    FW_ASSIGN_OR_RETURN(const nlohmann::json* item, ObjectAt(*list, name.c_str()));
    ScenarioInfo info;
    info.name = name;
    FW_ASSIGN_OR_RETURN(info.description, TextAt(*item, "description"));
    FW_ASSIGN_OR_RETURN(info.color, TextAt(*item, "color"));
    out.scenarios.push_back(std::move(info));
  }
  return out;
}

}  // namespace forewarn
