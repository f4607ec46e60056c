#include "api/live_metrics.h"

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
  Count(event.news);
  next_.Publish(event);
}

void LiveMetrics::Count(const LiveNews& news) {
  using Kind = LiveNews::Kind;
  if (news.kind == Kind::kSilent || news.kind == Kind::kHeard) stale_.Set(news.kind == Kind::kSilent ? 1 : 0);
  if (news.kind != Kind::kRaised && news.kind != Kind::kEnded) return;
  const auto it = horizons_.find(news.horizon);
  if (it == horizons_.end()) return;
  it->second.active->Set(news.kind == Kind::kRaised ? 1 : 0);
  if (news.kind == Kind::kRaised) it->second.raised->Increment();
}

}  // namespace forewarn
