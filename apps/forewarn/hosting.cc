#include "hosting.h"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "accounts/secret_file.h"
#include "api/static_files.h"
#include "clock.h"
#include "core/file.h"
#include "core/log.h"
#include "object_stores.h"
#include "ops/first_training.h"
#include "service_notify.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr char kDefaultSensors[] = "http://127.0.0.1:7500";
constexpr char kDefaultInference[] = "http://127.0.0.1:7502";

// A secret that was given, or that of a file that was given, or one of the data folder, made at first start.
Result<std::string> SecretOf(const std::string& given, const std::string& file, const DataFolder& folder,
                             const char* name) {
  Result<std::string> secret = given;
  if (given.empty() && !file.empty()) secret = LoadSecret(file);
  if (given.empty() && file.empty()) {
    const fs::path secrets = folder.Secrets();
    if (::mkdir(secrets.c_str(), 0700) != 0 && errno != EEXIST) {
      return Status::Io(fmt::format("cannot make folder '{}': {}", secrets.string(), std::strerror(errno)));
    }
    secret = LoadOrMakeSecret(secrets / name);
  }
  if (secret.ok()) HideInLogs(*secret);
  return secret;
}

SensorFlushOptions FlushOf(const Context& context, const ServiceSettings& settings) {
  SensorFlushOptions flush;
  flush.uri = "s3://" + settings.minio_bucket;
  flush.store.s3.endpoint_url = settings.minio_endpoint;
  flush.store.s3.access_key_id = settings.minio_access_key;
  flush.store.s3.secret_access_key = settings.minio_secret_key;
  flush.store.s3.region = context.Get("s3_region").value;
  flush.every = std::chrono::seconds(settings.minio_flush_s);
  return flush;
}

std::string AddressText(const std::string& address, uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

// Said aloud where services that know no users can be reached from elsewhere.
void TellAccess(const HostOptions& options) {
  for (const std::optional<ListenAt>& at : {options.sensors, options.inference}) {
    if (!at || IsLoopbackAddress(at->address)) continue;
    Log(LogLevel::kWarning, "forewarn",
        options.open
            ? "listening wider than this machine, and open: whoever reaches the sensors and inference "
              "services may use them"
            : "listening wider than this machine: the sensors and inference services ask for a bearer",
        {{"address", at->address}});
    return;
  }
}

// Global flags of a child.
std::vector<std::string> ChildFlags(const Context& context) {
  std::vector<std::string> flags = {
      "--plant",    context.plant_name,   "--data-dir", context.data_dir.string(),
      "--registry", context.registry_uri, "--threads",  fmt::format("{}", context.threads)};
  if (!context.config_file.empty()) flags.insert(flags.end(), {"--config", context.config_file});
  return flags;
}

}  // namespace

void UseLittleMemory() {
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 10);
  ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
}

Result<TrainingOptions> FirstTrainingOf(const Context& context, const ServiceSettings& settings,
                                        const Plant& plant, const DataFolder& folder, uint64_t plant_seed) {
  FirstTrainingOptions first;
  first.hours = settings.first_history_hours;
  first.plant_seed = plant_seed;
  first.seed = context.seed;
  first.nice = settings.training_nice;
  first.history = folder.History(plant.name);
  first.flags = ChildFlags(context);
  FW_RETURN_IF_ERROR(MakeFolders(first.history));
  TrainingOptions out;
  out.steps = FirstTrainingSteps(first);
  out.log = folder.Run() / "training.log";
  return out;
}

Result<HostOptions> HostOptionsOf(const Context& context, const ServiceSettings& settings, const Plant& plant,
                                  const DataFolder& folder) {
  HostOptions out;
  out.plant = plant;
  out.server.io_threads = settings.io_threads;
  out.server.trusted_proxies = settings.trusted_proxies;
  FW_ASSIGN_OR_RETURN(out.service_token, SecretOf("", settings.service_token_file, folder, "service-token"));
  FW_ASSIGN_OR_RETURN(out.token_secret,
                      SecretOf(settings.jwt_secret, settings.jwt_secret_file, folder, "jwt"));
  out.open = settings.open;
  out.simulated.seed = context.seed;
  out.simulated.seconds_per_hour = settings.seconds_per_hour;
  out.simulated.past_hours = settings.first_history_hours;
  out.simulated.folder = folder.PlantState(plant.name);
  if (settings.minio_enabled) out.flush = FlushOf(context, settings);
  FW_ASSIGN_OR_RETURN(out.registry, OpenCachedRegistry(context.registry_uri, ObjectStoresOf(context),
                                                       context.data_dir / "cache" / "registry"));
  out.remote_registry = context.registry_uri.find("://") != std::string::npos;
  FW_ASSIGN_OR_RETURN(out.engine, ReadEngineOptions(context));
  out.store.url = settings.database_url;
  out.sign_in.open_registration = settings.open_registration;
  out.retention = [settings](Retention* retention) { return settings.ApplyTo(retention); };
  out.sensors_url = settings.sensors_url.empty() ? kDefaultSensors : settings.sensors_url;
  out.inference_url = settings.inference_url.empty() ? kDefaultInference : settings.inference_url;
  out.origins = settings.cors_origins;
  out.page = FindPageFolder();
  out.log_runs = settings.mlflow_logging;
  return out;
}

Result<std::unique_ptr<Hosting>> Hosting::Lock(const DataFolder& folder, const HostOptions& options) {
  std::unique_ptr<Hosting> out(new Hosting());
  const auto take = [&](Service service, const char* name, const std::optional<ListenAt>& at) -> Status {
    if (!at) return Status::Ok();
    FW_ASSIGN_OR_RETURN(ServiceLock lock, ServiceLock::Take(folder, name, NowUtcMicroseconds()));
    out->served_.push_back({service, name, *at, std::move(lock), ""});
    return Status::Ok();
  };
  FW_RETURN_IF_ERROR(take(Service::kSensors, "sensors", options.sensors));
  FW_RETURN_IF_ERROR(take(Service::kInference, "inference", options.inference));
  FW_RETURN_IF_ERROR(take(Service::kGateway, "gateway", options.gateway));
  return out;
}

Status Hosting::Start(HostOptions options) {
  TellAccess(options);
  if (options.gateway && options.page.empty()) {
    Log(LogLevel::kInfo, "gateway", "there is no page to serve: it was not built");
  }
  Result<std::unique_ptr<ServiceHost>> host = ServiceHost::Start(std::move(options));
  if (!host.ok()) return WithRemedy(host.status());
  host_ = std::move(*host);
  for (Served& served : served_) {
    served.address = AddressText(served.at.address, host_->port(served.service));
    FW_RETURN_IF_ERROR(served.lock.SetAddress(served.address));
    Log(LogLevel::kInfo, served.name, "serving", {{"url", UrlOf(served.name)}});
  }
  NotifyServiceManager("READY=1");
  ::malloc_trim(0);
  return Status::Ok();
}

// A taken port: which setting chooses another.
Status Hosting::WithRemedy(const Status& failure) const {
  for (const Served& served : served_) {
    if (failure.code() == Code::kBusy && failure.message().starts_with("the " + served.name + " service: ")) {
      return Status::Busy(
          fmt::format("{} (setting {}_port; 0: any free one)", failure.message(), served.name));
    }
  }
  return failure;
}

void Hosting::WaitForStop() {
  {
    std::unique_lock lock(mutex_);
    stopped_.wait(lock, [this] { return stop_; });
  }
  Log(LogLevel::kInfo, "forewarn", "stopping: no new requests, those under way are answered");
  NotifyServiceManager("STOPPING=1");
  host_->Stop();
}

void Hosting::End() {
  host_.reset();
  Log(LogLevel::kInfo, "forewarn", "stopped");
}

void Hosting::Stop() {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  stopped_.notify_all();
}

std::string Hosting::UrlOf(const std::string& service) const {
  for (const Served& served : served_) {
    if (served.name == service && !served.address.empty()) return "http://" + served.address;
  }
  return "";
}

}  // namespace forewarn
