// A small plant with models of random trees in a registry of its own, for the tests of the scoring engine.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/file.h"
#include "core/random.h"
#include "model/random_models.h"
#include "registry/artifact.h"
#include "registry/local_registry.h"
#include "scoring/engine.h"

namespace forewarn::scoring_test {

inline Plant EnginePlant() {
  Plant plant;
  plant.name = "small";
  plant.tags = {{.id = "p", .label = "", .unit = "", .files = {}},
                {.id = "q", .label = "", .unit = "", .files = {}}};
  plant.features.window = 3;
  plant.features.horizons = {kHour, 3 * kHour};
  plant.features.rolling = {3, {"p"}};
  plant.features.delta = {"p"};
  plant.features.point = {"p", "q", "hour_of_day", "p_roll_mean", "p_roll_std", "p_delta"};
  plant.features.history_sum = HistorySum{"failures_48", "anomaly_label", 49};
  plant.models.prefix = "x";
  return plant;
}

inline CalibratedTrees EngineTrees(Random& random, int features) {
  CalibratedTrees body;
  for (int fold = 0; fold < 2; ++fold) {
    body.folds.push_back(
        {random_models::Ensemble(random, 20, features, {3, 0.05}), random_models::Platt(random)});
  }
  return body;
}

inline Model PointModel(uint64_t seed) {
  Random random(seed);
  Model model;
  model.info.run = "xgboost_calibrated";
  model.info.kind = ModelKind::kClassifier;
  model.info.features = EnginePlant().features.point;
  model.info.medians = {10, 20, 12, 11, 1, 2};
  model.info.threshold = 0.375;
  model.info.skill = "no skill shown";
  model.info.gains = {0.1, 0.5, 0, 0.1, 0.2, 0.1};
  model.body = EngineTrees(random, 6);
  return model;
}

inline Model WindowModel(uint64_t seed, int horizon) {
  Random random(seed);
  Model model;
  model.info.run = "forecaster_" + std::to_string(horizon) + "h";
  model.info.kind = ModelKind::kForecaster;
  model.info.sensors = {"p", "q"};
  model.info.window = 3;
  model.info.horizon = horizon;
  model.info.horizon_name = std::to_string(horizon) + "h";
  model.info.features = WindowNames(model.info.sensors, model.info.window);
  model.info.medians.assign(model.info.features.size(), 0);
  model.info.threshold = 0.6;
  model.body = EngineTrees(random, static_cast<int>(model.info.features.size()));
  return model;
}

// T² is (p² + q²), SPE 0.
inline Model MonitorModel() {
  PcaModel body;
  body.mean = {0, 0};
  body.scale = {1, 1};
  body.components = {{1, 0}, {0, 1}};
  body.variance = {1, 1};
  body.explained = {0.5, 0.5};
  body.kept = 2;
  body.t2_limit95 = 4, body.t2_limit99 = 9, body.spe_limit95 = 1, body.spe_limit99 = 2;
  Model model;
  model.info.run = "pca";
  model.info.kind = ModelKind::kPca;
  model.info.features = {"p", "q"};
  model.info.medians = {0, 0};
  model.body = body;
  return model;
}

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : registry_(std::move(*LocalRegistry::Open(scratch_.path()))) {}

  int Add(const std::string& name, const Model& model) {
    const Result<FileSet> files = PackModel(model);
    EXPECT_TRUE(files.ok()) << files.message();
    const Result<ModelVersion> version =
        registry_->AddVersion({name, "", {{kSkillTag, model.info.skill}}, *files});
    EXPECT_TRUE(version.ok()) << version.message();
    return version->version;
  }

  std::unique_ptr<ScoringEngine> Loaded(EngineOptions options = {}) {
    auto engine = std::make_unique<ScoringEngine>(EnginePlant(), std::move(options));
    EXPECT_TRUE(engine->Reload(*registry_).ok());
    return engine;
  }

  static PredictRequest Point(const std::string& json) {
    std::vector<Fault> faults;
    Result<PredictRequest> request = ParsePredict(json, &faults);
    EXPECT_TRUE(request.ok()) << request.message();
    return *request;
  }

  ScratchFolder scratch_;
  std::unique_ptr<Registry> registry_;
};

}  // namespace forewarn::scoring_test
