// Running a route's guard and handler with every exception turned into a 500, for the server's connections
// and for Router::Dispatch. Called on whatever thread the kind of route asks for.
#pragma once

#include <optional>
#include <variant>

#include "http/router.h"

namespace forewarn::http {

// The guard's refusal, if any.
std::optional<Response> RunGuard(const Route& route, Request& request);
// AskGuard where the route has no quick guard.
std::variant<AskGuard, std::optional<Response>> RunQuickGuard(const Route& route, Request& request);
// Inline and Pooled handlers.
Response RunHandler(const std::function<Response(const Request&)>& run, const Request& request);
void RunAsync(const Async& handler, Request request, const Responder& responder);
std::variant<EventStream, Response> RunStream(const Stream& handler, const Request& request);

}  // namespace forewarn::http
