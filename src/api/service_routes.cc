#include "api/service_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/version.h"
#include "http/parameters.h"
#include "http/problem.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

using http::Response;

Response FileReply(const EmbeddedFile& file) {
  Response reply;
  reply.content_type = file.content_type;
  reply.static_body = file.bytes;
  if (file.gzip) reply.headers.push_back({"Content-Encoding", "gzip"});
  reply.headers.push_back({"Cache-Control", "public, max-age=3600"});
  return reply;
}

// A problem with members of its own behind the standard ones.
Response NotReady(const Readiness& now) {
  Response reply = http::Problem(503, fmt::format("not ready: {}", now.stage));
  reply.body.pop_back();
  reply.body += fmt::format(R"(,"ready":false,"progress":{},"stage":{}}})",
                            std::clamp(now.progress, 0.0, 1.0), JsonText(now.stage));
  return reply;
}

Response ReadyReply(const Readiness& now) {
  if (!now.ready) return NotReady(now);
  return http::Json(200, R"({"ready":true,"progress":1,"stage":"ready"})");
}

// The explorer sets styles inline on its elements and shows pictures that it holds itself.
http::Field ExplorerPolicy() {
  return {"Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
          "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"};
}

Response ExplorerAsset(const http::Router& router, const http::Request& request) {
  const std::string_view name = request.Param("asset");
  if (name == "explorer.js") return FileReply(ExplorerScript());
  if (name == "explorer.css") return FileReply(ExplorerStyle());
  if (name == "start.js") return FileReply(ExplorerStart());
  return router.NotFound(request);
}

}  // namespace

std::vector<http::Field> SecurityHeaders() {
  return {{"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Referrer-Policy", "same-origin"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"}};
}

http::Field PagePolicy() {
  return {"Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"};
}

void MountServiceRoutes(http::Router& router, ServiceRoutes routes) {
  using http::Inline;
  using http::Method;
  using http::Request;
  router.SetHeaders(SecurityHeaders());
  const std::string health = fmt::format(R"({{"status":"ok","service":"{}","version":"{}"}})",
                                         ServiceName(routes.service), kVersion);
  router.Add(Method::kGet, "/health", Inline{[health](const Request&) { return http::Json(200, health); }});
  router.Add(Method::kGet, "/ready",
             Inline{[readiness = routes.readiness](const Request&) { return ReadyReply(readiness()); }});
  router.Add(Method::kGet, "/metrics",
             Inline{[metrics = routes.metrics](const Request&) { return metrics->Reply(); }});
  const auto document = std::make_shared<const std::string>(std::move(routes.document));
  http::RouteOptions guarded;
  guarded.guard = routes.guard;
  router.Add(Method::kGet, "/openapi.json", Inline{[document](const Request&) {
               Response reply;
               reply.content_type = "application/json";
               reply.static_body = *document;
               return reply;
             }},
             guarded);
  router.Add(Method::kGet, "/docs", Inline{[](const Request&) {
               Response reply = FileReply(ExplorerPage());
               reply.headers.push_back(ExplorerPolicy());
               return reply;
             }},
             guarded);
  router.Add(Method::kGet, "/docs/{asset}",
             Inline{[&router](const Request& request) { return ExplorerAsset(router, request); }}, guarded);
}

}  // namespace forewarn
