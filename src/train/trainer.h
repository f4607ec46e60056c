// The trainer: a dataset in, models with their metrics, baselines, thresholds and skill verdicts out. Pure:
// nothing is stored (pipeline and registry do that), time is an argument, and the same data, seed and options
// give the same bytes for any number of threads (parallel across fits, one thread inside a fit).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "features/dataset.h"
#include "model/model.h"
#include "plant/plant.h"
#include "train/verdict.h"

namespace forewarn {

struct TrainOptions {
  std::vector<std::string> only;  // run names; empty: the plant file's
  uint64_t seed = 42;
  int threads = 0;       // 0: one a core
  bool verdicts = true;  // false: no verdicts ("not judged"), less walk-forward; thresholds are the same
  int resamples = 2000;
  Progress progress;
  std::function<double()> clock;  // seconds of any steady clock, for TrainedRun::seconds; empty: 0
};

// One fold of the walk-forward: fitted on the rows before it less a day's gap, judged on its own.
struct WalkForwardFold {
  size_t train_rows = 0;
  size_t test_rows = 0;    // rows with a score
  std::string not_fitted;  // why there are none
  std::map<std::string, double> metrics;
};

struct TrainedRun {
  std::string name;
  std::vector<std::string> registered;  // model names the version goes under
  std::optional<Model> model;           // none: see not_fitted
  std::string not_fitted;
  std::map<std::string, double> metrics;  // with baseline_…; on the validation rows (models.md)
  SkillVerdict skill;
  std::vector<WalkForwardFold> walk_forward;  // the folds that were run
  std::vector<double> walk_forward_scores;  // by row of train followed by valid; NaN: none. Regime: the class
  double seconds = 0;                       // of fitting, summed over threads
};

struct TrainResult {
  std::vector<TrainedRun> runs;  // in the table's order
};

// NotFound for an unknown run, listing the known; Invalid for a dataset that does not fit the plant. A run
// that cannot be fitted is part of the result, not an error.
Result<TrainResult> Train(const Plant& plant, const FeatureDataset& dataset, const TrainOptions& options);

// The monitor's blend (models.md): ½ LR + ½ RF, smoothed by an exponential moving average that starts at its
// first value.
std::vector<double> SmoothedBlend(const std::vector<double>& lr, const std::vector<double>& rf);

}  // namespace forewarn
