// `forewarn run`: raw exports to promoted models in one go.
#include "pipeline/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "clock.h"
#include "commands.h"
#include "object_stores.h"
#include "train/run_table.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

struct RunFlags {
  std::vector<std::string> inputs;
  std::string from = "raw";
  std::string features;
  std::string keep;
  std::string suite;
  std::vector<std::string> only;
  bool no_gate = false;
  bool no_verdicts = false;
  bool first_champion = false;
};

Json RunsJson(const RunOutcome& outcome) {
  Json runs = Json::array();
  for (size_t i = 0; i < outcome.trained.runs.size(); ++i) {
    const TrainedRun& run = outcome.trained.runs[i];
    Json entry = {{"name", run.name}, {"registered", Json::array()}, {"metrics", Json::object()}};
    for (const auto& [name, version] : outcome.registered[i].registered) {
      entry["registered"].push_back({{"name", name}, {"version", version}});
    }
    for (const auto& [name, value] : run.metrics) entry["metrics"][name] = value;
    entry["skill"] = run.skill.text;
    if (!run.not_fitted.empty()) entry["not_fitted"] = run.not_fitted;
    entry["seconds"] = run.seconds;
    runs.push_back(std::move(entry));
  }
  return runs;
}

Json OutcomeJson(const RunOutcome& outcome) {
  Json out = {{"runs", RunsJson(outcome)},
              {"features", {{"uri", outcome.etl.uri}, {"digest", outcome.etl.dataset.digest}}},
              {"promotions", Json::array()}};
  for (const PromotionDecision& d : outcome.decisions) {
    out["promotions"].push_back({{"name", d.name},
                                 {"challenger", d.challenger},
                                 {"incumbent", d.incumbent},
                                 {"promoted", d.promoted},
                                 {"reason", d.reason}});
  }
  if (outcome.read) out["set_aside"] = outcome.read->Words();
  if (outcome.ingest) out["ingest"] = ReportJson(*outcome.ingest);
  if (outcome.label) out["label"] = LabelReportJson(*outcome.label);
  if (outcome.gate) out["validation"] = outcome.gate->json;
  return out;
}

void Tell(const Context& context, const RunOutcome& outcome) {
  if (outcome.read) {
    for (const std::string& words : outcome.read->Words()) context.Print(words + "\n");
  }
  if (outcome.ingest) context.Print(ReportText(*outcome.ingest) + "\n");
  if (outcome.label) context.Print(LabelReportText(*outcome.label) + "\n");
  if (outcome.gate) context.Print("validation: " + outcome.gate->Summary() + "\n");
  context.Print(fmt::format("features: {} (train {} rows, validation {})\n\n", outcome.etl.uri,
                            outcome.etl.dataset.train.rows(), outcome.etl.dataset.valid.rows()));
  context.Print(RunTable(outcome.trained) + "\n");
  for (const PromotionDecision& d : outcome.decisions) {
    context.Print(fmt::format("{}: {}{}\n", d.name,
                              d.promoted ? fmt::format("version {} is champion: ", d.challenger) : "",
                              d.reason));
  }
}

Result<RunOptions> OptionsOf(const Context& context, const Plant& plant, const RunFlags& flags) {
  RunOptions options;
  FW_ASSIGN_OR_RETURN(options.from, ParseRunFrom(flags.from));
  options.inputs = flags.inputs;
  options.features_uri =
      flags.features.empty() ? (context.data_dir / "features" / plant.name).string() : flags.features;
  options.run_id = UtcRunId();
  options.stores = ObjectStoresOf(context);
  options.gate = !flags.no_gate;
  options.suite = flags.suite;
  options.keep = flags.keep;
  FW_ASSIGN_OR_RETURN(options.policy.mode, ParsePromotionMode(context.Get("promotion_mode").value));
  options.policy.metric = context.Get("promotion_metric").value;
  options.policy.first_champion = flags.first_champion;
  options.train.only = flags.only;
  options.train.seed = context.seed;
  options.train.threads = context.threads;
  options.train.verdicts = !flags.no_verdicts;
  options.train.progress = context.MakeProgress();
  options.train.clock = SteadySeconds;
  options.now_us = NowUtcMicroseconds;
  return options;
}

Status RunRun(const Context& context, const RunFlags& flags) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const RunOptions options, OptionsOf(context, plant, flags));
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  FW_ASSIGN_OR_RETURN(const RunOutcome outcome, RunPipeline(plant, *registry, options));
  if (context.json) {
    context.PrintJson(OutcomeJson(outcome));
  } else {
    Tell(context, outcome);
  }
  return Status::Ok();
}

}  // namespace

void AddRunCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand(
      "run", "ingest, label, validate, etl, train, register and promote by policy, in one go");
  const auto flags = std::make_shared<RunFlags>();
  command
      ->add_option("FILE", flags->inputs, "historian files; or what --from says: one table, one feature set")
      ->required();
  command->add_option("--from", flags->from, "where to start: raw, cleaned, labelled or features");
  command->add_option("--features", flags->features, "where the features go; default in the data folder");
  command->add_option("--keep", flags->keep, "folder for the tables and reports between the steps");
  command->add_option("--suite", flags->suite, "validation suite; default the plant file's");
  command->add_option("--only", flags->only, "runs to train; default the plant file's")->delimiter(',');
  command->add_flag("--no-gate", flags->no_gate, "skip the validation gate");
  command->add_flag("--no-verdicts", flags->no_verdicts, "leave out the skill verdicts: faster");
  command->add_flag("--first-champion", flags->first_champion,
                    "a model without a champion gets the best new version, in manual mode too");
  command->callback([&context, &run, flags] { run = [&context, flags] { return RunRun(context, *flags); }; });
}

}  // namespace forewarn
