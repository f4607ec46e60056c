#include "api/gateway_api.h"

#include <spdlog/spdlog.h>

#include "api/document.h"
#include "api/gateway_core.h"
#include "api/plant_facts.h"
#include "api/plant_routes.h"
#include "api/upstream.h"

namespace forewarn {
namespace {

using http::Method;
using http::Request;
using http::Response;

const std::vector<double> kInferBuckets = {1e-4, 2.5e-4, 5e-4, .001, .0025, .005, .01, .025,
                                           .05,  .1,     .25,  .5,   1,     2.5,  5};

GatewayCore::Kind KindOf(http::Metrics& metrics, const char* type) {
  return {&metrics.Counter("gateway_infer_total", "Inferences answered and stored.", {{"type", type}}),
          &metrics.Histogram("gateway_infer_latency_seconds", "Time of an inference, its storing included.",
                             kInferBuckets, {{"type", type}})};
}

}  // namespace

Readiness MonitorReadiness(const Monitor& monitor) {
  const MonitorStatus status = monitor.status();
  if (status.model && status.source) return {true, 1, "ready"};
  const double progress = (status.model ? 0.5 : 0) + (status.source ? 0.5 : 0);
  return {false, progress, status.detail.empty() ? "waiting for the plant's first hour" : status.detail};
}

GatewayCore::GatewayCore(const GatewayParts& parts, GatewayOptions the_options, SensorJson the_json)
    : GatewayParts(parts),
      options(std::move(the_options)),
      json(std::move(the_json)),
      guard(parts.sign_in, {options.origins}),
      predict(KindOf(*parts.metrics, "predict")),
      forecast(KindOf(*parts.metrics, "forecast")),
      automatic(KindOf(*parts.metrics, "auto")),
      run_logs(parts.metrics->Counter("gateway_mlflow_logs_total", "Live inferences logged as runs.")) {}

void GatewayCore::Audit(const Request& request, const std::string& action, const std::string& detail) {
  AuditRow row;
  row.ts_us = options.clock();
  row.who = PrincipalOf(request).username;
  row.action = action;
  row.address = request.remote;
  row.detail = detail;
  store->Submit(AddAudit{std::move(row)}, [action](const Result<int64_t>& id) {
    if (!id.ok()) spdlog::error("the audit row of '{}' is not stored: {}", action, id.message());
  });
}

Response Private(std::string body) {
  Response reply = http::Json(200, std::move(body));
  reply.headers.push_back({"Cache-Control", "no-store"});
  return reply;
}

http::RouteOptions SignedInJson(const GatewayCore& core) {
  http::RouteOptions options = core.guard.SignedIn();
  options.accepts = http::JsonRoute().accepts;
  return options;
}

struct GatewayApi::Impl {
  GatewayCorePtr core;
  std::string document;
};

GatewayApi::GatewayApi(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
GatewayApi::~GatewayApi() = default;

Result<std::unique_ptr<GatewayApi>> GatewayApi::Make(GatewayParts parts, GatewayOptions options) {
  FW_ASSIGN_OR_RETURN(SensorJson json, SensorJson::Make(*parts.plant));
  if (!options.readiness) {
    options.readiness = [monitor = parts.monitor] { return MonitorReadiness(*monitor); };
  }
  auto impl = std::make_shared<Impl>();
  FW_ASSIGN_OR_RETURN(impl->document, CompleteDocument(DocumentTemplate(Service::kGateway), *parts.plant));
  impl->core = std::make_shared<GatewayCore>(parts, std::move(options), std::move(json));
  return std::unique_ptr<GatewayApi>(new GatewayApi(std::move(impl)));
}

void GatewayApi::CountRunLog() { impl_->core->run_logs.Increment(); }

void GatewayApi::Mount(http::Router& router) {
  const GatewayCorePtr& core = impl_->core;
  router.SetCors({core->options.origins});
  MountAccountRoutes(router, core);
  MountInferRoutes(router, core);
  MountHistoryRoutes(router, core);
  MountLiveRoutes(router, core);
  MountWarningRoutes(router, core);
  PlantRouteHooks hooks;
  hooks.activated = [core](const Request& request, const ScenarioInfo& scenario) {
    core->Audit(request, "scenario", scenario.name);
  };
  MountPlantRoutes(router, core->source, core->json, core->guard.SignedIn(), std::move(hooks));
  const auto metrics = core->metrics;
  MountServiceRoutes(router, {Service::kGateway, impl_->document, metrics, core->options.readiness, {}});
  if (core->options.page) StaticFiles::Mount(router, core->options.page);
}

}  // namespace forewarn
