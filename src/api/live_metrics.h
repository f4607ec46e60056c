// What Prometheus knows of the plant: counts the monitor's events on their way to the live feed. Warnings
// that are on, warnings raised, and whether the plant is silent. Publish comes from one thread at a time, as
// EventSink says.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "accounts/store.h"
#include "http/metrics.h"
#include "live/live_event.h"
#include "plant/plant.h"

namespace forewarn {

class LiveMetrics final : public EventSink {
 public:
  // next and metrics must outlive it. store: read once, for the warnings that are on since before the start.
  static Result<std::unique_ptr<LiveMetrics>> Make(const Plant& plant, Store& store, http::Metrics* metrics,
                                                   EventSink* next);

  void Publish(const LiveEvent& event) override;

 private:
  struct OfHorizon {
    prometheus::Gauge* active;
    prometheus::Counter* raised;
  };
  LiveMetrics(const Plant& plant, http::Metrics* metrics, EventSink* next);
  void Count(const LiveNews& news);

  EventSink& next_;
  std::map<std::string, OfHorizon> horizons_;  // constant after Make
  prometheus::Gauge& stale_;
};

}  // namespace forewarn
