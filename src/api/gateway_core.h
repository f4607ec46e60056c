// What the gateway's groups of routes share. Internal to src/api.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "api/gateway_api.h"
#include "api/guards.h"
#include "live/sensor_json.h"

namespace forewarn {

struct GatewayCore : GatewayParts {
  GatewayCore(const GatewayParts& parts, GatewayOptions the_options, SensorJson the_json);

  // A kind of inference: its counter and its times.
  struct Kind {
    prometheus::Counter* total;
    http::Histogram* seconds;
  };

  GatewayOptions options;
  SensorJson json;
  SessionGuard guard;
  Kind predict, forecast, automatic;
  prometheus::Counter& run_logs;

  // Written in the background: what is answered does not depend on it.
  void Audit(const http::Request& request, const std::string& action, const std::string& detail);
  const PlantZone& zone() const { return json.zone(); }
};
using GatewayCorePtr = std::shared_ptr<GatewayCore>;

// JSON that no cache keeps.
http::Response Private(std::string body);
// Signed in, with a JSON body.
http::RouteOptions SignedInJson(const GatewayCore& core);

void MountAccountRoutes(http::Router& router, const GatewayCorePtr& core);
void MountInferRoutes(http::Router& router, const GatewayCorePtr& core);
void MountHistoryRoutes(http::Router& router, const GatewayCorePtr& core);
void MountLiveRoutes(http::Router& router, const GatewayCorePtr& core);
void MountWarningRoutes(http::Router& router, const GatewayCorePtr& core);

}  // namespace forewarn
