#include "pipeline/dataset_store.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/file.h"
#include "pipeline/dataset_files.h"
#include "pipeline/local_runs.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

}  // namespace

Result<std::string> StoreDataset(const std::string& uri, const FeatureDataset& dataset,
                                 const std::string& run_id, const Progress& progress) {
  FW_ASSIGN_OR_RETURN(const std::vector<DatasetFile> files, EncodeDataset(dataset, progress));
  const ManifestMaker manifest = [&](const std::string& run) { return MakeManifest(dataset, files, run); };
  return StoreLocalRun(fs::path(uri), files, manifest, run_id, progress);
}

Result<FeatureDataset> LoadDataset(const std::string& uri) {
  FW_ASSIGN_OR_RETURN(const fs::path run, FindLocalRun(fs::path(uri)));
  FW_ASSIGN_OR_RETURN(const std::string manifest, ReadFile(run / kManifestFile, kLargestManifest));
  auto set = DecodeDataset(manifest, [&](const std::string& path) { return ReadFile(run / path); });
  if (!set.ok()) return set.status().WithPrefix(uri);
  return set;
}

}  // namespace forewarn
