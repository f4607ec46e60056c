// Fits one run on a stretch of the timeline: the final model on the training part, and the walk-forward
// models on ever longer beginnings. One thread, no state: the same for a seed whatever runs beside it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "model/model.h"
#include "train/run_spec.h"
#include "train/training_data.h"

namespace forewarn {

struct FitRequest {
  size_t end = 0;      // rows [0, end) of the timeline may be seen
  bool final = false;  // the model to register: uses the ETL's over-sampled training part where the run does
  uint64_t seed = 0;
};

// A fit that cannot be made of the data at hand (too few events, no labels) is no error: body is empty and
// not_fitted says why.
struct FitOutcome {
  std::optional<ModelBody> body;
  std::string not_fitted;
  std::vector<std::string> notes;
  std::vector<double> gains;  // importances, one a feature, normalised to 1; empty where the learner has none
};

Result<FitOutcome> FitRun(const RunSpec& spec, const TrainingData& data, const FitRequest& request);

}  // namespace forewarn
