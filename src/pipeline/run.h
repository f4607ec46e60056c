// The whole way in one go: raw exports → ingest → label → validate → ETL → train → register → promote by
// policy; or from a later step on. What `run` (and later the file-drop and `up`) calls; each step is the one
// the commands of its own call. Blocks for seconds; one caller at a time a feature store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "features/dataset.h"
#include "ingest/report.h"
#include "io/object_store.h"
#include "label/label.h"
#include "pipeline/etl_step.h"
#include "pipeline/promotion.h"
#include "pipeline/register.h"
#include "plant/plant.h"
#include "quality/validate.h"
#include "registry/registry.h"
#include "train/trainer.h"

namespace forewarn {

enum class RunFrom { kRaw, kCleaned, kLabelled, kFeatures };
Result<RunFrom> ParseRunFrom(const std::string& text);  // "raw", "cleaned", "labelled", "features"

struct RunOptions {
  RunFrom from = RunFrom::kRaw;
  std::vector<std::string> inputs;  // historian files; or one table; or one feature URI
  std::string features_uri;         // where the ETL's output goes
  std::string run_id;               // of the ETL's run
  bool reuse_run = false;           // a run of that id that holds the same table is not made again
  ObjectStoreOptions stores;
  bool gate = true;
  std::string suite;  // "" = the plant file's
  // Called when everything has been read and before anything is stored; a failure stops there. May be empty.
  std::function<Status()> before_store;
  std::filesystem::path keep;  // folder for cleaned.csv, labelled.csv, ingest.json, …; "" = they are not kept
  TrainOptions train;          // its progress is used throughout
  PromotionPolicy policy;
  std::function<int64_t()> now_us;  // UTC, for the registry's records
};

struct RunOutcome {
  std::optional<ToFrameReport> read;  // of a table that was read, not ingested
  std::optional<IngestReport> ingest;
  std::optional<LabelReport> label;
  std::optional<ValidationResult> gate;
  EtlOutcome etl;       // starting from features: the URI and the dataset alone
  bool reused = false;  // the run was there already
  TrainResult trained;
  std::vector<RegisteredRun> registered;
  std::vector<PromotionDecision> decisions;
};

// The labelled table that passed the gate, without storing features (from raw, cleaned or labelled). What was
// reached before a failure is in the outcome.
Result<Frame> PrepareLabelled(const Plant& plant, const RunOptions& options, RunOutcome* outcome);

// The first half, up to the stored features (from raw, cleaned or labelled). What was reached before a
// failure is in the outcome.
Status PrepareFeatures(const Plant& plant, const RunOptions& options, RunOutcome* outcome);

// kGate where the validation fails: nothing is then stored but (with keep) validation.json. Other failures
// name the step.
Result<RunOutcome> RunPipeline(const Plant& plant, Registry& registry, const RunOptions& options);

// (model name, version) of every version that was registered, for PromoteByPolicy.
std::vector<std::pair<std::string, int>> FreshVersions(const std::vector<RegisteredRun>& registered);

}  // namespace forewarn
