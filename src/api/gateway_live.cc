// The gateway's routes of the live watch: its stream, its state, the risk over time, and what the plant is.
#include <fmt/format.h>

#include "api/gateway_core.h"
#include "api/plant_facts.h"
#include "api/upstream.h"
#include "http/parameters.h"
#include "http/problem.h"
#include "live/live_json.h"

namespace forewarn {
namespace {

using http::Method;
using http::Pooled;
using http::Request;
using http::Response;

constexpr int64_t kMaxRisk = 2000;

// What a client that comes new gets first, and /status as one object.
struct Present {
  std::string status;
  std::string live, risk;  // empty: none
};

Present PresentOf(const GatewayCore& core) {
  Present present;
  present.status = StatusText(core.monitor->status(), core.zone());
  if (const Result<LiveReading> live = core.source->Live(); live.ok()) present.live = core.json.Live(*live);
  const std::vector<HourRiskPtr> newest = core.monitor->Recent(1);
  if (!newest.empty()) present.risk = RiskText(*newest.back(), core.zone());
  return present;
}

std::string OrNull(const std::string& json) { return json.empty() ? "null" : json; }

Response StatusReply(const GatewayCore& core) {
  WarningQuery query;
  query.on_only = true;
  query.limit = 1000;
  const Result<std::vector<Warning>> on = core.store->ListWarnings(query);
  if (!on.ok()) return http::Problem(on.status());
  const Present present = PresentOf(core);
  return Private(fmt::format(R"({{"status":{},"live":{},"risk":{},"active_warnings":{}}})", present.status,
                             OrNull(present.live), OrNull(present.risk), on->size()));
}

std::variant<http::EventStream, Response> Live(const GatewayCore& core) {
  const Present present = PresentOf(core);
  http::EventStream stream{core.feed->hub(), {{"status", present.status}}};
  if (!present.risk.empty()) stream.first.push_back({"risk", present.risk});
  return stream;
}

// What the store keeps, and behind it what the monitor has replayed since it began.
Response Risk(const GatewayCore& core, const Request& request) {
  auto query = http::Parameters::Query(request);
  const auto limit = static_cast<size_t>(query.Integer("limit", {1, kMaxRisk}, kHistoryBuffer));
  std::optional<int64_t> since_utc;
  if (query.Has("since")) {
    since_utc = ParseIsoUtc(query.Text("since", {.min = 0, .max = 64}));
    if (!since_utc) query.AddFault("since", "must be a time like 2026-01-05T08:00:00Z");
  }
  if (auto refusal = query.Finish()) return *refusal;
  RiskQuery stored;
  if (since_utc) stored.from = core.zone().ToLocal(*since_utc) + 1;
  std::vector<HourRiskPtr> recent = core.monitor->Recent(limit);
  std::erase_if(recent, [&](const HourRiskPtr& hour) { return hour->time < stored.from; });
  if (!recent.empty()) stored.to = recent.front()->time;
  std::vector<std::string> points;
  if (recent.size() < limit) {
    stored.limit = static_cast<int>(limit - recent.size());
    Result<std::vector<RiskHour>> hours = core.store->ListRisk(stored);
    if (!hours.ok()) return http::Problem(hours.status());
    for (RiskHour& hour : *hours) points.push_back(std::move(hour.body));
  }
  for (const HourRiskPtr& hour : recent) points.push_back(RiskText(*hour, core.zone()));
  std::string out = "{\"points\":[";
  for (size_t i = 0; i < points.size(); ++i) out += (i == 0 ? "" : ",") + points[i];
  return Private(out + fmt::format("],\"count\":{}}}", points.size()));
}

Response PlantReply(const GatewayCore& core) {
  const Result<LiveReading> live = core.source->Live();
  if (!live.ok()) return UpstreamProblem(live.status());
  return http::Json(200, PlantJson(*core.plant, live->seconds_per_hour));
}

}  // namespace

void MountLiveRoutes(http::Router& router, const GatewayCorePtr& core) {
  const http::RouteOptions signed_in = core->guard.SignedIn();
  const auto pooled = [&](const char* path, std::function<Response(const Request&)> run) {
    router.Add(Method::kGet, path, Pooled{std::move(run)}, signed_in);
  };
  pooled("/status", [core](const Request&) { return StatusReply(*core); });
  pooled("/risk", [core](const Request& request) { return Risk(*core, request); });
  pooled("/plant", [core](const Request&) { return PlantReply(*core); });
  router.Add(Method::kGet, "/presets", http::Inline{[text = PresetsJson(*core->plant)](const Request&) {
               return http::Json(200, text);
             }},
             signed_in);
  http::RouteOptions stream = signed_in;
  if (!core->source->local()) stream.quick_guard = {};  // asks the plant: not on an I/O thread
  router.Add(Method::kGet, "/live", http::Stream{[core](const Request&) { return Live(*core); }}, stream);
}

}  // namespace forewarn
