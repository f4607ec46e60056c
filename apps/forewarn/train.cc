// `forewarn train`: the models of the plant file from a feature set, judged, registered and, by policy,
// promoted.
#include <fmt/format.h>

#include <algorithm>

#include "clock.h"
#include "commands.h"
#include "object_stores.h"
#include "pipeline/dataset_store.h"
#include "pipeline/promotion.h"
#include "pipeline/register.h"
#include "train/run_table.h"
#include "train/trainer.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

struct TrainFlags {
  std::string features;
  std::vector<std::string> only;
  bool no_verdicts = false;
};

Json RunJson(const TrainedRun& run, const RegisteredRun& registered) {
  Json out = {{"name", run.name}, {"registered", Json::array()}, {"metrics", Json::object()}};
  for (const auto& [name, version] : registered.registered) {
    out["registered"].push_back({{"name", name}, {"version", version}});
  }
  for (const auto& [name, value] : run.metrics) out["metrics"][name] = value;
  out["skill"] = run.skill.text;
  if (!run.skill.baseline.empty()) {
    out["verdict"] = {{"baseline", run.skill.baseline},  {"model", run.skill.model},
                      {"best_baseline", run.skill.best}, {"low", run.skill.low},
                      {"high", run.skill.high},          {"events", run.skill.events}};
  }
  if (!run.not_fitted.empty()) out["not_fitted"] = run.not_fitted;
  if (run.model) out["notes"] = run.model->info.notes;
  out["seconds"] = run.seconds;
  return out;
}

Json DecisionJson(const PromotionDecision& decision) {
  return {{"name", decision.name},
          {"challenger", decision.challenger},
          {"incumbent", decision.incumbent},
          {"promoted", decision.promoted},
          {"reason", decision.reason}};
}

void Tell(const Context& context, const TrainResult& result, const std::vector<RegisteredRun>& registered,
          const std::vector<PromotionDecision>& decisions) {
  context.Print(RunTable(result));
  for (const TrainedRun& run : result.runs) {
    if (!run.model) continue;
    for (const std::string& note : run.model->info.notes) context.Say(fmt::format("{}: {}", run.name, note));
  }
  size_t versions = 0;
  for (const RegisteredRun& run : registered) versions += run.registered.size();
  context.Print(fmt::format("{} versions registered in {}\n", versions, context.registry_uri));
  for (const PromotionDecision& d : decisions) {
    if (d.challenger == 0) continue;
    context.Print(fmt::format("{} {}: {}\n", d.name,
                              d.promoted ? fmt::format("version {} is champion", d.challenger) : "unchanged",
                              d.reason));
  }
}

Status RunTrain(const Context& context, const TrainFlags& flags) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  PromotionPolicy policy;
  FW_ASSIGN_OR_RETURN(policy.mode, ParsePromotionMode(context.Get("promotion_mode").value));
  policy.metric = context.Get("promotion_metric").value;
  FW_RETURN_IF_ERROR(CheckPromotionMetric(policy.metric));
  FW_ASSIGN_OR_RETURN(const FeatureDataset dataset, LoadDataset(flags.features, ObjectStoresOf(context)));
  FW_RETURN_IF_ERROR(CheckPlantOf(dataset, plant, flags.features));
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  TrainOptions options;
  options.only = flags.only;
  options.seed = context.seed;
  options.threads = context.threads;
  options.verdicts = !flags.no_verdicts;
  options.progress = context.MakeProgress();
  options.clock = SteadySeconds;
  RegisterOptions record;
  record.started_us = NowUtcMicroseconds();
  FW_ASSIGN_OR_RETURN(const TrainResult result, Train(plant, dataset, options));
  record.ended_us = NowUtcMicroseconds();
  record.features_uri = flags.features;
  record.dataset_digest = dataset.digest;
  record.seed = context.seed;
  record.progress = options.progress;
  FW_ASSIGN_OR_RETURN(const std::vector<RegisteredRun> registered,
                      RegisterRuns(*registry, plant, result, record));
  std::vector<std::pair<std::string, int>> fresh;
  for (const RegisteredRun& run : registered) {
    fresh.insert(fresh.end(), run.registered.begin(), run.registered.end());
  }
  FW_ASSIGN_OR_RETURN(const std::vector<PromotionDecision> decisions,
                      PromoteByPolicy(*registry, plant, dataset, fresh, policy));
  if (!context.json) {
    Tell(context, result, registered, decisions);
    return {};
  }
  Json out = {{"runs", Json::array()}, {"features", {{"uri", flags.features}, {"digest", dataset.digest}}}};
  for (size_t i = 0; i < result.runs.size(); ++i)
    out["runs"].push_back(RunJson(result.runs[i], registered[i]));
  out["promotions"] = Json::array();
  for (const PromotionDecision& decision : decisions) out["promotions"].push_back(DecisionJson(decision));
  context.PrintJson(out);
  return {};
}

}  // namespace

void AddTrainCommand(CLI::App& app, const Context& context, Command& run) {
  auto* train = app.add_subcommand("train", "train, judge and register the plant's models");
  auto flags = std::make_shared<TrainFlags>();
  train->add_option("--features", flags->features, "a feature set of `etl`: a folder, file: or s3: URI")
      ->required();
  train
      ->add_option("--only", flags->only,
                   "runs to train, e.g. rf_soft_alarm,forecaster_6h (default: the plant file's)")
      ->delimiter(',');
  train->add_flag("--no-verdicts", flags->no_verdicts, "leave out the skill verdicts: faster");
  train->callback([&context, &run, flags] { run = [&context, flags] { return RunTrain(context, *flags); }; });
}

}  // namespace forewarn
