// The table of runs (models.md, "The twelve runs"): what each is called, how it is fitted, and under which
// names it is registered. The trainer and the evaluation read it; nothing else knows a run's settings.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "model/model.h"
#include "plant/plant.h"
#include "train/xgboost_learner.h"

namespace forewarn {

struct RunSpec {
  enum class Learner { kBoosting, kCalibrated, kForecaster, kLogistic, kIsolation, kRegime, kRidge, kPca };
  std::string name;
  Learner learner = Learner::kBoosting;
  ModelKind kind = ModelKind::kClassifier;
  std::vector<std::string> registered;  // full names, "<prefix>_champion"
  BoostParams boost;                    // tree learners
  double regularisation = 0;            // logistic, multinomial: C; ridge: alpha
  Calibration::Kind calibration = Calibration::Kind::kIdentity;
  size_t horizon = 0;  // forecasters: index into the plant's horizons
  bool NeedsLabels() const {
    return learner != Learner::kIsolation && learner != Learner::kPca && learner != Learner::kRidge;
  }
};

inline constexpr int kSmoteNeighbours = 5;
inline constexpr size_t kCalibrationFolds = 3;
inline constexpr size_t kWalkForwardFolds = 5;
inline constexpr int kIsolationTrees = 300;
inline constexpr int kIsolationPsi = 256;
inline constexpr double kDefaultContamination = 0.05;  // isolation forest of a plant without labels
inline constexpr int kRegimes = 3;                     // normal, transition, alarm

// Every run a plant can have, in the order of models.md's table; forecasters by the plant's horizons.
std::vector<RunSpec> AllRuns(const Plant& plant);
// Those in `only`, or where it is empty those of the plant file; in table order. NotFound lists the known
// names.
Result<std::vector<RunSpec>> SelectRuns(const Plant& plant, const std::vector<std::string>& only);
// The settings that went into a fit, by name, sorted.
std::vector<std::pair<std::string, double>> RunParams(const RunSpec& spec);

}  // namespace forewarn
