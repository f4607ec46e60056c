// The sensors service's JSON: readings, history, meta, scenarios as http.md writes them, and the way back for
// a source that is reached over HTTP. A reading:
//
//   {"timestamp":UTC, <sensor>:number|null …, "quality":"good"|"stale"|"bad", "filled":[series…],
//    "tags":{<other series, deviations, _max, _min>}, "local_time":plant-local, "scenario"}
//
// `filled` names the series whose value is from an earlier hour; a source made elsewhere may leave it,
// local_time and tags out. Rendering is pure; parsing is strict and
// never trusts. Any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "live/plant_zone.h"
#include "live/sensor_source.h"
#include "plant/plant.h"

namespace forewarn {

class SensorJson {
 public:
  static Result<SensorJson> Make(const Plant& plant);

  std::string Reading(const SensorReading& reading) const;
  std::string Live(const LiveReading& live) const;                     // GET /sensors/live
  std::string History(const std::vector<ReadingPtr>& readings) const;  // {"readings":[…],"count"}
  std::string Meta(const std::vector<SensorMeta>& meta) const;         // {tag:{"label","unit","low","high"}}
  std::string Scenarios(const ScenarioList& list) const;               // {"active","scenarios":{…}}
  std::string Activated(const ScenarioInfo& active) const;             // {"active","description"}

  Result<SensorReading> ParseReading(std::string_view body) const;
  Result<LiveReading> ParseLive(std::string_view body) const;
  Result<std::vector<ReadingPtr>> ParseHistory(std::string_view body) const;
  Result<std::vector<SensorMeta>> ParseMeta(std::string_view body) const;
  Result<ScenarioList> ParseScenarios(std::string_view body) const;

  const PlantZone& zone() const { return zone_; }
  // Index in SensorReading::value of each of the plant's sensors, in Plant::Sensors order.
  const std::vector<size_t>& sensors() const { return sensors_; }

 private:
  struct Column {  // one number of the "tags" object
    std::string name;
    enum class Of { kValue, kMax, kMin, kDeviation } of = Of::kValue;
    size_t series = 0;
    size_t setpoint = 0;  // kDeviation: the SP's series
  };
  explicit SensorJson(PlantZone zone) : zone_(zone) {}
  void AddTags(const Plant& plant);
  Result<SensorReading> ReadReading(const nlohmann::json& object) const;

  PlantZone zone_;
  std::vector<std::string> series_;
  std::vector<std::string> sensor_names_;
  std::vector<size_t> sensors_;
  std::vector<Column> tags_;
};

}  // namespace forewarn
