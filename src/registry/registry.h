// Registry: where trained models live. Registered models hold versions, versions carry aliases ("champion")
// and tags, each came from a run with parameters, metrics and files of its own. One interface over the local
// registry (local_registry.h) and a tracking server; training writes it, promotion moves aliases, scoring
// reads it. Implementations are safe from any thread and beside other processes on the same store. Calls may
// block on disk or network: never inside a request.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace forewarn {

inline constexpr char kChampionAlias[] = "champion";
inline constexpr char kTrainingExperiment[] = "plant_alarm_training";
inline constexpr char kFeatureDatasetName[] = "plant_alarm_features";
inline constexpr char kSkillTag[] = "skill";

// The files of a version's folder by their path relative to its top ("MLmodel", "model.onnx", …), or a run's.
using FileSet = std::map<std::string, std::string>;

struct DatasetInput {
  std::string name;
  std::string digest;
  std::string source;  // URI
  std::string context = "training";
};

// One training (or validation) run. Times are microseconds since the epoch, UTC.
struct RunRecord {
  std::string id;  // given by the registry
  std::string experiment = kTrainingExperiment;
  std::string name;  // "xgboost_calibrated"
  int64_t started_us = 0;
  int64_t ended_us = 0;
  std::map<std::string, std::string> params;
  std::map<std::string, double> metrics;
  std::map<std::string, std::string> tags;
  std::optional<DatasetInput> dataset;
  FileSet files;  // "reports/xgboost_calibrated_metrics.json"; GetRun fills it, Runs does not
};

struct ModelVersion {
  std::string name;
  int version = 0;
  std::string run_id;
  std::string run_name;
  int64_t created_us = 0;
  std::vector<std::string> aliases;         // sorted
  std::map<std::string, std::string> tags;  // "skill": the verdict
  std::map<std::string, double> metrics;    // of its run
  std::string digest;                       // sha-256 of its manifest.json

  bool Has(std::string_view alias) const;
  std::string Skill() const;  // the tag, or "not judged"
};

struct NewVersion {
  std::string name;
  std::string run_id;
  std::map<std::string, std::string> tags;
  FileSet files;
};

// A change of a model's champion: which version took over from which (0: there was none), and why.
struct PromotionEvent {
  std::string name;
  int from = 0;
  int to = 0;
  std::string mode;  // "manual", "auto", "first", "rollback"
  std::string reason;
  int64_t time_us = 0;
};

// NAME, NAME@alias or NAME:version.
struct ModelRef {
  std::string name;
  std::string alias;  // "" and version 0: the champion, else the newest version
  int version = 0;
};
Result<ModelRef> ParseModelRef(const std::string& text);
// Names are [A-Za-z0-9_.-]+ of at most 200 bytes, not starting with '.'; aliases [A-Za-z0-9_-]+, never
// "latest" or v and digits (a tracking server refuses those).
Status CheckModelName(const std::string& name);
Status CheckAlias(const std::string& alias);
std::string ModelRefText(const std::string& name, int version);  // "name:version"

// One finding of Verify.
struct RegistryFault {
  std::string model;  // "name:version", or "" for the store itself
  std::string detail;
};
struct VerifyReport {
  size_t versions = 0;  // looked at
  std::vector<RegistryFault> faults;
};

class Registry {
 public:
  virtual ~Registry() = default;

  virtual std::string Uri() const = 0;

  // Stores the run with everything in it at once; gives its id.
  virtual Result<std::string> LogRun(const RunRecord& run) = 0;
  virtual Result<RunRecord> GetRun(const std::string& id) = 0;
  // By start time, newest first, without their files. "" = every experiment.
  virtual Result<std::vector<RunRecord>> Runs(const std::string& experiment) = 0;

  // Stores a version whole or not at all, under the next number of its name (made on first use).
  virtual Result<ModelVersion> AddVersion(const NewVersion& version) = 0;
  // Sorted by name, then version. "" = every model; an unknown name is NotFound listing the known ones.
  virtual Result<std::vector<ModelVersion>> Versions(const std::string& name) = 0;
  // The files as they are stored; checking them is the artifact's (artifact.h).
  virtual Result<FileSet> Files(const ModelVersion& version) = 0;

  virtual Status SetTag(const std::string& name, int version, const std::string& key,
                        const std::string& value) = 0;
  // Points an alias at a version (0: removes the alias).
  virtual Status SetAlias(const std::string& name, const std::string& alias, int version) = 0;
  // Makes event.to the champion and records the event, both or neither. kBusy if the champion is no longer
  // event.from: another process was faster. event.time_us is filled by the registry.
  virtual Status Promote(const PromotionEvent& event) = 0;
  virtual Result<std::vector<PromotionEvent>> Promotions(const std::string& name) = 0;  // oldest first

  // A number that changes with every commit of any process; cheap. What a server polls to notice promotions.
  virtual Result<uint64_t> Revision() = 0;
  // Every version's row, folder and digests against each other.
  virtual Result<VerifyReport> Verify() = 0;

  // The version a reference means: alias, number, or the champion, else the newest. NotFound lists what there
  // is.
  Result<ModelVersion> Find(const ModelRef& ref);
  Result<ModelVersion> Find(const std::string& ref);
};

// "local:DIR" opens (and makes) a local registry. Invalid for a scheme that is not known.
Result<std::unique_ptr<Registry>> OpenRegistry(const std::string& uri);

}  // namespace forewarn
