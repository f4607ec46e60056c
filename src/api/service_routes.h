// What every service answers beside its own routes: /health, /ready, /metrics, /openapi.json and the explorer
// at /docs. Mounted once; the handlers run on I/O threads.
#pragma once

#include <functional>
#include <string>

#include "api/embedded.h"
#include "http/metrics.h"
#include "http/router.h"

namespace forewarn {

struct Readiness {
  bool ready = false;
  double progress = 0;  // 0 to 1
  std::string stage;    // what is being done or waited for: "training the first models"
};

struct ServiceRoutes {
  Service service = Service::kSensors;
  std::string document;                  // completed (document.h)
  const http::Metrics* metrics;          // must outlive the router
  std::function<Readiness()> readiness;  // must be quick; any thread
  http::Guard guard;                     // before /openapi.json and /docs; the others are open to all
};
void MountServiceRoutes(http::Router& router, ServiceRoutes routes);

// Headers of every reply, and the policy of the pages that run scripts of their own origin only.
std::vector<http::Field> SecurityHeaders();
http::Field PagePolicy();

}  // namespace forewarn
