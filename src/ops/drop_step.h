// What becomes of a dropped table: read, ingested and labelled where it has no labels, validated, made
// features of and stored; and the report that says so. A step over files that nobody else touches
// (ops/drop_folder.h); the same content under the same name gives the same run, which is stored once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/status.h"
#include "io/object_store.h"
#include "pipeline/run.h"
#include "plant/plant.h"

namespace forewarn {

// Where a step ends: behind the validation gate with nothing stored, or with stored features.
enum class DropUntil { kGate, kFeatures };
Result<DropUntil> ParseDropUntil(const std::string& text);  // "gate", "features"

struct DropOptions {
  DropUntil until = DropUntil::kFeatures;
  std::string features_uri;
  ObjectStoreOptions stores;
  std::string suite;  // "" = the plant file's
  uint64_t seed = 42;
  int threads = 0;
};

// What the files turned out to be.
enum class DropKind { kUnknown, kLabelled, kCleaned, kRaw, kWorkbooks };
const char* DropKindName(DropKind kind);  // "labelled table", "historian export", …

struct DropResult {
  std::vector<std::string> files;  // as they were dropped
  std::string digest;              // sha-256 of the file, of a set: over the files' digests
  DropKind kind = DropKind::kUnknown;
  DropUntil until = DropUntil::kFeatures;
  Status status;       // why it is no good; Ok: done
  RunOutcome outcome;  // as far as it went
};
// Whether the files are to blame; otherwise (disk, store, memory) they are tried again later.
bool IsFilesFault(const Status& status);
// "processed"; "rejected", where the files are to blame; "failed", where something else is.
const char* DropOutcomeName(const Status& status);

// The tag or controller whose one-tag workbook the file is, by its name and content; "" where it is none.
std::string WorkbookTagOf(const Plant& plant, const std::filesystem::path& file);
// Tags and controllers of the plant that are not in `have`, in the plant file's order.
std::vector<std::string> MissingWorkbooks(const Plant& plant, const std::vector<std::string>& have);
// Whether a one-tag workbook can be read at all; said before its set is complete.
Status CheckWorkbook(const Plant& plant, const std::filesystem::path& file);

// Of the files as they are now: sha-256 of one; of several, over their digests and names.
Result<std::string> DropDigest(const std::vector<std::filesystem::path>& files);

// files: where they are now; names: as they were dropped, for messages and the run's id. digest: see above.
// before_store: as RunOptions'.
DropResult HandleDrop(const Plant& plant, const DropOptions& options,
                      const std::vector<std::filesystem::path>& files, const std::vector<std::string>& names,
                      const std::string& digest, const std::function<Status()>& before_store);

// "export_2014-0123456789ab": of a file's name and digest, in the letters a run's id may have.
std::string DropRunId(const std::string& name, const std::string& digest);

nlohmann::ordered_json DropReportJson(const DropResult& result, int64_t handled_us);
std::string DropReportText(const DropResult& result);
std::string DropSummary(const DropResult& result);  // one line

}  // namespace forewarn
