#include "pipeline/run.h"

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/names.h"
#include "ingest/ingest.h"
#include "io/table_io.h"
#include "pipeline/dataset_store.h"
#include "pipeline/gate_step.h"
#include "pipeline/read_history.h"
#include "plant/columns.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Keeps a step's result beside the others, if the caller wants them kept.
Status Keep(const RunOptions& options, const char* name, const Json& report) {
  if (options.keep.empty()) return Status::Ok();
  FW_RETURN_IF_ERROR(MakeFolders(options.keep));
  return WriteFileAtomic(options.keep / name,
                         report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Status Keep(const RunOptions& options, const char* name, const Frame& table) {
  if (options.keep.empty()) return Status::Ok();
  FW_RETURN_IF_ERROR(MakeFolders(options.keep));
  return WriteTable(options.keep / name, table);
}

Result<Frame> IngestStep(const Plant& plant, const RunOptions& options, RunOutcome* outcome) {
  IngestOptions ingest;
  ingest.threads = options.train.threads;
  ingest.progress = options.train.progress;
  const std::vector<fs::path> files(options.inputs.begin(), options.inputs.end());
  FW_ASSIGN_OR_RETURN(RawData data, ReadHistory(files, plant, ingest.threads, ingest.progress));
  FW_ASSIGN_OR_RETURN(IngestResult result, Ingest(std::move(data), plant, ingest));
  FW_RETURN_IF_ERROR(Keep(options, "cleaned.csv", result.table));
  FW_RETURN_IF_ERROR(Keep(options, "ingest.json", ReportJson(result.report)));
  outcome->ingest = std::move(result.report);
  return std::move(result.table);
}

Result<Table> ReadOne(const Plant& plant, const RunOptions& options) {
  ReadTableOptions read;
  read.zone = plant.zone;
  read.time_format = plant.day_first_format;
  return ReadTable(options.inputs.front(), read);
}

Result<Frame> FrameOf(const Table& table, const RunOptions& options, RunOutcome* outcome) {
  outcome->read.emplace();
  Result<Frame> frame = ToFrame(table, kTimeColumn, &*outcome->read);
  return frame.ok() ? std::move(frame) : Result<Frame>(frame.status().WithPrefix(options.inputs.front()));
}

Result<Frame> LabelStep(const Plant& plant, const RunOptions& options, const Frame& table,
                        RunOutcome* outcome) {
  FW_ASSIGN_OR_RETURN(LabelResult labelled, LabelTable(plant, table));
  FW_RETURN_IF_ERROR(Keep(options, "labelled.csv", labelled.table));
  FW_RETURN_IF_ERROR(Keep(options, "label.json", LabelReportJson(labelled.report)));
  outcome->label = std::move(labelled.report);
  return std::move(labelled.table);
}

Status GateStep(const Plant& plant, const RunOptions& options, const Table& labelled, RunOutcome* outcome) {
  if (!options.gate) return Status::Ok();
  const std::string& batch = options.inputs.front();
  FW_ASSIGN_OR_RETURN(outcome->gate, RunGate(plant, options.suite, labelled, batch));
  if (outcome->gate) FW_RETURN_IF_ERROR(Keep(options, "validation.json", outcome->gate->json));
  return GateStatus(outcome->gate, batch);
}

// The run of the options' id where it is stored already, from the same table.
bool FindSameRun(const RunOptions& options, const Frame& labelled, RunOutcome* outcome) {
  const std::string uri = options.features_uri + "/runs/" + options.run_id;
  Result<FeatureDataset> stored = LoadDataset(uri, options.stores);
  if (!stored.ok() || stored->digest != TableDigest(labelled)) return false;
  outcome->etl = {options.features_uri, options.run_id, std::move(*stored), {}};
  outcome->reused = true;
  return true;
}

Status EtlStep(const Plant& plant, const RunOptions& options, const Frame& labelled, RunOutcome* outcome) {
  if (options.reuse_run && FindSameRun(options, labelled, outcome)) return Status::Ok();
  DatasetOptions dataset;
  dataset.seed = options.train.seed;
  dataset.threads = options.train.threads;
  FW_ASSIGN_OR_RETURN(outcome->etl, RunEtl(plant, labelled, dataset, options.features_uri, options.stores,
                                           options.run_id, options.train.progress));
  return Status::Ok();
}

// Raw files or a cleaned table → labelled; a labelled table as it is. Past the gate, which sees a given table
// with all its rows.
Result<Frame> MakeLabelled(const Plant& plant, const RunOptions& options, RunOutcome* outcome) {
  if (options.from == RunFrom::kLabelled) {
    FW_ASSIGN_OR_RETURN(const Table given, ReadOne(plant, options));
    FW_RETURN_IF_ERROR(GateStep(plant, options, given, outcome));
    return FrameOf(given, options, outcome);
  }
  Frame table;
  if (options.from == RunFrom::kRaw) {
    FW_ASSIGN_OR_RETURN(table, IngestStep(plant, options, outcome));
  } else {
    FW_ASSIGN_OR_RETURN(const Table given, ReadOne(plant, options));
    FW_ASSIGN_OR_RETURN(table, FrameOf(given, options, outcome));
  }
  FW_ASSIGN_OR_RETURN(table, LabelStep(plant, options, table, outcome));
  FW_RETURN_IF_ERROR(GateStep(plant, options, ToTable(table, kTimeColumn), outcome));
  return table;
}

Status CheckOptions(const RunOptions& options) {
  if (options.inputs.empty())
    return Status::Usage("no input: give historian files, a table or a feature set");
  if (options.from != RunFrom::kRaw && options.inputs.size() > 1) {
    return Status::Usage(
        "more than one input is for raw exports; starting later takes one table or feature set");
  }
  return CheckPromotionMetric(options.policy.metric);
}

}  // namespace

Result<Frame> PrepareLabelled(const Plant& plant, const RunOptions& options, RunOutcome* outcome) {
  FW_RETURN_IF_ERROR(CheckOptions(options));
  return MakeLabelled(plant, options, outcome);
}

Status PrepareFeatures(const Plant& plant, const RunOptions& options, RunOutcome* outcome) {
  FW_ASSIGN_OR_RETURN(const Frame table, PrepareLabelled(plant, options, outcome));
  if (options.before_store) FW_RETURN_IF_ERROR(options.before_store());
  return EtlStep(plant, options, table, outcome);
}

Result<RunFrom> ParseRunFrom(const std::string& text) {
  if (text == "raw") return RunFrom::kRaw;
  if (text == "cleaned") return RunFrom::kCleaned;
  if (text == "labelled") return RunFrom::kLabelled;
  if (text == "features") return RunFrom::kFeatures;
  return Status::Usage(UnknownName("start", text, {"raw", "cleaned", "labelled", "features"}));
}

std::vector<std::pair<std::string, int>> FreshVersions(const std::vector<RegisteredRun>& registered) {
  std::vector<std::pair<std::string, int>> fresh;
  for (const RegisteredRun& run : registered) {
    fresh.insert(fresh.end(), run.registered.begin(), run.registered.end());
  }
  return fresh;
}

Result<RunOutcome> RunPipeline(const Plant& plant, Registry& registry, const RunOptions& options) {
  FW_RETURN_IF_ERROR(CheckOptions(options));
  RunOutcome outcome;
  if (options.from == RunFrom::kFeatures) {
    outcome.etl.uri = options.inputs.front();
    FW_ASSIGN_OR_RETURN(outcome.etl.dataset, LoadDataset(outcome.etl.uri, options.stores));
    FW_RETURN_IF_ERROR(CheckPlantOf(outcome.etl.dataset, plant, outcome.etl.uri));
  } else {
    FW_RETURN_IF_ERROR(PrepareFeatures(plant, options, &outcome));
  }
  RegisterOptions record;
  record.started_us = options.now_us();
  FW_ASSIGN_OR_RETURN(outcome.trained, Train(plant, outcome.etl.dataset, options.train));
  record.ended_us = options.now_us();
  record.features_uri = outcome.etl.uri;
  record.dataset_digest = outcome.etl.dataset.digest;
  record.seed = options.train.seed;
  record.progress = options.train.progress;
  FW_ASSIGN_OR_RETURN(outcome.registered, RegisterRuns(registry, plant, outcome.trained, record));
  FW_ASSIGN_OR_RETURN(outcome.decisions, PromoteByPolicy(registry, plant, outcome.etl.dataset,
                                                         FreshVersions(outcome.registered), options.policy));
  return outcome;
}

}  // namespace forewarn
