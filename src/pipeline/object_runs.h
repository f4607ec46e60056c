// Runs in an object store without a switch of many objects (S3): the s3 half of dataset_store.h.
// latest/manifest.json is overwritten last and names the run whose own objects readers take.
#pragma once

#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "io/object_store.h"
#include "pipeline/dataset_files.h"

namespace forewarn {

// As StoreLocalRun; store is opened at the root.
Result<std::string> StoreObjectRun(ObjectStore& store, const std::vector<DatasetFile>& files,
                                   const ManifestMaker& manifest, const std::string& run_id,
                                   const Progress& progress);

// Ids below runs/ without a manifest, ascending: an upload that was cut, or one that is under way, which
// cannot be told apart from here; so nothing removes them by itself.
Result<std::vector<std::string>> UnfinishedObjectRuns(ObjectStore& store);

struct FoundRun {
  std::string manifest;  // its bytes
  std::string prefix;    // of the objects it names: "", "latest/" or "runs/<id>/"
};
// store is opened at a root or at a run. NotFound says what a feature set looks like.
Result<FoundRun> FindObjectRun(ObjectStore& store);

}  // namespace forewarn
