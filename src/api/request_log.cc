#include "api/request_log.h"

#include "core/log.h"

namespace forewarn {

void LogRequests(http::Router& router, const char* service) {
  router.Hook([service](const http::Exchange& exchange) {
    // 503 is "not now" (no model, too much to do), and told by /ready.
    const bool ours = exchange.status >= 500 && exchange.status != 503;
    const LogLevel level = ours ? LogLevel::kWarning : LogLevel::kDebug;
    if (!IsLogged(level)) return;
    Log(level, service, "request",
        {{"method", http::MethodName(exchange.method)},
         {"path", exchange.target.substr(0, exchange.target.find('?'))},
         {"status", int64_t{exchange.status}},
         {"seconds", exchange.seconds},
         {"bytes", static_cast<int64_t>(exchange.bytes)},
         {"remote", exchange.remote}});
  });
}

}  // namespace forewarn
