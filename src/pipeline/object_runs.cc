#include "pipeline/object_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace forewarn {
namespace {

constexpr char kLatest[] = "latest/";

std::string RunPrefix(const std::string& id) { return "runs/" + id + "/"; }

Result<std::string> FreeId(ObjectStore& store, const std::string& wanted) {
  for (int n = 1;; ++n) {
    const std::string id = n == 1 ? wanted : fmt::format("{}-{}", wanted, n);
    FW_ASSIGN_OR_RETURN(const std::vector<std::string> taken, store.List("runs/" + id));
    if (taken.empty()) return id;
  }
}

// Objects of an earlier latest that the new one does not have.
Status DeleteStale(ObjectStore& store, const std::vector<std::string>& before,
                   const std::vector<DatasetFile>& files) {
  for (const std::string& key : before) {
    const std::string path = key.substr(sizeof(kLatest) - 1);
    const bool kept =
        path == kManifestFile ||
        std::any_of(files.begin(), files.end(), [&](const DatasetFile& f) { return f.path == path; });
    if (!kept) FW_RETURN_IF_ERROR(store.Delete(key));
  }
  return Status::Ok();
}

}  // namespace

Result<std::string> StoreObjectRun(ObjectStore& store, const std::vector<DatasetFile>& files,
                                   const ManifestMaker& manifest, const std::string& run_id,
                                   const Progress& progress) {
  FW_ASSIGN_OR_RETURN(const std::string id, FreeId(store, run_id));
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> before, store.List("latest"));
  const std::string manifest_bytes = manifest(id);
  const size_t steps = 2 * (files.size() + 1) + 1;
  size_t done = 0;
  for (const std::string& prefix : {RunPrefix(id), std::string(kLatest)}) {
    for (const DatasetFile& file : files) {
      Report(progress, "etl: writing", done++, steps);
      FW_RETURN_IF_ERROR(store.Write(prefix + file.path, file.bytes));
    }
    Report(progress, "etl: writing", done++, steps);
    FW_RETURN_IF_ERROR(store.Write(prefix + kManifestFile, manifest_bytes));
  }
  Report(progress, "etl: writing", done++, steps);
  FW_RETURN_IF_ERROR(DeleteStale(store, before, files));
  Report(progress, "etl: writing", steps, steps);
  return id;
}

Result<std::vector<std::string>> UnfinishedObjectRuns(ObjectStore& store) {
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> keys, store.List("runs"));
  std::map<std::string, bool> finished;
  for (const std::string& key : keys) {
    const size_t begin = std::string_view("runs/").size();
    const size_t end = key.find('/', begin);
    if (end == std::string::npos) continue;
    finished[key.substr(begin, end - begin)] |= key.substr(end + 1) == kManifestFile;
  }
  std::vector<std::string> ids;
  for (const auto& [id, whole] : finished) {
    if (!whole) ids.push_back(id);
  }
  return ids;
}

Result<FoundRun> FindObjectRun(ObjectStore& store) {
  FW_ASSIGN_OR_RETURN(const bool is_run, store.Exists(kManifestFile));
  if (is_run) {
    FW_ASSIGN_OR_RETURN(std::string manifest, store.Read(kManifestFile));
    return FoundRun{std::move(manifest), ""};
  }
  auto latest = store.Read(std::string(kLatest) + kManifestFile);
  if (!latest.ok() && latest.status().code() == Code::kNotFound) {
    return Status::NotFound(
        fmt::format("no feature set at '{}': it has neither {} nor {}{}; make one with 'forewarn etl'",
                    store.uri(), kManifestFile, kLatest, kManifestFile));
  }
  FW_RETURN_IF_ERROR(latest.status());
  FW_ASSIGN_OR_RETURN(const std::string id, ManifestRun(*latest));
  FW_ASSIGN_OR_RETURN(const bool has_run, store.Exists(RunPrefix(id) + kManifestFile));
  return FoundRun{std::move(latest).value(), has_run ? RunPrefix(id) : kLatest};
}

}  // namespace forewarn
