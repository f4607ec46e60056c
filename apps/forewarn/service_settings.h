// The settings of the services (settings.h) as typed, checked values; every bad one is told with its origin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/records.h"
#include "context.h"
#include "core/status.h"
#include "plant/plant.h"
#include "scoring/engine.h"

namespace forewarn {

inline constexpr double kFastestHour = 0.01;  // seconds_per_hour
inline constexpr double kSlowestHour = 86400;

struct ServiceSettings {
  std::string listen;  // address
  uint16_t sensors_port = 0, gateway_port = 0, inference_port = 0;
  bool open = false;  // no bearer for the sensors and inference services, however wide they listen
  int io_threads = 0;
  std::vector<std::string> trusted_proxies;

  double seconds_per_hour = 2;
  int64_t first_history_hours = 0;
  int training_nice = 19;

  std::string sensors_url, inference_url;  // "": in process, or the default ports
  std::string database_url;                // never ""
  std::string jwt_secret;                  // "": from its file, or made at first start
  std::string jwt_secret_file, service_token_file;
  bool open_registration = true;
  std::vector<std::string> cors_origins;
  // Days set here replace what the store keeps; nullopt leaves it.
  std::optional<int> history_days, warning_days, alarm_days, risk_days, audit_days;

  bool minio_enabled = false;
  std::string minio_endpoint, minio_access_key, minio_secret_key, minio_bucket;
  int minio_flush_s = 60;
  bool mlflow_logging = false;

  // True where any of the days is set; retention then has them.
  bool ApplyTo(Retention* retention) const;
};

Result<ServiceSettings> ReadServiceSettings(const Context& context);
// model_name and alarm_threshold.
Result<EngineOptions> ReadEngineOptions(const Context& context);
// "127.0.0.1:7502" or "[::1]:7502", or a port alone, over the settings' address and port.
Status ParseListen(const std::string& text, std::string* address, uint16_t* port);

}  // namespace forewarn
