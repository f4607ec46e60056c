#include "host_options.h"

#include <fmt/format.h>

#include "accounts/secret_file.h"
#include "api/static_files.h"
#include "object_stores.h"

namespace forewarn {
namespace {

constexpr char kSensorsUrl[] = "http://127.0.0.1:7500";
constexpr char kInferenceUrl[] = "http://127.0.0.1:7502";

// Given as text, as somebody's file, or made in the data folder at the first start.
Result<std::string> SecretOf(const std::string& given, const std::string& file, const DataFolder& folder,
                             const char* name) {
  if (!given.empty()) return given;
  if (!file.empty()) return LoadSecret(file);
  return LoadOrMakeSecret(folder.Secrets() / name);
}

std::string UrlOr(std::string url, const char* fallback) {
  while (url.ends_with('/')) url.pop_back();
  return url.empty() ? fallback : url;
}

std::optional<SensorFlushOptions> FlushOf(const ServiceSettings& settings) {
  if (!settings.minio_enabled) return std::nullopt;
  SensorFlushOptions flush;
  flush.uri = "s3://" + settings.minio_bucket;
  flush.store.s3.endpoint_url = settings.minio_endpoint;
  flush.store.s3.access_key_id = settings.minio_access_key;
  flush.store.s3.secret_access_key = settings.minio_secret_key;
  flush.every = std::chrono::seconds(settings.minio_flush_s);
  return flush;
}

}  // namespace

void ServiceFlags::Declare(CLI::App* command) {
  command->add_option("--seconds-per-hour", seconds_per_hour,
                      "wall seconds of an hour of the simulated plant");
  command->add_option("--open-registration", open_registration,
                      "false: only an administrator adds accounts (default true)");
  command->add_flag("--open", open,
                    "no token for the sensors and inference services, however wide they listen");
}

Status ServiceFlags::ApplyTo(ServiceSettings* settings) const {
  if (seconds_per_hour && !(*seconds_per_hour >= kFastestHour && *seconds_per_hour <= kSlowestHour)) {
    return Status::Usage(fmt::format("--seconds-per-hour is {}; {} to {} are allowed", *seconds_per_hour,
                                     kFastestHour, kSlowestHour));
  }
  if (seconds_per_hour) settings->seconds_per_hour = *seconds_per_hour;
  if (open_registration) settings->open_registration = *open_registration;
  settings->open = settings->open || open;
  return Status::Ok();
}

Result<std::unique_ptr<Registry>> ServedRegistryOf(const Context& context) {
  return OpenCachedRegistry(context.registry_uri, ObjectStoresOf(context),
                            context.data_dir / "cache" / "registry");
}

Result<HostOptions> MakeHostOptions(const Context& context, const ServiceSettings& settings,
                                    const DataFolder& folder) {
  HostOptions options;
  FW_ASSIGN_OR_RETURN(options.plant, context.LoadPlant());
  options.server.io_threads = settings.io_threads;
  options.server.trusted_proxies = settings.trusted_proxies;
  options.open = settings.open;
  FW_ASSIGN_OR_RETURN(options.service_token,
                      SecretOf("", settings.service_token_file, folder, "service_token"));
  FW_ASSIGN_OR_RETURN(options.token_secret,
                      SecretOf(settings.jwt_secret, settings.jwt_secret_file, folder, "jwt_secret"));
  options.simulated.seed = context.seed;
  options.simulated.seconds_per_hour = settings.seconds_per_hour;
  options.simulated.past_hours = settings.first_history_hours;
  options.simulated.folder = folder.PlantState(options.plant.name);
  options.flush = FlushOf(settings);
  FW_ASSIGN_OR_RETURN(options.engine, ReadEngineOptions(context));
  options.remote_registry = context.registry_uri.rfind("local:", 0) != 0;
  options.store.url = settings.database_url;
  options.sign_in.open_registration = settings.open_registration;
  options.retention = [settings](Retention* retention) { return settings.ApplyTo(retention); };
  options.sensors_url = UrlOr(settings.sensors_url, kSensorsUrl);
  options.inference_url = UrlOr(settings.inference_url, kInferenceUrl);
  options.origins = settings.cors_origins;
  options.page = FindPageFolder();
  options.log_runs = settings.mlflow_logging;
  return options;
}

}  // namespace forewarn
