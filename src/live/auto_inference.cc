#include "live/auto_inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "live/json_text.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

// Index in Plant::SeriesNames of each of the plant's sensors.
std::vector<size_t> SensorSeries(const Plant& plant) {
  const std::vector<std::string> series = plant.SeriesNames();
  std::vector<size_t> out;
  for (const std::string& sensor : plant.Sensors()) {
    out.push_back(static_cast<size_t>(std::find(series.begin(), series.end(), sensor) - series.begin()));
  }
  return out;
}

}  // namespace

LiveWindow MakeLiveWindow(const Plant& plant, std::span<const ReadingPtr> recent) {
  LiveWindow out;
  const std::vector<size_t> series = SensorSeries(plant);
  std::vector<double> last(series.size(), kNull);
  for (const ReadingPtr& reading : recent) {
    bool stale = reading->quality != ReadingQuality::kGood;
    for (size_t i = 0; i < series.size(); ++i) {
      const double value = reading->value[series[i]];
      stale = stale || !IsValid(value);
      if (IsValid(value)) last[i] = value;
    }
    // hours before the first value of every sensor cannot be told to a model
    const bool known = std::all_of(last.begin(), last.end(), IsValid);
    if (!known) continue;
    out.rows.push_back(last);
    out.stale.push_back(stale ? 1 : 0);
  }
  return out;
}

std::string ForecastBody(const std::vector<std::string>& sensors, double horizon_hours,
                         std::span<const std::vector<double>> rows) {
  std::string out = fmt::format("{{\"horizon\":{},\"recent_observations\":[", horizon_hours);
  for (size_t r = 0; r < rows.size(); ++r) {
    out += r == 0 ? "{" : ",{";
    for (size_t i = 0; i < sensors.size(); ++i) {
      out += fmt::format("{}{}:{}", i == 0 ? "" : ",", JsonText(sensors[i]), NumberText(rows[r][i]));
    }
    out += '}';
  }
  return out + "]}";
}

Result<AutoInference> RunAutoInference(const Plant& plant, std::span<const ReadingPtr> recent, Scorer& scorer,
                                       std::vector<Fault>* faults) {
  const auto window = static_cast<size_t>(plant.features.window);
  const LiveWindow live = MakeLiveWindow(plant, recent);
  if (plant.features.horizons.empty()) {
    return Status::Unavailable(fmt::format("plant '{}' has no forecast horizon", plant.name));
  }
  if (live.rows.size() < window) {
    faults->push_back({"", fmt::format("the plant has shown {} full hours; a forecast needs {}",
                                       live.rows.size(), window)});
    return FaultStatus(*faults);
  }
  AutoInference out;
  const std::vector<std::string> sensors = plant.Sensors();
  const double horizon = static_cast<double>(plant.features.horizons.front()) / static_cast<double>(kHour);
  out.request = ForecastBody(sensors, horizon, live.rows);
  FW_ASSIGN_OR_RETURN(out.reply, scorer.Forecast(out.request, faults));
  FW_ASSIGN_OR_RETURN(out.forecast, ParseForecastReply(out.reply));
  const bool stale = std::any_of(live.stale.end() - static_cast<std::ptrdiff_t>(window), live.stale.end(),
                                 [](uint8_t s) { return s != 0; });
  if (stale) out.forecast.status = InputStatus::kStale;
  out.observations = live.rows.size();
  for (size_t i = 0; i < sensors.size(); ++i) out.snapshot.emplace_back(sensors[i], live.rows.back()[i]);
  FW_ASSIGN_OR_RETURN(const std::string why, scorer.Explain(out.request, faults));
  FW_ASSIGN_OR_RETURN(ExplainAnswer explained, ParseExplainReply(why));
  out.explain_problem = std::move(explained.reason);
  out.drivers = std::move(explained.drivers);
  if (out.drivers.size() > kAutoDrivers) out.drivers.resize(kAutoDrivers);
  return out;
}

std::string AutoInferenceJson(const AutoInference& result) {
  const ForecastAnswer& f = result.forecast;
  std::string snapshot = "{";
  for (const auto& [sensor, value] : result.snapshot) {
    snapshot += fmt::format("{}{}:{}", snapshot.size() > 1 ? "," : "", JsonText(sensor), NumberText(value));
  }
  return fmt::format(
      R"({{"anomaly_probability":{},"alarm":{},"horizon_hours":{},"n_observations":{},"threshold":{},"status":"{}","model":{},"sensor_snapshot":{}}},"top_drivers":{}}})",
      NumberText(f.probability), f.alarm ? 1 : 0, NumberText(f.horizon_hours), result.observations,
      NumberText(f.threshold), InputStatusName(f.status), ModelText(f.model), snapshot,
      DriversText(result.drivers));
}

}  // namespace forewarn
