// ServiceHost: the services one process runs, one of them or all three (`forewarn serve`, `forewarn up`),
// wired to each other in process where both are here and over HTTP where not, behind one server with a port
// each. Start and Stop belong to one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounts/sign_in.h"
#include "accounts/store.h"
#include "api/sensor_flush.h"
#include "api/service_routes.h"
#include "core/status.h"
#include "http/server.h"
#include "live/simulated_plant.h"
#include "plant/plant.h"
#include "registry/registry.h"
#include "scoring/engine.h"

namespace forewarn {

// Where a service listens; absent ones are not run here.
struct ListenAt {
  std::string address = "127.0.0.1";
  uint16_t port = 0;  // 0: any free one
};
bool IsLoopbackAddress(const std::string& address);

struct HostOptions {
  Plant plant;
  std::optional<ListenAt> sensors, inference, gateway;
  http::ServerOptions server;
  // Asked for by the sensors and inference services where they listen wider than loopback, unless `open`;
  // sent to those that are not here. "" is none.
  std::string service_token;
  bool open = false;
  std::string token_secret;  // of users' tokens; at least 32 bytes

  SimulatedPlantOptions simulated;          // sensors
  std::optional<SensorFlushOptions> flush;  // sensors

  std::unique_ptr<Registry> registry;  // inference
  EngineOptions engine;                // inference
  bool remote_registry = false;        // polled more slowly, and never waited for

  StoreOptions store;                         // gateway
  SignInOptions sign_in;                      // gateway
  std::function<bool(Retention*)> retention;  // gateway; true: it changed something
  std::string sensors_url, inference_url;     // gateway, where those are not here
  std::vector<std::string> origins;           // gateway
  std::filesystem::path page;                 // gateway; empty: no page
  bool log_runs = false;                      // gateway, into the registry

  std::function<void()> models_changed;  // inference: other versions are served now; on the watch's thread

  // What has to happen before all is ready, told by /ready of inference and gateway: the first training. Any
  // thread.
  std::function<std::optional<Readiness>()> preparing;
};

class ServiceHost {
 public:
  // Everything listens when it returns. Failures are in words: a port that is taken, a store that is newer.
  static Result<std::unique_ptr<ServiceHost>> Start(HostOptions options);
  ~ServiceHost();
  // Drains and stops, the server first. Safe to call twice.
  void Stop();

  uint16_t port(Service service) const;  // 0 where it is not here
  http::Metrics* inference_metrics();    // of /metrics, for what is scored beside the requests
  // Null where the service that has it is not here.
  ScoringEngine* engine();
  Registry* registry();
  SimulatedPlant* plant();
  Store* store();
  void LookIntoRegistry();  // at once, instead of at the next poll; does not wait

 private:
  struct Impl;
  explicit ServiceHost(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace forewarn
