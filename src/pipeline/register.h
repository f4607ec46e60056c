// A training's result → the registry: one run of experiment `plant_alarm_training` each, with parameters,
// metrics, the dataset's digest and its report files, and a version under every name the run is registered
// as. Every run that was fitted is stored before anything is promoted (promotion.h). Used by `train` and
// `run`.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "plant/plant.h"
#include "registry/registry.h"
#include "train/trainer.h"

namespace forewarn {

struct RegisterOptions {
  std::string features_uri;    // where the features were read from; "" = made in memory
  std::string dataset_digest;  // FeatureDataset::digest
  uint64_t seed = 42;
  int64_t started_us = 0;  // UTC, of the training
  int64_t ended_us = 0;
  Progress progress;
};

struct RegisteredRun {
  std::string name;
  std::string run_id;
  std::vector<std::pair<std::string, int>> registered;  // model name, version; empty if it was not fitted
};

// In the result's order. Stops at the first failure: what was registered before it stays.
Result<std::vector<RegisteredRun>> RegisterRuns(Registry& registry, const Plant& plant,
                                                const TrainResult& result, const RegisterOptions& options);

}  // namespace forewarn
