// The gateway's routes of the warning log: what the watch raised, acknowledged and judged by operators.
#include <fmt/format.h>

#include "api/gateway_core.h"
#include "api/warning_log.h"
#include "http/json_body.h"
#include "http/parameters.h"
#include "http/problem.h"

namespace forewarn {
namespace {

using http::Method;
using http::Pooled;
using http::Request;
using http::Response;

constexpr http::IntegerRange kIds = {1, std::numeric_limits<int64_t>::max()};
constexpr http::TextLimits kNote = {.min = 0, .max = 2000};

Response List(const GatewayCore& core, const Request& request) {
  auto query = http::Parameters::Query(request);
  WarningQuery filter;
  filter.limit = static_cast<int>(query.Integer("limit", {1, 1000}, 200));
  filter.before = query.OptionalInteger("before", kIds).value_or(0);
  filter.on_only = query.Choice("state", {"active", "all"}, "all") == "active";
  if (auto refusal = query.Finish()) return *refusal;
  const Result<std::vector<Warning>> warnings = core.store->ListWarnings(filter);
  if (!warnings.ok()) return http::Problem(warnings.status());
  std::string out = "[";
  for (const Warning& warning : *warnings) {
    if (out.size() > 1) out += ',';
    out += WarningJson(warning, "", core.zone());
  }
  return Private(out + "]");
}

// The remark is stored; everybody who watches sees it.
Response Told(const GatewayCore& core, int64_t id, Write write, std::string_view change) {
  if (const Result<int64_t> done = core.store->Apply(std::move(write)); !done.ok()) {
    return http::Problem(done.status());
  }
  const Result<Warning> warning = core.store->GetWarning(id);
  if (!warning.ok()) return http::Problem(warning.status());
  core.feed->PublishWarning(*warning, change);
  return Private(WarningJson(*warning, "", core.zone()));
}

Response Acknowledge(const GatewayCore& core, const Request& request) {
  auto path = http::Parameters::Path(request);
  const int64_t id = path.Integer("id", kIds);
  if (auto refusal = path.Finish()) return *refusal;
  const http::JsonBody body(request.body);
  const std::string note = body.root().Text("note", kNote, "");
  if (auto refusal = body.Finish(http::UnknownKeys::kRefuse)) return *refusal;
  return Told(core, id, AcknowledgeWarning{id, PrincipalOf(request).username, note, core.options.clock()},
              "acknowledged");
}

Response Judge(const GatewayCore& core, const Request& request) {
  auto path = http::Parameters::Path(request);
  const int64_t id = path.Integer("id", kIds);
  if (auto refusal = path.Finish()) return *refusal;
  const http::JsonBody body(request.body);
  const std::string verdict = body.root().Choice("verdict", {"true", "false", "known"});
  const std::string note = body.root().Text("note", kNote, "");
  if (auto refusal = body.Finish(http::UnknownKeys::kRefuse)) return *refusal;
  return Told(core, id, JudgeWarning{id, verdict, PrincipalOf(request).username, note, core.options.clock()},
              "verdict");
}

}  // namespace

void MountWarningRoutes(http::Router& router, const GatewayCorePtr& core) {
  const auto pooled = [core](Response (*run)(const GatewayCore&, const Request&)) {
    return Pooled{[core, run](const Request& request) { return run(*core, request); }};
  };
  router.Add(Method::kGet, "/warnings", pooled(List), core->guard.SignedIn());
  router.Add(Method::kPost, "/warnings/{id}/ack", pooled(Acknowledge), SignedInJson(*core));
  router.Add(Method::kPost, "/warnings/{id}/verdict", pooled(Judge), SignedInJson(*core));
}

}  // namespace forewarn
