#include "pipeline/register.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/artifact.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

std::string MetricsReport(const TrainedRun& run) {
  Json metrics = Json::object();
  for (const auto& [name, value] : run.metrics) metrics[name] = value;
  Json folds = Json::array();
  for (const WalkForwardFold& fold : run.walk_forward) {
    Json entry = {{"train_rows", fold.train_rows}, {"test_rows", fold.test_rows}};
    if (!fold.not_fitted.empty()) entry["not_fitted"] = fold.not_fitted;
    for (const auto& [name, value] : fold.metrics) entry[name] = value;
    folds.push_back(entry);
  }
  Json report = {{"run", run.name}, {"skill", run.skill.text}};
  if (!run.not_fitted.empty()) report["not_fitted"] = run.not_fitted;
  report["verdict"] = {{"baseline", run.skill.baseline},  {"model", run.skill.model},
                       {"best_baseline", run.skill.best}, {"low", run.skill.low},
                       {"high", run.skill.high},          {"events", run.skill.events}};
  report["metrics"] = metrics;
  report["walk_forward"] = folds;
  return report.dump(1) + "\n";
}

// What each component is made of: sensor by component, and its share of the variance.
std::string LoadingsReport(const ModelInfo& info, const PcaModel& pca) {
  Json components = Json::array();
  for (size_t k = 0; k < pca.components.size(); ++k) {
    Json loadings = Json::object();
    for (size_t f = 0; f < info.features.size(); ++f) loadings[info.features[f]] = pca.components[k][f];
    components.push_back(
        {{"component", k + 1}, {"explained_variance", pca.explained[k]}, {"loadings", loadings}});
  }
  return Json{{"kept", pca.kept}, {"components", components}}.dump(1) + "\n";
}

FileSet ReportFiles(const TrainedRun& run) {
  FileSet files;
  files[fmt::format("reports/{}_metrics.json", run.name)] = MetricsReport(run);
  if (!run.model) return files;
  const ModelInfo& info = run.model->info;
  if (info.kind == ModelKind::kForecaster) {
    files[fmt::format("reports/forecaster_{}_features.json", info.horizon_name)] =
        Json{{"horizon", info.horizon_name},
             {"window", info.window},
             {"sensors", info.sensors},
             {"features", info.features}}
            .dump(1) +
        "\n";
  }
  if (const auto* pca = std::get_if<PcaModel>(&run.model->body)) {
    files["reports/pca_loadings.json"] = LoadingsReport(info, *pca);
  }
  return files;
}

RunRecord MakeRecord(const Plant& plant, const TrainedRun& run, const RegisterOptions& options) {
  RunRecord record;
  record.name = run.name;
  record.started_us = options.started_us;
  record.ended_us = options.ended_us;
  record.params["seed"] = fmt::format("{}", options.seed);
  if (run.model) {
    for (const auto& [name, value] : run.model->info.params) record.params[name] = fmt::format("{}", value);
  }
  record.metrics = run.metrics;
  record.tags[kSkillTag] = run.skill.text;
  record.tags["plant"] = plant.name;
  if (!run.not_fitted.empty()) record.tags["not_fitted"] = run.not_fitted;
  record.dataset =
      DatasetInput{kFeatureDatasetName, options.dataset_digest, options.features_uri, "training"};
  record.files = ReportFiles(run);
  return record;
}

}  // namespace

Result<std::vector<RegisteredRun>> RegisterRuns(Registry& registry, const Plant& plant,
                                                const TrainResult& result, const RegisterOptions& options) {
  std::vector<RegisteredRun> out;
  for (const TrainedRun& run : result.runs) {
    Report(options.progress, "train: registering", out.size(), result.runs.size());
    RegisteredRun registered;
    registered.name = run.name;
    FW_ASSIGN_OR_RETURN(registered.run_id, registry.LogRun(MakeRecord(plant, run, options)));
    if (run.model) {
      FW_ASSIGN_OR_RETURN(const FileSet files, PackModel(*run.model));
      for (const std::string& name : run.registered) {
        const NewVersion version = {
            name, registered.run_id, {{kSkillTag, run.skill.text}, {"plant", plant.name}}, files};
        FW_ASSIGN_OR_RETURN(const ModelVersion stored, registry.AddVersion(version));
        registered.registered.emplace_back(name, stored.version);
      }
    }
    out.push_back(std::move(registered));
  }
  Report(options.progress, "train: registering", out.size(), result.runs.size());
  return out;
}

}  // namespace forewarn
