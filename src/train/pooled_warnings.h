// The warnings' threshold: warnings pool the horizons (models.md, "Honesty: skill"), so their threshold is
// not any forecaster's own. Part of the trainer; pure.
#pragma once

#include <vector>

#include "plant/plant.h"
#include "train/run_spec.h"
#include "train/trainer.h"
#include "train/training_data.h"

namespace forewarn {

// Metric of a forecaster's run: the threshold of the pooled probability. What the live monitor warns by.
inline constexpr char kWarningThreshold[] = "warning_threshold";

// Mean over the horizons, row by row; null where one has no score. by_horizon must not be empty.
std::vector<double> PooledScores(const std::vector<std::vector<double>>& by_horizon);

// Gives each fitted forecaster's run (not its model: that is the same whatever else is trained) the metrics
// warning_threshold, train_warning_recall and train_false_warnings_per_day: the threshold of their pooled
// walk-forward scores that meets the plant file's budget on the training part. Nothing where that part holds
// no scored event.
void ChooseWarningThreshold(const Plant& plant, const std::vector<RunSpec>& specs, const TrainingData& data,
                            std::vector<TrainedRun>* runs);

}  // namespace forewarn
