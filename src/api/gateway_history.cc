// The gateway's routes of past inferences: everybody sees and deletes their own.
#include <fmt/format.h>

#include "accounts/history_csv.h"
#include "api/gateway_core.h"
#include "http/json_body.h"
#include "http/parameters.h"
#include "http/problem.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

using http::Method;
using http::Pooled;
using http::Request;
using http::Responder;
using http::Response;

constexpr int64_t kMaxId = std::numeric_limits<int64_t>::max();
constexpr http::IntegerRange kIds = {1, kMaxId};

bool IsTypePrefix(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

std::optional<int64_t> ReadTime(http::Parameters& query, std::string_view name) {
  if (!query.Has(name)) return std::nullopt;
  const std::string text = query.Text(name, {.min = 0, .max = 64});
  const std::optional<int64_t> time = ParseIsoUtc(text);
  if (!time) query.AddFault(name, "must be a time like 2026-01-05T08:00:00Z");
  return time;
}

// type, from and to: what list, count and export have in common.
HistoryQuery ReadFilter(http::Parameters& query, const Request& request) {
  HistoryQuery filter;
  filter.user_id = PrincipalOf(request).user_id;
  filter.type_prefix = query.Text("type", {.min = 0, .max = 32}, "");
  if (!IsTypePrefix(filter.type_prefix)) query.AddFault("type", "must be of a-z, 0-9 and _");
  filter.from_us = ReadTime(query, "from");
  filter.to_us = ReadTime(query, "to");
  return filter;
}

std::string RowJson(const HistoryRow& row) {
  return fmt::format(R"({{"id":{},"type":{},"input":{},"result":{},"ts":"{}"}})", row.id, JsonText(row.type),
                     row.input, row.result, IsoUtc(row.ts_us));
}

Response List(const GatewayCore& core, const Request& request) {
  auto query = http::Parameters::Query(request);
  HistoryQuery filter = ReadFilter(query, request);
  filter.limit = static_cast<int>(query.Integer("limit", {1, 1000}, 200));
  filter.before = query.OptionalInteger("before", kIds).value_or(0);
  if (auto refusal = query.Finish()) return *refusal;
  const Result<std::vector<HistoryRow>> rows = core.store->ListHistory(filter);
  if (!rows.ok()) return http::Problem(rows.status());
  std::string out = "[";
  for (const HistoryRow& row : *rows) {
    if (out.size() > 1) out += ',';
    out += RowJson(row);
  }
  return Private(out + "]");
}

Response Count(const GatewayCore& core, const Request& request) {
  auto query = http::Parameters::Query(request);
  const HistoryQuery filter = ReadFilter(query, request);
  if (auto refusal = query.Finish()) return *refusal;
  const Result<int64_t> count = core.store->CountHistory(filter);
  return count.ok() ? Private(fmt::format("{{\"count\":{}}}", *count)) : http::Problem(count.status());
}

Response Export(const GatewayCore& core, const Request& request) {
  auto query = http::Parameters::Query(request);
  const HistoryQuery filter = ReadFilter(query, request);
  if (auto refusal = query.Finish()) return *refusal;
  Response reply;
  reply.content_type = "text/csv; charset=utf-8";
  reply.headers = {{"Cache-Control", "no-store"},
                   {"Content-Disposition", "attachment; filename=\"forewarn-history.csv\""}};
  reply.pull = [csv = std::make_shared<HistoryCsv>(*core.store, filter)](std::string* chunk) -> Status {
    FW_ASSIGN_OR_RETURN(*chunk, csv->Next());
    return Status::Ok();
  };
  return reply;
}

// Answered once the change is durable; only then it is noted in the audit.
void Change(const GatewayCorePtr& core, Request request, const Responder& responder, Write write,
            std::function<std::string(int64_t)> answer, const std::string& audit) {
  const auto kept = std::make_shared<const Request>(std::move(request));
  core->store->Submit(std::move(write), [core, kept, responder, answer, audit](const Result<int64_t>& done) {
    if (!done.ok()) return responder(http::Problem(done.status()));
    if (!audit.empty()) core->Audit(*kept, "delete", audit);
    responder(Private(answer(*done)));
  });
}

void DeleteOne(const GatewayCorePtr& core, Request request, const Responder& responder) {
  auto path = http::Parameters::Path(request);
  const int64_t id = path.Integer("id", kIds);
  if (auto refusal = path.Finish()) return responder(std::move(*refusal));
  DeleteHistory write{PrincipalOf(request).user_id, id, core->options.clock()};
  Change(
      core, std::move(request), responder, write,
      [id](int64_t) { return fmt::format("{{\"deleted\":{}}}", id); }, fmt::format("history row {}", id));
}

void DeleteAll(const GatewayCorePtr& core, Request request, const Responder& responder) {
  const int64_t now_us = core->options.clock();
  DeleteAllHistory write{PrincipalOf(request).user_id, now_us};
  Change(
      core, std::move(request), responder, write,
      [now_us](int64_t count) {
        return fmt::format(R"({{"cleared":true,"count":{},"undo":{}}})", count, now_us);
      },
      "the whole history");
}

void RestoreOne(const GatewayCorePtr& core, Request request, const Responder& responder) {
  auto path = http::Parameters::Path(request);
  const int64_t id = path.Integer("id", kIds);
  if (auto refusal = path.Finish()) return responder(std::move(*refusal));
  RestoreHistory write{PrincipalOf(request).user_id, id, 0};
  Change(
      core, std::move(request), responder, write,
      [id](int64_t) { return fmt::format("{{\"restored\":{}}}", id); }, "");
}

void RestoreAll(const GatewayCorePtr& core, Request request, const Responder& responder) {
  const http::JsonBody body(request.body);
  const int64_t undo = body.root().Integer("undo", kIds);
  if (auto refusal = body.Finish(http::UnknownKeys::kRefuse)) return responder(std::move(*refusal));
  RestoreHistory write{PrincipalOf(request).user_id, 0, undo};
  Change(
      core, std::move(request), responder, write,
      [](int64_t count) { return fmt::format("{{\"restored\":{}}}", count); }, "");
}

}  // namespace

void MountHistoryRoutes(http::Router& router, const GatewayCorePtr& core) {
  const http::RouteOptions signed_in = core->guard.SignedIn();
  const auto read = [&](const char* path, Response (*run)(const GatewayCore&, const Request&)) {
    router.Add(Method::kGet, path,
               Pooled{[core, run](const Request& request) { return run(*core, request); }}, signed_in);
  };
  const auto change = [&](Method method, const char* path,
                          void (*run)(const GatewayCorePtr&, Request, const Responder&),
                          const http::RouteOptions& options) {
    router.Add(method, path, http::Async{[core, run](Request request, const Responder& responder) {
                 run(core, std::move(request), responder);
               }},
               options);
  };
  read("/history", List);
  read("/history/count", Count);
  read("/history.csv", Export);
  change(Method::kDelete, "/history", DeleteAll, signed_in);
  change(Method::kDelete, "/history/{id}", DeleteOne, signed_in);
  change(Method::kPost, "/history/restore", RestoreAll, SignedInJson(*core));
  change(Method::kPost, "/history/{id}/restore", RestoreOne, signed_in);
}

}  // namespace forewarn
