// The plant over HTTP: /sensors/live, /history, /meta, /scenarios and /scenarios/activate, the same for the
// sensors service and, signed in, for the gateway. A local source is answered on the I/O threads, a remote
// one on the pool.
#pragma once

#include <functional>

#include "http/router.h"
#include "live/sensor_json.h"
#include "live/sensor_source.h"

namespace forewarn {

struct PlantRouteHooks {  // any may be empty
  std::function<void()> live_read;
  std::function<void()> history_read;
  // After a switch that was done.
  std::function<void(const http::Request&, const ScenarioInfo&)> activated;
};

// source must outlive the router. options: of every route (a guard).
void MountPlantRoutes(http::Router& router, SensorSource* source, const SensorJson& json,
                      const http::RouteOptions& options, PlantRouteHooks hooks);

}  // namespace forewarn
