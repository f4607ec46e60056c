// Judges a fitted run: metrics and baselines on the validation rows, the served threshold from the
// walk-forward scores of the training part, the skill verdict from all walk-forward scores. Pure; one thread.
#pragma once

#include <vector>

#include "core/status.h"
#include "train/fit_run.h"
#include "train/trainer.h"

namespace forewarn {

// Scores by row of the timeline for rows [begin, end): classifiers, isolation forest: the score; forecasters:
// of the window that ends at the row; regime: the most probable class; deviation: the predicted next value.
// Others stay as they are.
Status ScoreTimeline(const RunSpec& spec, const TrainingData& data, const ModelBody& body, size_t begin,
                     size_t end, std::vector<double>* by_row);

// Metrics of a walk-forward fold's scored rows, empty where none is scored.
WalkForwardFold JudgeFold(const RunSpec& spec, const TrainingData& data, const std::vector<double>& by_row,
                          const TimeFold& fold);

// Fills run->metrics, run->skill and run->model's threshold; run->model and run->walk_forward_scores are
// there.
Status JudgeRun(const Plant& plant, const RunSpec& spec, const TrainingData& data,
                const TrainOptions& options, TrainedRun* run);

}  // namespace forewarn
