// The sensors service (http.md, "Sensors"): a plant's readings, history, scenarios, and its stream of events.
// The plant has its own clock; no request advances it. Any thread once mounted.
#pragma once

#include <memory>

#include "api/service_routes.h"
#include "core/status.h"
#include "http/event_hub.h"
#include "http/metrics.h"
#include "http/router.h"
#include "live/sensor_source.h"
#include "plant/plant.h"

namespace forewarn {

struct SensorsOptions {
  http::Guard guard;           // before everything but /health, /ready and /metrics; none: open
  bool bearer_needed = false;  // says so in the OpenAPI document
};

class SensorsApi {
 public:
  // source and metrics must outlive it and the routers it is mounted on.
  static Result<std::unique_ptr<SensorsApi>> Make(const Plant& plant, SensorSource* source,
                                                  http::Metrics* metrics, SensorsOptions options = {});
  ~SensorsApi();  // ends the streams

  void Mount(http::Router& router);
  // One flush of the buffer to an object store was done (sensor_flush.h).
  void CountUpload();
  size_t readers() const;  // of the stream, at present

 private:
  struct Impl;
  explicit SensorsApi(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace forewarn
