// The first training of `up`: whether a plant still needs one, and the children that do it. The plant's own
// past is simulated again as a table (the live plant goes on where it ends), then the whole pipeline runs
// over it and every model without a champion gets one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/status.h"
#include "ops/training.h"
#include "plant/plant.h"
#include "registry/registry.h"

namespace forewarn {

// True while the champion or a forecaster of the plant has no champion version, unless a training has said
// that it cannot be fitted.
Result<bool> NeedsFirstTraining(const Plant& plant, Registry& registry);

struct FirstTrainingOptions {
  int64_t hours = 180 * 24;        // of history
  uint64_t plant_seed = 42;        // the live plant's
  uint64_t seed = 42;              // of the training
  int nice = 19;                   // of the children
  std::filesystem::path history;   // folder for the history's table and the steps' reports
  std::vector<std::string> flags;  // global flags of the children: --plant, --data-dir, …; not --seed
};
std::vector<TrainingStep> FirstTrainingSteps(const FirstTrainingOptions& options);

}  // namespace forewarn
