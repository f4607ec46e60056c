#include "ops/first_training.h"

#include <fmt/format.h>

#include <algorithm>

#include "train/run_spec.h"

namespace forewarn {
namespace {

constexpr int kProgressFd = 3;

// Names the services cannot do without: the champion's and the forecasters'.
bool IsNeeded(const Plant& plant, const RunSpec& spec, const std::string& name) {
  return spec.learner == RunSpec::Learner::kForecaster || name == plant.ModelName("champion");
}

ChildRequest Child(const FirstTrainingOptions& options, std::vector<std::string> arguments) {
  ChildRequest child;
  child.arguments = std::move(arguments);
  child.arguments.insert(child.arguments.end(), options.flags.begin(), options.flags.end());
  child.arguments.push_back("--progress-fd");
  child.arguments.push_back(fmt::format("{}", kProgressFd));
  child.progress_fd = kProgressFd;
  child.nice = options.nice;
  return child;
}

}  // namespace

Result<bool> NeedsFirstTraining(const Plant& plant, Registry& registry) {
  FW_ASSIGN_OR_RETURN(const std::vector<RunSpec> specs, SelectRuns(plant, {}));
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, registry.Versions(""));
  FW_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs, registry.Runs(kTrainingExperiment));
  const auto has_champion = [&](const std::string& name) {
    return std::any_of(versions.begin(), versions.end(),
                       [&](const ModelVersion& v) { return v.name == name && v.Has(kChampionAlias); });
  };
  const auto was_tried_in_vain = [&](const std::string& run) {
    return std::any_of(runs.begin(), runs.end(), [&](const RunRecord& record) {
      const auto of = record.tags.find("plant");
      return record.name == run && record.tags.contains("not_fitted") && of != record.tags.end() &&
             of->second == plant.name;
    });
  };
  for (const RunSpec& spec : specs) {
    for (const std::string& name : spec.registered) {
      if (IsNeeded(plant, spec, name) && !has_champion(name) && !was_tried_in_vain(spec.name)) return true;
    }
  }
  return false;
}

std::vector<TrainingStep> FirstTrainingSteps(const FirstTrainingOptions& options) {
  const std::string table = (options.history / "history.parquet").string();
  TrainingStep simulate;
  simulate.what = fmt::format("simulating {} days of history", options.hours / 24);
  simulate.child = Child(options, {"simulate", "--hours", fmt::format("{}", options.hours), "--out", table,
                                   "--seed", fmt::format("{}", options.plant_seed)});
  simulate.seconds = 0.5;
  TrainingStep run;
  run.what = "training the first models";
  run.child = Child(options, {"run", "--from", "cleaned", table, "--first-champion", "--seed",
                              fmt::format("{}", options.seed)});
  run.seconds = 20;
  run.parts = {{"encode", 0.3}, {"write", 0.2}, {"training", 18}, {"register", 1}};
  return {std::move(simulate), std::move(run)};
}

}  // namespace forewarn
