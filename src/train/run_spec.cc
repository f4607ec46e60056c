#include "train/run_spec.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/names.h"

namespace forewarn {
namespace {

using Learner = RunSpec::Learner;

RunSpec MakeRun(std::string name, Learner learner, ModelKind kind, std::vector<std::string> registered) {
  RunSpec out;
  out.name = std::move(name);
  out.learner = learner;
  out.kind = kind;
  out.registered = std::move(registered);
  return out;
}

RunSpec Boosting(const Plant& plant) {
  RunSpec run =
      MakeRun("gradient_boosting", Learner::kBoosting, ModelKind::kClassifier, {plant.ModelName("champion")});
  run.boost = {.trees = 150,
               .max_depth = 3,
               .eta = 0.05,
               .subsample = 0.8,
               .min_child_weight = 2.5};  // the curvature of 10 rows at probability ½
  run.calibration = Calibration::Kind::kLogistic;
  return run;
}

RunSpec Calibrated(const Plant& plant) {
  RunSpec run = MakeRun("xgboost_calibrated", Learner::kCalibrated, ModelKind::kClassifier,
                        {plant.ModelName("champion")});
  run.boost = {.trees = 200,
               .max_depth = 3,
               .eta = 0.05,
               .subsample = 0.8,
               .colsample_bytree = 0.8,
               .min_child_weight = 10};
  run.calibration = Calibration::Kind::kSigmoid;
  return run;
}

RunSpec Leafwise(const Plant& plant) {
  RunSpec run = MakeRun("xgboost_leafwise_calibrated", Learner::kCalibrated, ModelKind::kClassifier,
                        {plant.ModelName("champion")});
  run.boost = {.trees = 200,
               .max_depth = 4,
               .max_leaves = 15,
               .eta = 0.05,
               .colsample_bytree = 0.8,
               .min_child_weight = 2.5};
  run.calibration = Calibration::Kind::kIsotonic;
  return run;
}

RunSpec Forest(const Plant& plant) {
  RunSpec run = MakeRun("rf_soft_alarm", Learner::kCalibrated, ModelKind::kClassifier,
                        {plant.ModelName("rf_soft_alarm"), plant.ModelName("champion")});
  run.boost = {.forest = true,
               .trees = 300,
               .max_depth = 5,
               .eta = 1,
               .subsample = 0.632,
               .min_child_weight = 8,
               .lambda = 0};  // colsample_bynode = √p / p is set with p
  run.calibration = Calibration::Kind::kIsotonic;
  return run;
}

RunSpec Forecaster(const Plant& plant, size_t horizon) {
  const std::string name = "forecaster_" + plant.HorizonName(horizon);
  RunSpec run = MakeRun(name, Learner::kForecaster, ModelKind::kForecaster, {plant.ModelName(name)});
  run.boost = {.trees = 200,
               .max_depth = 3,
               .eta = 0.05,
               .subsample = 0.8,
               .colsample_bytree = 0.7,
               .min_child_weight = 10};
  run.calibration = Calibration::Kind::kIsotonic;
  run.horizon = horizon;
  return run;
}

RunSpec Other(const Plant& plant, const char* name, Learner learner, ModelKind kind, double regularisation) {
  RunSpec run = MakeRun(name, learner, kind, {plant.ModelName(name)});
  run.regularisation = regularisation;
  return run;
}

}  // namespace

std::vector<RunSpec> AllRuns(const Plant& plant) {
  std::vector<RunSpec> out = {
      Boosting(plant),
      Calibrated(plant),
      Leafwise(plant),
      Forest(plant),
      Other(plant, "lr_soft_alarm", Learner::kLogistic, ModelKind::kClassifier, 0.5),
      Other(plant, "isolation_forest", Learner::kIsolation, ModelKind::kIsolationForest, 0),
      Other(plant, "regime_classifier", Learner::kRegime, ModelKind::kRegime, 1),
      Other(plant, "deviation_predictor", Learner::kRidge, ModelKind::kDeviation, 1),
      Other(plant, "pca", Learner::kPca, ModelKind::kPca, 0),
  };
  for (size_t h = 0; h < plant.features.horizons.size(); ++h) out.push_back(Forecaster(plant, h));
  return out;
}

Result<std::vector<RunSpec>> SelectRuns(const Plant& plant, const std::vector<std::string>& only) {
  const std::vector<RunSpec> all = AllRuns(plant);
  std::vector<std::string> known;
  for (const RunSpec& run : all) known.push_back(run.name);
  const std::vector<std::string>& wanted = only.empty() ? plant.models.train : only;
  for (const std::string& name : wanted) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Status::NotFound(UnknownName("training run", name, known));
    }
  }
  std::vector<RunSpec> out;
  for (const RunSpec& run : all) {
    if (std::find(wanted.begin(), wanted.end(), run.name) != wanted.end()) out.push_back(run);
  }
  return out;
}

std::vector<std::pair<std::string, double>> RunParams(const RunSpec& spec) {
  std::map<std::string, double> out;
  const bool trees = spec.learner == Learner::kBoosting || spec.learner == Learner::kCalibrated ||
                     spec.learner == Learner::kForecaster;
  if (trees) {
    const BoostParams& b = spec.boost;
    out = {{"trees", b.trees},
           {"max_depth", b.max_depth},
           {"eta", b.eta},
           {"subsample", b.subsample},
           {"colsample_bytree", b.colsample_bytree},
           {"min_child_weight", b.min_child_weight},
           {"lambda", b.lambda},
           {"max_leaves", b.max_leaves}};
  }
  if (spec.learner == Learner::kCalibrated || spec.learner == Learner::kForecaster) {
    out["calibration_folds"] = static_cast<double>(kCalibrationFolds);
  }
  if (spec.learner == Learner::kLogistic || spec.learner == Learner::kRegime) out["c"] = spec.regularisation;
  if (spec.learner == Learner::kRidge) out["alpha"] = spec.regularisation;
  if (spec.learner == Learner::kIsolation) {
    out["trees"] = kIsolationTrees;
    out["psi"] = kIsolationPsi;
  }
  return {out.begin(), out.end()};
}

}  // namespace forewarn
