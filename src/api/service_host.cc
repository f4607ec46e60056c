#include "api/service_host.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "api/gateway_api.h"
#include "api/guards.h"
#include "api/inference_api.h"
#include "api/live_metrics.h"
#include "api/registry_watch.h"
#include "api/remote_scorer.h"
#include "api/remote_source.h"
#include "api/request_log.h"
#include "api/sensors_api.h"
#include "api/store_janitor.h"
#include "api/warning_log.h"

namespace forewarn {
namespace {

constexpr std::chrono::milliseconds kLocalPoll{250};
constexpr std::chrono::milliseconds kRemotePoll{2'000};
constexpr std::chrono::seconds kPurgeEvery{600};
constexpr int kRemotePoolThreads = 8;

// The plant's clock for the models' time features: the newest event's time, read without a lock.
class PlantClock {
 public:
  explicit PlantClock(SensorSource* source) {
    if (const Result<LiveReading> live = source->Live(); live.ok()) time_ = live->plant_time;
    subscription_ = source->Subscribe([this](const SensorEvent& event) {
      if (event.reading != nullptr) time_ = event.id;
    });
  }
  std::optional<PlantTime> Now() const {
    const PlantTime time = time_;
    return time == kNoTime ? std::nullopt : std::optional<PlantTime>(time);
  }

 private:
  std::atomic<PlantTime> time_ = kNoTime;
  std::unique_ptr<SensorSource::Subscription> subscription_;
};

}  // namespace

bool IsLoopbackAddress(const std::string& address) {
  in_addr v4{};
  in6_addr v6{};
  constexpr uint32_t kLoopbackNet = 127;
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == kLoopbackNet;
  if (::inet_pton(AF_INET6, address.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
  return address == "localhost";
}

// In the order of their dependencies: what is below is destroyed first.
struct ServiceHost::Impl {
  explicit Impl(HostOptions the_options) : options(std::move(the_options)) {}

  struct Face {
    http::Metrics metrics;
    std::shared_ptr<http::Router> router = std::make_shared<http::Router>();
    uint16_t port = 0;
  };

  HostOptions options;
  Face sensors, inference, gateway;

  std::unique_ptr<SimulatedPlant> plant;
  std::unique_ptr<PlantClock> plant_clock;
  std::unique_ptr<SensorsApi> sensors_api;
  std::unique_ptr<SensorFlush> flush;

  std::unique_ptr<ScoringEngine> engine;
  std::unique_ptr<InferenceApi> inference_api;
  std::unique_ptr<RegistryWatch> watch;

  std::unique_ptr<Store> store;
  std::unique_ptr<StoreJanitor> janitor;
  std::unique_ptr<SignIn> sign_in;
  std::unique_ptr<SensorSource> remote_source;
  std::unique_ptr<Scorer> scorer;
  std::unique_ptr<StoreWarningLog> log;
  std::unique_ptr<LiveFeed> feed;
  std::unique_ptr<LiveMetrics> live_metrics;  // in front of the feed
  std::unique_ptr<Monitor> monitor;
  std::unique_ptr<GatewayApi> gateway_api;
  std::unique_ptr<RunLog> run_log;  // counts in the gateway

  std::unique_ptr<http::Server> server;

  Status StartAll();
  Status BeginSensors();
  Status BeginInference();
  Status BeginAccounts();
  Status BeginGateway();
  Status Listen();

  bool NeedsBearer(const ListenAt& at) const {
    return !options.open && !options.service_token.empty() && !IsLoopbackAddress(at.address);
  }
  // Users' tokens are known by the gateway where it is here (revoked ones too), else by their signature.
  http::Guard GuardOf(const ListenAt& at) const {
    if (!NeedsBearer(at)) return {};
    if (sign_in) {
      return ServiceGuard(options.service_token, [known = sign_in.get()](std::string_view token) {
        const auto who = known->AuthenticateTokenCached(token);
        return who && who->ok();
      });
    }
    const Result<TokenKey> key = TokenKey::FromSecret(options.token_secret);
    if (!key.ok()) return ServiceGuard(options.service_token, {});
    return ServiceGuard(options.service_token,
                        [key = *key, clock = SystemWallClock()](std::string_view token) {
                          return key.Verify(token, clock() / kSecond).ok();
                        });
  }

  std::optional<Readiness> Preparing() const {
    return options.preparing ? options.preparing() : std::nullopt;
  }
};

Status ServiceHost::Impl::BeginSensors() {
  FW_ASSIGN_OR_RETURN(plant, SimulatedPlant::Open(options.plant, options.simulated));
  if (!plant->notice().empty()) spdlog::warn("{}", plant->notice());
  plant_clock = std::make_unique<PlantClock>(plant.get());
  SensorsOptions face;
  face.guard = GuardOf(*options.sensors);
  face.bearer_needed = NeedsBearer(*options.sensors);
  FW_ASSIGN_OR_RETURN(sensors_api, SensorsApi::Make(options.plant, plant.get(), &sensors.metrics, face));
  sensors_api->Mount(*sensors.router);
  if (options.flush) {
    SensorFlushOptions how = *options.flush;
    how.uploaded = [this] { sensors_api->CountUpload(); };
    FW_ASSIGN_OR_RETURN(flush, SensorFlush::Start(options.plant, plant.get(), std::move(how)));
  }
  return Status::Ok();
}

Status ServiceHost::Impl::BeginInference() {
  engine = std::make_unique<ScoringEngine>(options.plant, options.engine);
  // A local registry is read before the first request; a remote one may be away, and nobody waits for it.
  if (!options.remote_registry) FW_RETURN_IF_ERROR(engine->Reload(*options.registry).status());
  InferenceOptions face;
  face.guard = GuardOf(*options.inference);
  face.bearer_needed = NeedsBearer(*options.inference);
  if (!options.remote_registry) face.embedded_registry = options.registry.get();
  face.registry_changed = [this] { watch->LookNow(); };
  if (plant_clock) face.plant_clock = [clock = plant_clock.get()] { return clock->Now(); };
  face.readiness = [this] {
    const std::optional<Readiness> preparing = Preparing();
    return preparing ? *preparing : EngineReadiness(*engine);
  };
  FW_ASSIGN_OR_RETURN(inference_api, InferenceApi::Make(engine.get(), &inference.metrics, face));
  inference_api->Mount(*inference.router);
  RegistryWatchOptions how;
  how.every = options.remote_registry ? kRemotePoll : kLocalPoll;
  how.changed = [this] {
    inference_api->ModelsChanged();
    if (options.models_changed) options.models_changed();
  };
  watch = std::make_unique<RegistryWatch>(engine.get(), options.registry.get(), std::move(how));
  return Status::Ok();
}

Status ServiceHost::Impl::BeginAccounts() {
  FW_ASSIGN_OR_RETURN(store, OpenStore(options.store));
  if (options.retention) {
    FW_ASSIGN_OR_RETURN(Retention retention, store->GetRetention());
    if (options.retention(&retention)) {
      FW_RETURN_IF_ERROR(store->Apply(SetRetention{retention}).status());
    }
  }
  janitor = std::make_unique<StoreJanitor>(store.get(), kPurgeEvery, SystemWallClock());
  FW_ASSIGN_OR_RETURN(const TokenKey key, TokenKey::FromSecret(options.token_secret));
  sign_in =
      std::make_unique<SignIn>(*store, key, PasswordHasher::Options{}, options.sign_in, SystemWallClock());
  return Status::Ok();
}

Status ServiceHost::Impl::BeginGateway() {
  GatewayParts parts;
  parts.plant = &options.plant;
  parts.store = store.get();
  parts.sign_in = sign_in.get();
  parts.metrics = &gateway.metrics;
  if (plant) {
    parts.source = plant.get();
  } else {
    FW_ASSIGN_OR_RETURN(remote_source,
                        MakeRemoteSource(options.plant, {options.sensors_url, options.service_token}));
    parts.source = remote_source.get();
  }
  if (engine) {
    std::function<std::optional<PlantTime>()> clock;
    if (plant_clock) clock = [known = plant_clock.get()] { return known->Now(); };
    scorer = MakeEngineScorer(engine.get(), std::move(clock));
  } else {
    scorer = MakeRemoteScorer({options.inference_url, options.service_token});
  }
  parts.scorer = scorer.get();
  FW_ASSIGN_OR_RETURN(const PlantZone zone, PlantZone::Find(options.plant));
  log = std::make_unique<StoreWarningLog>(store.get(), zone, SystemWallClock());
  feed = std::make_unique<LiveFeed>(store.get(), zone);
  parts.feed = feed.get();
  FW_ASSIGN_OR_RETURN(live_metrics, LiveMetrics::Make(options.plant, *store, &gateway.metrics, feed.get()));
  if (options.log_runs && options.registry) {
    run_log = std::make_unique<RunLog>(options.registry.get(), [this] { gateway_api->CountRunLog(); });
    parts.run_log = run_log.get();
  }
  FW_ASSIGN_OR_RETURN(
      monitor, Monitor::Make(options.plant, parts.source, scorer.get(), log.get(), live_metrics.get()));
  parts.monitor = monitor.get();
  GatewayOptions face;
  face.open_registration = options.sign_in.open_registration;
  face.token_life_us = options.sign_in.token_life_us;
  face.origins = options.origins;
  if (!options.page.empty()) {
    FW_ASSIGN_OR_RETURN(face.page, StaticFiles::Load(options.page));
  }
  face.readiness = [this] {
    const std::optional<Readiness> preparing = Preparing();
    return preparing ? *preparing : MonitorReadiness(*monitor);
  };
  FW_ASSIGN_OR_RETURN(gateway_api, GatewayApi::Make(parts, std::move(face)));
  gateway_api->Mount(*gateway.router);
  return Status::Ok();
}

Status ServiceHost::Impl::Listen() {
  // Calls to a service elsewhere hold a worker each.
  if (remote_source || (scorer && !scorer->local())) {
    options.server.pool_threads = std::max(options.server.pool_threads, kRemotePoolThreads);
  }
  server = std::make_unique<http::Server>(options.server);
  const auto add = [&](const std::optional<ListenAt>& at, Face& face, const char* name) -> Status {
    if (!at) return Status::Ok();
    face.metrics.Observe(*face.router);
    LogRequests(*face.router, name);
    const Result<uint16_t> bound = server->Listen(at->address, at->port, face.router);
    if (!bound.ok()) return bound.status().WithPrefix(fmt::format("the {} service", name));
    face.port = *bound;
    return Status::Ok();
  };
  FW_RETURN_IF_ERROR(add(options.sensors, sensors, "sensors"));
  FW_RETURN_IF_ERROR(add(options.inference, inference, "inference"));
  FW_RETURN_IF_ERROR(add(options.gateway, gateway, "gateway"));
  return server->Start();
}

Status ServiceHost::Impl::StartAll() {
  if (options.gateway) FW_RETURN_IF_ERROR(BeginAccounts());
  if (options.sensors) FW_RETURN_IF_ERROR(BeginSensors());
  if (options.inference) FW_RETURN_IF_ERROR(BeginInference());
  if (options.gateway) FW_RETURN_IF_ERROR(BeginGateway());
  FW_RETURN_IF_ERROR(Listen());
  if (plant) plant->Start();
  if (monitor) monitor->Start();
  return Status::Ok();
}

ServiceHost::ServiceHost(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ServiceHost::~ServiceHost() { Stop(); }

Result<std::unique_ptr<ServiceHost>> ServiceHost::Start(HostOptions options) {
  std::unique_ptr<ServiceHost> host(new ServiceHost(std::make_unique<Impl>(std::move(options))));
  FW_RETURN_IF_ERROR(host->impl_->StartAll());
  return host;
}

void ServiceHost::Stop() {
  if (impl_->server) impl_->server->Stop();
  if (impl_->monitor) impl_->monitor->Stop();
  if (impl_->plant) impl_->plant->Stop();
}

uint16_t ServiceHost::port(Service service) const {
  switch (service) {
    case Service::kSensors:
      return impl_->sensors.port;
    case Service::kInference:
      return impl_->inference.port;
    case Service::kGateway:
      return impl_->gateway.port;
  }
  return 0;
}

http::Metrics* ServiceHost::inference_metrics() { return &impl_->inference.metrics; }
ScoringEngine* ServiceHost::engine() { return impl_->engine.get(); }
Registry* ServiceHost::registry() { return impl_->options.registry.get(); }
SimulatedPlant* ServiceHost::plant() { return impl_->plant.get(); }
Store* ServiceHost::store() { return impl_->store.get(); }

void ServiceHost::LookIntoRegistry() {
  if (impl_->watch) impl_->watch->LookNow();
}

}  // namespace forewarn
