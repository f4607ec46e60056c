// The inference service (http.md, "Inference"): the engine's answers over HTTP. /predict, /forecast and
// /explain run on the I/O threads: microseconds, no lock, no disk, no network. Nothing here changes the
// engine; who reloads it tells ModelsChanged. Any thread once mounted.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "api/service_routes.h"
#include "core/status.h"
#include "http/metrics.h"
#include "http/router.h"
#include "registry/registry.h"
#include "scoring/engine.h"

namespace forewarn {

struct InferenceOptions {
  http::Guard guard;           // before everything but /health, /ready and /metrics; none: open
  bool bearer_needed = false;  // says so in the OpenAPI document
  // MLflow's REST interface is mounted in front of it (mlflow_face.h); null: not.
  Registry* embedded_registry = nullptr;
  std::function<void()> registry_changed;  // by that interface; may be empty
  // Fills missing time features of predict and explain, where the plant's clock is known.
  std::function<std::optional<PlantTime>()> plant_clock;
  // Instead of EngineReadiness, where more has to happen first.
  std::function<Readiness()> readiness;
};

// Ready once the champion and every forecaster the plant file trains is loaded.
Readiness EngineReadiness(const ScoringEngine& engine);

class InferenceApi {
 public:
  // Both must outlive the routers it is mounted on.
  static Result<std::unique_ptr<InferenceApi>> Make(const ScoringEngine* engine, http::Metrics* metrics,
                                                    InferenceOptions options = {});
  ~InferenceApi();

  void Mount(http::Router& router);
  void ModelsChanged();  // the engine serves other versions than before

 private:
  struct Impl;
  explicit InferenceApi(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the handlers
};

}  // namespace forewarn
