// The gateway (http.md, "Gateway"): sign-in, one's own history, the warning log, the live stream, and the way
// to the plant and the models for people and pages. It knows them through SensorSource and Scorer, in process
// or over HTTP. What is answered as stored is durable. Any thread once mounted.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "accounts/sign_in.h"
#include "accounts/store.h"
#include "api/live_feed.h"
#include "api/run_log.h"
#include "api/service_routes.h"
#include "api/static_files.h"
#include "api/wall_time.h"
#include "http/metrics.h"
#include "http/router.h"
#include "live/monitor.h"
#include "live/scorer.h"
#include "live/sensor_source.h"
#include "plant/plant.h"

namespace forewarn {

// All must outlive the gateway and the routers it is mounted on.
struct GatewayParts {
  const Plant* plant = nullptr;
  Store* store = nullptr;
  SignIn* sign_in = nullptr;
  SensorSource* source = nullptr;
  Scorer* scorer = nullptr;
  Monitor* monitor = nullptr;
  LiveFeed* feed = nullptr;
  http::Metrics* metrics = nullptr;
  RunLog* run_log = nullptr;  // null: live inferences are not logged as runs
};

struct GatewayOptions {
  bool open_registration = true;            // as the SignIn's
  int64_t token_life_us = 24 * kHour;       // likewise
  std::vector<std::string> origins;         // CORS_ORIGINS; none: CORS is off
  std::shared_ptr<const StaticFiles> page;  // null: there is no page at /
  std::function<Readiness()> readiness;     // instead of the monitor's state
  WallClock clock = SystemWallClock();
};

// Ready once the monitor has seen the plant and somebody who can score.
Readiness MonitorReadiness(const Monitor& monitor);

class GatewayApi {
 public:
  static Result<std::unique_ptr<GatewayApi>> Make(GatewayParts parts, GatewayOptions options);
  ~GatewayApi();

  void Mount(http::Router& router);
  void CountRunLog();  // a live run was logged

 private:
  struct Impl;
  explicit GatewayApi(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace forewarn
