// `forewarn evaluate`: the registry's models judged on a labelled table; report.html, report.json and the
// tables.
#include <fmt/format.h>

#include <filesystem>

#include "clock.h"
#include "commands.h"
#include "core/file.h"
#include "io/table_io.h"
#include "object_stores.h"
#include "registry/artifact.h"
#include "registry/registry.h"
#include "report/evaluation.h"
#include "table_input.h"

namespace forewarn {
namespace {

struct EvaluateFlags {
  std::string input;
  std::string out;
};

// One version a run name: the champion if it came from that run, else the newest.
Result<std::vector<EvaluatedModel>> LoadModels(const Plant& plant, Registry& registry) {
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, registry.Versions(""));
  std::map<std::string, ModelVersion> chosen;
  for (const ModelVersion& v : versions) {
    if (!v.name.starts_with(plant.models.prefix + "_")) continue;
    const auto it = chosen.find(v.run_name);
    const bool taken = it != chosen.end() && it->second.Has(kChampionAlias) && !v.Has(kChampionAlias);
    if (!taken) chosen[v.run_name] = v;
  }
  std::vector<EvaluatedModel> models;
  for (const auto& [run, version] : chosen) {
    EvaluatedModel m;
    m.registered = version.name;
    m.version = version.version;
    m.champion = version.Has(kChampionAlias);
    m.skill = version.Skill();
    FW_ASSIGN_OR_RETURN(m.model, LoadVersion(registry, version));
    models.push_back(std::move(m));
  }
  return models;
}

Status RunEvaluate(const Context& context, const EvaluateFlags& flags) {
  const int64_t started = NowUtcMicroseconds();
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const Frame table, ReadPlantFrame(context, plant, flags.input));
  if (!table.Has(kLabelColumn)) {
    return Status::Invalid(
        fmt::format("{}: no '{}' column; run `forewarn label` on it first", flags.input, kLabelColumn));
  }
  DatasetOptions dataset;
  dataset.seed = context.seed;
  dataset.threads = context.threads;
  FW_ASSIGN_OR_RETURN(const FeatureDataset data, BuildDataset(plant, table, dataset, nullptr));
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  FW_ASSIGN_OR_RETURN(const std::vector<EvaluatedModel> models, LoadModels(plant, *registry));
  EvaluationOptions options;
  options.seed = context.seed;
  options.threads = context.threads;
  options.progress = context.MakeProgress();
  FW_ASSIGN_OR_RETURN(const Evaluation evaluation, Evaluate(plant, table, data, models, options));

  const std::filesystem::path out = flags.out;
  FW_RETURN_IF_ERROR(MakeFolders(out));
  const std::string json = evaluation.json.dump(2) + "\n";
  FW_RETURN_IF_ERROR(WriteFileAtomic(out / "report.html", evaluation.html));
  FW_RETURN_IF_ERROR(WriteFileAtomic(out / "report.json", json));
  FW_RETURN_IF_ERROR(WriteFileAtomic(out / "cv_results.csv", evaluation.cv_results));
  FW_RETURN_IF_ERROR(WriteFileAtomic(out / "horizon_metrics.csv", evaluation.horizon_metrics));
  FW_RETURN_IF_ERROR(WriteTable(out / "model_results.csv", evaluation.model_results));

  RunRecord record;
  record.experiment = "plant_alarm_validation";
  record.name = "validation_suite";
  record.started_us = started;
  record.ended_us = NowUtcMicroseconds();
  record.metrics = evaluation.metrics;
  record.dataset = DatasetInput{kFeatureDatasetName, data.digest, flags.input, "validation"};
  record.files["reports/report.json"] = json;
  record.files["reports/cv_results.csv"] = evaluation.cv_results;
  record.files["reports/horizon_metrics.csv"] = evaluation.horizon_metrics;
  FW_ASSIGN_OR_RETURN(const std::string run_id, registry->LogRun(record));
  context.Say("wrote " + (out / "report.html").string() + " and its tables; run " + run_id);
  if (context.json) context.PrintJson(evaluation.json);
  return Status::Ok();
}

}  // namespace

void AddEvaluateCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("evaluate", "judge the registry's models on a labelled table");
  const auto flags = std::make_shared<EvaluateFlags>();
  command->add_option("IN", flags->input, "labelled table (CSV or Parquet)")->required();
  command->add_option("--out", flags->out, "folder for report.html, report.json and the tables")->required();
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunEvaluate(context, *flags); }; });
}

}  // namespace forewarn
