// For tests: random but valid models of a plant's served names, whose splits lie within the plant's normal
// bands, so that answers move with the inputs. The same plant and seed give the same models.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/random.h"
#include "features/features.h"
#include "model/random_models.h"
#include "plant/plant.h"
#include "registry/artifact.h"
#include "registry/model_names.h"
#include "registry/registry.h"

namespace forewarn::api_test {

// Scratch folders in memory where there is such a place: stores and registries sync every write, and a test
// of what is answered need not wait for a disk.
inline const bool kScratchInMemory = [] {
  std::error_code error;
  const bool there = std::filesystem::is_directory("/dev/shm", error) && ::access("/dev/shm", W_OK) == 0;
  return there && ::setenv("TMPDIR", "/dev/shm", 0) == 0;
}();

// The sensor an input comes from, by the longest name it begins with; "" for none.
inline std::string SensorOf(const Plant& plant, const std::string& feature) {
  std::string best;
  for (const std::string& sensor : plant.Sensors()) {
    if (feature.rfind(sensor, 0) == 0 && sensor.size() > best.size()) best = sensor;
  }
  return best;
}

inline CalibratedTrees Trees(const Plant& plant, const std::vector<std::string>& features, uint64_t seed) {
  Random random(seed);
  CalibratedTrees body;
  for (int fold = 0; fold < 3; ++fold) {
    TreeEnsemble trees =
        random_models::Ensemble(random, 40, static_cast<int>(features.size()), {3, 0.05, 0.2});
    for (Tree& tree : trees.trees) {
      for (TreeNode& node : tree.nodes) {
        if (node.feature < 0) continue;
        const std::string& name = features[static_cast<size_t>(node.feature)];
        const std::string sensor = SensorOf(plant, name);
        const bool level = name == sensor || name.find("_t") == sensor.size() || name == RollMeanName(sensor);
        if (!level || sensor.empty()) continue;
        const Plant::ColumnInfo band = plant.Describe(sensor);
        node.threshold =
            static_cast<float>((band.low + band.high) / 2 + node.threshold * (band.high - band.low) / 4);
      }
    }
    body.folds.push_back({std::move(trees), random_models::Platt(random)});
  }
  return body;
}

inline std::vector<double> Medians(const Plant& plant, const std::vector<std::string>& features) {
  std::vector<double> medians;
  for (const std::string& feature : features) {
    const std::string sensor = SensorOf(plant, feature);
    const Plant::ColumnInfo band = plant.Describe(sensor);
    medians.push_back(sensor.empty() ? 0 : (band.low + band.high) / 2);
  }
  return medians;
}

inline Model Classifier(const Plant& plant, const std::string& run, uint64_t seed) {
  Model model;
  model.info.run = run;
  model.info.kind = ModelKind::kClassifier;
  model.info.features = plant.features.point;
  model.info.medians = Medians(plant, model.info.features);
  model.info.threshold = 0.43;
  model.info.skill = "no skill shown";
  model.info.gains.assign(model.info.features.size(), 1.0 / static_cast<double>(model.info.features.size()));
  model.body = Trees(plant, model.info.features, seed);
  return model;
}

inline Model Forecaster(const Plant& plant, size_t horizon, uint64_t seed) {
  Model model;
  model.info.run = "forecaster_" + plant.HorizonName(horizon);
  model.info.kind = ModelKind::kForecaster;
  model.info.sensors = plant.Sensors();
  model.info.window = plant.features.window;
  model.info.horizon = plant.HorizonSteps()[horizon];
  model.info.horizon_name = plant.HorizonName(horizon);
  model.info.features = WindowNames(model.info.sensors, model.info.window);
  model.info.medians = Medians(plant, model.info.features);
  model.info.threshold = 0.5;
  model.info.skill = "no skill shown";
  model.body = Trees(plant, model.info.features, seed);
  return model;
}

inline ModelVersion Add(Registry& registry, const std::string& name, const Model& model) {
  const Result<FileSet> files = PackModel(model);
  EXPECT_TRUE(files.ok()) << (files.ok() ? "" : files.message());
  const auto version = registry.AddVersion({name, "", {{kSkillTag, model.info.skill}}, *files});
  EXPECT_TRUE(version.ok()) << (version.ok() ? "" : version.message());
  return version.ok() ? *version : ModelVersion();
}

// The champion, the soft alarm's parts and every forecaster, each the champion of its name.
inline void AddAll(Registry& registry, const Plant& plant) {
  uint64_t seed = 1;
  const auto champion = [&](const std::string& name, const Model& model) {
    const ModelVersion version = Add(registry, name, model);
    EXPECT_TRUE(registry.SetAlias(name, kChampionAlias, version.version).ok());
  };
  champion(plant.ModelName(kChampionSuffix), Classifier(plant, "xgboost_calibrated", seed++));
  champion(plant.ModelName("rf_soft_alarm"), Classifier(plant, "rf_soft_alarm", seed++));
  champion(plant.ModelName("lr_soft_alarm"), Classifier(plant, "lr_soft_alarm", seed++));
  for (size_t i = 0; i < plant.features.horizons.size(); ++i) {
    champion(ForecasterName(plant.models.prefix, plant.HorizonName(i)), Forecaster(plant, i, seed++));
  }
}

}  // namespace forewarn::api_test
