#include "pipeline/dataset_store.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/file.h"
#include "pipeline/dataset_files.h"
#include "pipeline/local_runs.h"
#include "pipeline/object_runs.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

Result<FeatureDataset> LoadLocal(const std::string& uri) {
  FW_ASSIGN_OR_RETURN(const fs::path path, LocalPathOf(uri));
  FW_ASSIGN_OR_RETURN(const fs::path run, FindLocalRun(path));
  FW_ASSIGN_OR_RETURN(const std::string manifest, ReadFile(run / kManifestFile, kLargestManifest));
  return DecodeDataset(manifest, [&](const std::string& file) { return ReadFile(run / file); });
}

Result<FeatureDataset> LoadObjects(std::string uri, const ObjectStoreOptions& stores) {
  while (uri.ends_with('/')) uri.pop_back();
  if (uri.ends_with("/latest")) uri.resize(uri.size() - 7);  // the root knows the run behind it
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectStore> store, OpenObjectStore(uri, stores));
  FW_ASSIGN_OR_RETURN(const FoundRun run, FindObjectRun(*store));
  return DecodeDataset(run.manifest, [&](const std::string& file) { return store->Read(run.prefix + file); });
}

}  // namespace

Result<std::string> StoreDataset(const std::string& uri, const ObjectStoreOptions& stores,
                                 const FeatureDataset& dataset, const std::string& run_id,
                                 const Progress& progress, int threads) {
  Report(progress, "etl: encoding", 0, 1);
  FW_ASSIGN_OR_RETURN(const std::vector<DatasetFile> files, EncodeDataset(dataset, threads));
  const ManifestMaker manifest = [&](const std::string& run) { return MakeManifest(dataset, files, run); };
  if (IsS3Uri(uri)) {
    FW_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectStore> store, OpenObjectStore(uri, stores));
    return StoreObjectRun(*store, files, manifest, run_id, progress);
  }
  FW_ASSIGN_OR_RETURN(const fs::path root, LocalPathOf(uri));
  return StoreLocalRun(root, files, manifest, run_id, progress);
}

Result<std::vector<std::string>> UnfinishedRuns(const std::string& uri, const ObjectStoreOptions& stores) {
  if (!IsS3Uri(uri)) return std::vector<std::string>();
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectStore> store, OpenObjectStore(uri, stores));
  FW_ASSIGN_OR_RETURN(std::vector<std::string> runs, UnfinishedObjectRuns(*store));
  for (std::string& run : runs) run = store->UriOf("runs/" + run);
  return runs;
}

Result<FeatureDataset> LoadDataset(const std::string& uri, const ObjectStoreOptions& stores) {
  auto set = IsS3Uri(uri) ? LoadObjects(uri, stores) : LoadLocal(uri);
  // The finders name the place themselves.
  if (set.ok() || set.status().code() == Code::kNotFound) return set;
  return set.status().WithPrefix(uri);
}

Status CheckPlantOf(const FeatureDataset& dataset, const Plant& plant, const std::string& uri) {
  if (dataset.plant == plant.name) return Status::Ok();
  return Status::Invalid(fmt::format("{} holds the features of plant '{}', not of '{}'; say --plant {}", uri,
                                     dataset.plant, plant.name, dataset.plant));
}

}  // namespace forewarn
