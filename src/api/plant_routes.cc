#include "api/plant_routes.h"

#include <memory>

#include "api/upstream.h"
#include "http/json_body.h"
#include "http/parameters.h"
#include "http/problem.h"

namespace forewarn {
namespace {

using http::Method;
using http::Request;
using http::Response;

constexpr int64_t kDefaultHistory = 60;

struct PlantRoutes {
  SensorSource& source;
  SensorJson json;
  PlantRouteHooks hooks;

  Response Live() const {
    const Result<LiveReading> live = source.Live();
    if (!live.ok()) return UpstreamProblem(live.status());
    if (hooks.live_read) hooks.live_read();
    return http::Json(200, json.Live(*live));
  }

  Response History(const Request& request) const {
    auto query = http::Parameters::Query(request);
    const int64_t n = query.Integer("n", {1, static_cast<int64_t>(kHistoryBuffer)}, kDefaultHistory);
    if (auto refusal = query.Finish()) return *refusal;
    const Result<std::vector<ReadingPtr>> readings = source.History(static_cast<size_t>(n));
    if (!readings.ok()) return UpstreamProblem(readings.status());
    if (hooks.history_read) hooks.history_read();
    return http::Json(200, json.History(*readings));
  }

  Response Meta() const {
    const Result<std::vector<SensorMeta>> meta = source.Meta();
    return meta.ok() ? http::Json(200, json.Meta(*meta)) : UpstreamProblem(meta.status());
  }

  Response Scenarios() const {
    const Result<ScenarioList> list = source.Scenarios();
    return list.ok() ? http::Json(200, json.Scenarios(*list)) : UpstreamProblem(list.status());
  }

  Response Activate(const Request& request) const {
    const http::JsonBody body(request.body);
    const std::string name = body.root().Text("name", {.min = 1, .max = 64});
    if (auto refusal = body.Finish(http::UnknownKeys::kRefuse)) return *refusal;
    const Result<ScenarioInfo> active = source.Activate(name);
    if (!active.ok()) return UpstreamProblem(active.status());
    if (hooks.activated) hooks.activated(request, *active);
    return http::Json(200, json.Activated(*active));
  }
};

}  // namespace

void MountPlantRoutes(http::Router& router, SensorSource* source, const SensorJson& json,
                      const http::RouteOptions& options, PlantRouteHooks hooks) {
  const auto plant = std::make_shared<const PlantRoutes>(PlantRoutes{*source, json, std::move(hooks)});
  const bool local = source->local();
  using Run = std::function<Response(const Request&)>;
  const auto quick = [&](Method method, const char* path, Run run, const http::RouteOptions& with) {
    if (local) {
      router.Add(method, path, http::Inline{std::move(run)}, with);
    } else {
      router.Add(method, path, http::Pooled{std::move(run)}, with);
    }
  };
  quick(Method::kGet, "/sensors/live", [plant](const Request&) { return plant->Live(); }, options);
  quick(Method::kGet, "/sensors/meta", [plant](const Request&) { return plant->Meta(); }, options);
  quick(Method::kGet, "/scenarios", [plant](const Request&) { return plant->Scenarios(); }, options);
  // Some hundreds of readings as text take milliseconds.
  router.Add(Method::kGet, "/sensors/history",
             http::Pooled{[plant](const Request& request) { return plant->History(request); }}, options);
  http::RouteOptions json_options = options;
  json_options.accepts = http::JsonRoute().accepts;
  quick(
      Method::kPost, "/scenarios/activate",
      [plant](const Request& request) { return plant->Activate(request); }, json_options);
}

}  // namespace forewarn
