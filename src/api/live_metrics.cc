#include "api/live_metrics.h"

#include <nlohmann/json.hpp>

#include "live/json_fields.h"

namespace forewarn {

LiveMetrics::LiveMetrics(const Plant& plant, http::Metrics* metrics, EventSink* next)
    : next_(*next),
      stale_(metrics->Gauge("gateway_plant_stale",
                            "1 while no reading has come for longer than filling bridges.")) {
  for (size_t i = 0; i < plant.features.horizons.size(); ++i) {
    const std::string name = plant.HorizonName(i);
    horizons_[name] = {
        &metrics->Gauge("gateway_warnings_active", "Warnings that are on, by horizon.", {{"horizon", name}}),
        &metrics->Counter("gateway_warnings_total", "Warnings raised since the start, by horizon.",
                          {{"horizon", name}})};
  }
}

Result<std::unique_ptr<LiveMetrics>> LiveMetrics::Make(const Plant& plant, Store& store,
                                                       http::Metrics* metrics, EventSink* next) {
  std::unique_ptr<LiveMetrics> out(new LiveMetrics(plant, metrics, next));
  WarningQuery on;
  on.on_only = true;
  FW_ASSIGN_OR_RETURN(const std::vector<Warning> warnings, store.ListWarnings(on));
  for (const Warning& warning : warnings) {
    const auto it = out->horizons_.find(warning.horizon);
    if (it != out->horizons_.end()) it->second.active->Set(1);
  }
  return out;
}

void LiveMetrics::Publish(const LiveEvent& event) {
  Count(event);
  next_.Publish(event);
}

void LiveMetrics::Count(const LiveEvent& event) {
  if (event.name != "warning" && event.name != "risk" && event.name != "status") return;
  const Result<nlohmann::json> data = ParseObject(event.data);
  if (!data.ok()) return;
  if (event.name == "risk") {
    const Result<std::string> status = TextAt(*data, "status");
    if (status.ok()) stale_.Set(*status == "stale" ? 1 : 0);
    return;
  }
  if (event.name == "status") {
    const Result<std::string> source = TextAt(*data, "source");
    if (source.ok() && *source == "away") stale_.Set(1);  // the next forecast tells whether it is back
    return;
  }
  const Result<std::string> change = TextAt(*data, "change");
  const Result<std::string> horizon = TextAt(*data, "horizon");
  if (!change.ok() || !horizon.ok()) return;
  const auto it = horizons_.find(*horizon);
  if (it == horizons_.end()) return;
  if (*change == "raised") it->second.raised->Increment();
  if (*change == "raised" || *change == "ended") it->second.active->Set(*change == "raised" ? 1 : 0);
}

}  // namespace forewarn
