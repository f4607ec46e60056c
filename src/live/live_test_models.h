// For the tests of src/live: models trained as `up` trains them, on 180 days of the default plant's simulated
// history, kept in the build tree between test programs.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/file.h"
#include "core/file_lock.h"
#include "label/label.h"
#include "live/scorer.h"
#include "pipeline/register.h"
#include "pipeline/simulate_step.h"
#include "plant/plant_file.h"
#include "registry/local_registry.h"
#include "train/trainer.h"

namespace forewarn::live_test {

inline constexpr int64_t kHistoryHours = 180 * 24;
inline constexpr uint64_t kModelSeed = 42;

inline std::filesystem::path GasPlantFile() {
  return std::filesystem::path(FOREWARN_SOURCE_DIR) / "plants/gas-treatment.toml";
}

inline Status TrainInto(const Plant& plant, Registry& registry) {
  SimulateOptions simulate;
  simulate.hours = kHistoryHours;
  simulate.seed = kModelSeed;
  FW_ASSIGN_OR_RETURN(const Frame table, SimulateTable(plant, simulate));
  FW_ASSIGN_OR_RETURN(const LabelResult labelled, LabelTable(plant, table));
  FW_ASSIGN_OR_RETURN(const FeatureDataset dataset,
                      BuildDataset(plant, labelled.table, DatasetOptions(), nullptr));
  TrainOptions train;
  train.verdicts = false;
  train.only = {"lr_soft_alarm", "rf_soft_alarm", "pca", "forecaster_1h", "forecaster_3h", "forecaster_6h"};
  FW_ASSIGN_OR_RETURN(const TrainResult trained, Train(plant, dataset, train));
  RegisterOptions options;
  options.dataset_digest = dataset.digest;
  return RegisterRuns(registry, plant, trained, options).status();
}

// The registry of this program's models: another program (another build) trains its own.
inline Result<std::unique_ptr<Registry>> TrainedRegistry(const Plant& plant) {
  namespace fs = std::filesystem;
  const fs::path cache = FOREWARN_TEST_CACHE;
  FW_RETURN_IF_ERROR(MakeFolders(cache));
  FW_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Take(cache / ".lock", FileLock::Mode::kExclusive));
  FW_ASSIGN_OR_RETURN(const std::string program, Sha256HexOfFile("/proc/self/exe"));
  FW_ASSIGN_OR_RETURN(const std::string file, Sha256HexOfFile(GasPlantFile()));
  const fs::path folder = cache / Sha256Hex(program + file).substr(0, 16);
  if (!fs::exists(folder)) {
    for (const auto& old : fs::directory_iterator(cache)) {
      if (old.is_directory()) fs::remove_all(old.path());
    }
    const fs::path aside = cache / "making";
    {
      FW_ASSIGN_OR_RETURN(const auto registry, LocalRegistry::Open(aside));
      FW_RETURN_IF_ERROR(TrainInto(plant, *registry));
    }
    fs::rename(aside, folder);
  }
  return LocalRegistry::Open(folder);
}

// The default plant and an engine that serves its models.
struct TrainedPlant {
  TrainedPlant() : plant(LoadPlantFile(GasPlantFile()).value()), engine(plant, EngineOptions()) {
    Result<std::unique_ptr<Registry>> opened = TrainedRegistry(plant);
    if (!opened.ok()) {
      ADD_FAILURE() << opened.message();
      return;
    }
    registry = std::move(*opened);
    EXPECT_TRUE(engine.Reload(*registry).ok());
    scorer = MakeEngineScorer(&engine);
  }
  const Plant plant;
  std::unique_ptr<Registry> registry;
  ScoringEngine engine;
  std::unique_ptr<Scorer> scorer;
};

}  // namespace forewarn::live_test
