#include "settings.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "core/file.h"
#include "core/log.h"
#include "core/names.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> Environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

std::string DefaultDataDir() {
  if (const auto xdg = Environment("XDG_DATA_HOME")) return (fs::path(*xdg) / "forewarn").string();
  if (const auto home = Environment("HOME")) return (fs::path(*home) / ".local/share/forewarn").string();
  return "forewarn-data";
}

template <typename T>
Status ParseNumber(const Setting& setting, T low, T high, T* out) {
  const char* begin = setting.value.data();
  const char* end = begin + setting.value.size();
  const auto [stop, error] = std::from_chars(begin, end, *out);
  if (error != std::errc() || stop != end || *out < low || *out > high) {
    return Status::Usage(fmt::format("{} is '{}' ({}); a whole number from {} to {} is needed", setting.name,
                                     setting.value, setting.origin, low, high));
  }
  return Status::Ok();
}

// The password of a URL: between ':' and '@' of its authority, or behind `password=` of its query or of a
// connection string; "" where there is none.
std::string_view PasswordOfUrl(std::string_view url) {
  constexpr std::string_view kKey = "password=";
  for (size_t at = url.find(kKey); at != std::string_view::npos; at = url.find(kKey, at + 1)) {
    const size_t begin = at + kKey.size();
    if (at == 0 || url.find_first_of("?& ", at - 1) != at - 1) continue;
    return url.substr(begin, url.find_first_of("& #", begin) - begin);
  }
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return "";
  const size_t begin = scheme + 3;
  const std::string_view authority = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  const size_t at = authority.rfind('@');
  const size_t colon = authority.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) return "";
  return authority.substr(colon + 1, at - colon - 1);
}

// forewarn.toml as flat text values; an unknown key is an error that lists the known ones.
Result<std::map<std::string, std::string>> ReadConfig(const fs::path& path) {
  FW_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1 << 20));
  std::vector<std::string> known;
  for (const SettingSpec& spec : SettingSpecs()) known.emplace_back(spec.key);
  std::map<std::string, std::string> out;
  try {
    const toml::table table = toml::parse(text, path.string());
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        return Status::Invalid(fmt::format("{}:{}: {}", path.string(), key.source().begin.line,
                                           UnknownName("setting", name, known)));
      }
      if (const auto s = node.value_exact<std::string>()) {
        out[name] = *s;
      } else if (const auto i = node.value_exact<int64_t>()) {
        out[name] = fmt::format("{}", *i);
      } else if (const auto d = node.value_exact<double>()) {
        out[name] = fmt::format("{}", *d);
      } else if (const auto b = node.value_exact<bool>()) {
        out[name] = *b ? "true" : "false";
      } else {
        return Status::Invalid(fmt::format("{}:{}: setting '{}' must be a text, a number, true or false",
                                           path.string(), key.source().begin.line, name));
      }
    }
  } catch (const toml::parse_error& error) {
    return Status::Invalid(fmt::format("{}:{}:{}: {}", path.string(), error.source().begin.line,
                                       error.source().begin.column, error.description()));
  }
  return out;
}

}  // namespace

const std::vector<SettingSpec>& SettingSpecs() {
  static const std::vector<SettingSpec> kSpecs = {
      {"plant", {"FOREWARN_PLANT"}, "gas-treatment", "plant name or plant file"},
      {"data_dir", {"FOREWARN_DATA_DIR"}, "", "folder of registry, stores and secrets"},
      {"registry", {"MLFLOW_TRACKING_URI"}, "", "local:DIR or http://host:5000"},
      {"log_level", {"FOREWARN_LOG_LEVEL"}, "info", "trace, debug, info, warn, error or off"},
      {"log_format", {"FOREWARN_LOG_FORMAT"}, "text", "text or json: how services log, on stderr"},
      {"seed", {"FOREWARN_SEED"}, "42", "seed of everything random"},
      {"threads", {"FOREWARN_THREADS"}, "0", "threads, 0 = one a core"},
      {"promotion_mode", {"MODEL_PROMOTION_MODE"}, "manual", "manual or auto"},
      {"promotion_metric", {"MODEL_PROMOTION_METRIC"}, "f1_anomaly", "metric auto-promotion compares"},
      {"model_name", {"MODEL_NAME"}, "", "model that predict and explain use; default <prefix>_champion"},
      {"alarm_threshold", {"ALARM_THRESHOLD"}, "", "overrides every version's threshold"},
      {"s3_endpoint", {"MLFLOW_S3_ENDPOINT_URL"}, "", "S3 endpoint"},
      {"s3_access_key", {"AWS_ACCESS_KEY_ID"}, "", "S3 access key", true},
      {"s3_secret_key", {"AWS_SECRET_ACCESS_KEY"}, "", "S3 secret key", true},
      {"s3_session_token", {"AWS_SESSION_TOKEN"}, "", "S3 session token of temporary keys", true},
      {"s3_region", {"AWS_REGION", "AWS_DEFAULT_REGION"}, "us-east-1", "S3 region"},
      {"listen", {"FOREWARN_LISTEN"}, "127.0.0.1", "address the services listen at"},
      {"sensors_port", {"FOREWARN_SENSORS_PORT"}, "7500", "port of the sensors service; 0: any free one"},
      {"gateway_port", {"FOREWARN_GATEWAY_PORT"}, "7501", "port of the gateway and the UI"},
      {"inference_port", {"FOREWARN_INFERENCE_PORT"}, "7502", "port of the inference service"},
      {"open", {"FOREWARN_OPEN"}, "false", "true: listening wider than loopback asks for no bearer"},
      {"io_threads", {"FOREWARN_IO_THREADS"}, "0", "threads that serve requests, 0 = one a core, at most 8"},
      {"trusted_proxies",
       {"FOREWARN_TRUSTED_PROXIES"},
       "",
       "comma list of proxies' addresses whose X-Forwarded headers are believed"},
      {"seconds_per_hour", {"FOREWARN_SECONDS_PER_HOUR"}, "2", "wall seconds of a simulated plant hour"},
      {"first_history_days",
       {"FOREWARN_FIRST_HISTORY_DAYS"},
       "180",
       "days that a new simulated plant has behind it, and its first models learn from"},
      {"training_nice",
       {"FOREWARN_TRAINING_NICE"},
       "19",
       "niceness of training beside the services, 0 to 19"},
      {"sensors_url",
       {"SENSOR_API_URL"},
       "",
       "sensors service of the gateway; default in process or port 7500"},
      {"inference_url",
       {"INFERENCE_API_URL"},
       "",
       "inference service of the gateway; default in process or port 7502"},
      {"database_url",
       {"DATABASE_URL", "DB_PATH"},
       "",
       "accounts and history: sqlite:FILE or postgresql://…"},
      {"jwt_secret",
       {"JWT_SECRET"},
       "",
       "key of API tokens, at least 32 bytes; default made at first start",
       true},
      {"jwt_secret_file", {"JWT_SECRET_FILE"}, "", "file that holds that key, where it is given"},
      {"service_token_file",
       {"FOREWARN_SERVICE_TOKEN_FILE"},
       "",
       "file of the token the services know each other by; default made in the data folder"},
      {"open_registration",
       {"FOREWARN_OPEN_REGISTRATION"},
       "true",
       "false: only an administrator adds accounts"},
      {"cors_origins",
       {"CORS_ORIGINS"},
       "",
       "comma list of origins that may call the services from a browser"},
      {"history_days", {"FOREWARN_HISTORY_DAYS"}, "", "days that users' history is kept; 0: for ever"},
      {"warning_days", {"FOREWARN_WARNING_DAYS"}, "", "days that warnings are kept; 0: for ever"},
      {"alarm_days", {"FOREWARN_ALARM_DAYS"}, "", "days that alarms are kept; 0: for ever"},
      {"risk_days", {"FOREWARN_RISK_DAYS"}, "", "days that forecasts of the monitor are kept; 0: for ever"},
      {"audit_days", {"FOREWARN_AUDIT_DAYS"}, "", "days that audit rows are kept; 0: for ever"},
      {"minio_enabled",
       {"MINIO_ENABLED"},
       "false",
       "true: the sensors service flushes its buffer to a bucket"},
      {"minio_endpoint", {"MINIO_ENDPOINT"}, "", "endpoint of that bucket"},
      {"minio_access_key", {"MINIO_ACCESS_KEY"}, "", "its access key", true},
      {"minio_secret_key", {"MINIO_SECRET_KEY"}, "", "its secret key", true},
      {"minio_bucket", {"MINIO_BUCKET"}, "raw", "its name"},
      {"minio_flush_interval", {"MINIO_FLUSH_INTERVAL"}, "60", "seconds from flush to flush"},
      {"mlflow_logging", {"MLFLOW_LOGGING_ENABLED"}, "false", "true: auto inferences become runs in MLflow"},
      {"kafka",
       {"FOREWARN_KAFKA"},
       "",
       "BROKERS[/READINGS>RISK[!DEAD-LETTER]] that `serve inference` scores; empty: none"},
      {"watch_dir", {"WATCH_DIR", "DATA_DROP_PATH"}, "data_drop", "folder that `watch` looks after"},
      {"airflow_url",
       {"AIRFLOW_URL"},
       "",
       "Airflow 2 whose DAG handles what `watch` finds; empty: `watch` does"},
      {"airflow_user", {"AIRFLOW_ADMIN_USER"}, "", "its user"},
      {"airflow_password", {"AIRFLOW_ADMIN_PASSWORD"}, "", "its user's password", true},
      {"ingest_dag_id",
       {"INGEST_DAG_ID"},
       "ingest_etl_local_drop",
       "the DAG that is started for dropped files"},
  };
  return kSpecs;
}

std::string ShownValue(const Setting& setting) {
  if (setting.secret) return setting.value.empty() ? "" : "(set)";
  const std::string_view password = PasswordOfUrl(setting.value);
  if (password.empty()) return setting.value;
  std::string shown = setting.value;
  return shown.replace(static_cast<size_t>(password.data() - setting.value.data()), password.size(), "***");
}

void GlobalOptions::Declare(CLI::App& app) {
  const auto text = [&](const char* flag, const char* key, const char* help) {
    app.add_option(flag, flags_[key], help)->take_last();  // a later one wins, as in a wrapper script
  };
  text("--plant", "plant", "plant name or file");
  text("--data-dir", "data_dir", "folder of registry, stores and secrets");
  text("--registry", "registry", "local:DIR or http://host:5000");
  text("--log-level", "log_level", "trace, debug, info, warn, error or off");
  text("--log-format", "log_format", "text or json");
  text("--seed", "seed", "seed of everything random");
  text("--threads", "threads", "threads, 0 = one a core");
  app.add_option("--config", config_file_, "configuration file (default forewarn.toml, where there is one)");
  app.add_flag("--json", json_, "machine output on stdout");
  app.add_option("--progress-fd", progress_fd_, "descriptor that progress is written to, as lines of JSON")
      ->group("");
}

Status GlobalOptions::Resolve(Context& context) const {
  context.json = json_;
  context.progress_fd = progress_fd_;
  context.config_file = config_file_;
  std::map<std::string, std::string> file;
  const fs::path config = config_file_.empty() ? fs::path("forewarn.toml") : fs::path(config_file_);
  std::error_code ignored;
  if (!config_file_.empty() || fs::exists(config, ignored)) {
    FW_ASSIGN_OR_RETURN(file, ReadConfig(config));
  }
  for (const SettingSpec& spec : SettingSpecs()) {
    Setting setting{spec.key, spec.fallback, "default", spec.secret};
    if (const auto it = file.find(spec.key); it != file.end()) {
      setting.value = it->second;
      setting.origin = "file " + config.string();
    }
    for (const char* name : spec.environment) {
      if (const auto value = Environment(name)) {
        setting.value = *value;
        setting.origin = std::string("environment ") + name;
        break;
      }
    }
    if (const auto it = flags_.find(spec.key); it != flags_.end() && !it->second.empty()) {
      std::string flag = "--" + it->first;
      std::replace(flag.begin(), flag.end(), '_', '-');
      setting.value = it->second;
      setting.origin = "flag " + flag;
    }
    context.settings.push_back(std::move(setting));
  }
  context.plant_name = context.Get("plant").value;
  if (context.Get("data_dir").value.empty()) context.MutableSetting("data_dir").value = DefaultDataDir();
  context.data_dir = context.Get("data_dir").value;
  if (context.Get("registry").value.empty()) {
    context.MutableSetting("registry").value = "local:" + (context.data_dir / "registry").string();
  }
  context.registry_uri = context.Get("registry").value;
  context.log_level = context.Get("log_level").value;
  for (const Setting& setting : context.settings) {
    HideInLogs(setting.secret ? setting.value : std::string(PasswordOfUrl(setting.value)));
  }
  FW_RETURN_IF_ERROR(SetLogLevel(context.log_level));
  FW_RETURN_IF_ERROR(SetLogFormat(context.Get("log_format").value));
  FW_RETURN_IF_ERROR(ParseNumber<uint64_t>(context.Get("seed"), 0, ~uint64_t{0}, &context.seed));
  return ParseNumber<int>(context.Get("threads"), 0, 1024, &context.threads);
}

}  // namespace forewarn
