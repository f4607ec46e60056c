// Runs in a folder of the local file system: the folder half of dataset_store.h. Blocks while another process
// writes to the same root.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "pipeline/dataset_files.h"

namespace forewarn {

Result<std::string> StoreLocalRun(const std::filesystem::path& root, const std::vector<DatasetFile>& files,
                                  const ManifestMaker& manifest, const std::string& run_id,
                                  const Progress& progress);

// The folder whose manifest.json is to be read for `path`: the run behind its `latest`, or itself. Resolved
// once, so that a switch during reading mixes nothing. NotFound says what a feature set looks like.
Result<std::filesystem::path> FindLocalRun(const std::filesystem::path& path);

}  // namespace forewarn
