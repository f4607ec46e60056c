#include "service_settings.h"

#include <fmt/format.h>

#include <charconv>

#include "core/names.h"

namespace forewarn {
namespace {

// Reads settings one by one and keeps the first failure.
class Reader {
 public:
  explicit Reader(const Context& context) : context_(context) {}

  std::string Text(const char* key) const { return context_.Get(key).value; }

  bool Flag(const char* key) {
    const Setting& setting = context_.Get(key);
    const std::string value = ToLower(setting.value);
    if (value == "true" || value == "1" || value == "yes" || value == "on") return true;
    if (value == "false" || value == "0" || value == "no" || value == "off" || value.empty()) return false;
    return Fail(setting, "true or false is needed"), false;
  }

  template <typename T>
  T Number(const char* key, T low, T high) {
    const Setting& setting = context_.Get(key);
    T value = low;
    const char* begin = setting.value.data();
    const char* end = begin + setting.value.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error != std::errc() || stop != end || !(value >= low && value <= high)) {
      Fail(setting, fmt::format("a number from {} to {} is needed", low, high));
      return low;
    }
    return value;
  }

  std::optional<int> Days(const char* key) {
    if (context_.Get(key).value.empty()) return std::nullopt;
    return Number<int>(key, 0, 36500);
  }

  std::vector<std::string> List(const char* key) const {
    std::vector<std::string> out;
    std::string_view rest = context_.Get(key).value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(','), rest.size());
      const std::string_view item = Trim(rest.substr(0, end));
      if (!item.empty()) out.emplace_back(item);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return out;
  }

  const Status& status() const { return status_; }

 private:
  void Fail(const Setting& setting, const std::string& needed) {
    if (!status_.ok()) return;
    status_ = Status::Usage(
        fmt::format("{} is '{}' ({}); {}", setting.name, setting.value, setting.origin, needed));
  }

  const Context& context_;
  Status status_;
};

std::string DatabaseUrl(const Context& context) {
  const std::string& url = context.Get("database_url").value;
  if (url.empty()) return "sqlite:" + (context.data_dir / "accounts.db").string();
  // DB_PATH of the first system holds a path alone.
  const bool has_scheme = url.starts_with("sqlite:") || url.find("://") != std::string::npos;
  return has_scheme ? url : "sqlite:" + url;
}

Status CheckTogether(const ServiceSettings& settings) {
  if (settings.minio_enabled && settings.minio_endpoint.empty()) {
    return Status::Usage("minio_enabled is true, but there is no minio_endpoint (MINIO_ENDPOINT)");
  }
  if (!settings.jwt_secret.empty() && settings.jwt_secret.size() < 32) {
    return Status::Usage(
        fmt::format("jwt_secret has {} bytes; at least 32 are needed", settings.jwt_secret.size()));
  }
  return Status::Ok();
}

}  // namespace

bool ServiceSettings::ApplyTo(Retention* retention) const {
  bool any = false;
  const auto apply = [&](const std::optional<int>& days, int* kept) {
    if (!days) return;
    any = true;
    *kept = *days;
  };
  apply(history_days, &retention->history_days);
  apply(warning_days, &retention->warning_days);
  apply(alarm_days, &retention->alarm_days);
  apply(risk_days, &retention->risk_days);
  apply(audit_days, &retention->audit_days);
  return any;
}

Result<ServiceSettings> ReadServiceSettings(const Context& context) {
  constexpr int kPorts = 65535;
  Reader read(context);
  ServiceSettings out;
  out.listen = read.Text("listen");
  out.sensors_port = static_cast<uint16_t>(read.Number<int>("sensors_port", 0, kPorts));
  out.gateway_port = static_cast<uint16_t>(read.Number<int>("gateway_port", 0, kPorts));
  out.inference_port = static_cast<uint16_t>(read.Number<int>("inference_port", 0, kPorts));
  out.open = read.Flag("open");
  out.io_threads = read.Number<int>("io_threads", 0, 64);
  out.trusted_proxies = read.List("trusted_proxies");
  out.seconds_per_hour = read.Number<double>("seconds_per_hour", kFastestHour, kSlowestHour);
  out.first_history_hours = 24 * read.Number<int64_t>("first_history_days", 14, 3650);
  out.training_nice = read.Number<int>("training_nice", 0, 19);
  out.sensors_url = read.Text("sensors_url");
  out.inference_url = read.Text("inference_url");
  out.database_url = DatabaseUrl(context);
  out.jwt_secret = read.Text("jwt_secret");
  out.jwt_secret_file = read.Text("jwt_secret_file");
  out.service_token_file = read.Text("service_token_file");
  out.open_registration = read.Flag("open_registration");
  out.cors_origins = read.List("cors_origins");
  out.history_days = read.Days("history_days");
  out.warning_days = read.Days("warning_days");
  out.alarm_days = read.Days("alarm_days");
  out.risk_days = read.Days("risk_days");
  out.audit_days = read.Days("audit_days");
  out.minio_enabled = read.Flag("minio_enabled");
  out.minio_endpoint = read.Text("minio_endpoint");
  out.minio_access_key = read.Text("minio_access_key");
  out.minio_secret_key = read.Text("minio_secret_key");
  out.minio_bucket = read.Text("minio_bucket");
  out.minio_flush_s = read.Number<int>("minio_flush_interval", 1, 86400);
  out.mlflow_logging = read.Flag("mlflow_logging");
  FW_RETURN_IF_ERROR(read.status());
  FW_RETURN_IF_ERROR(CheckTogether(out));
  return out;
}

Result<EngineOptions> ReadEngineOptions(const Context& context) {
  EngineOptions options;
  options.champion = context.Get("model_name").value;
  if (!context.Get("alarm_threshold").value.empty()) {
    Reader read(context);
    options.alarm_threshold = read.Number<double>("alarm_threshold", 0, 1);
    FW_RETURN_IF_ERROR(read.status());
  }
  return options;
}

Status ParseListen(const std::string& text, std::string* address, uint16_t* port) {
  const size_t colon = text.rfind(':');
  std::string host = colon == std::string::npos ? "" : text.substr(0, colon);
  const std::string number = colon == std::string::npos ? text : text.substr(colon + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  unsigned value = 0;
  const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || error != std::errc() || stop != number.data() + number.size() || value > 65535) {
    return Status::Usage(
        fmt::format("--listen is '{}'; ADDRESS:PORT is needed, for example 127.0.0.1:7501", text));
  }
  if (!host.empty()) *address = host;
  *port = static_cast<uint16_t>(value);
  return Status::Ok();
}

}  // namespace forewarn
