// Where the ETL's output lives: a root URI (a folder, `file:` or `s3:`) with runs/<id>/ for every run and
// latest/ for the newest. A run is written aside and becomes `latest` by one switch at the end:
//
//   folder  everything is written to a hidden folder and synced, renamed to runs/<id>, then `latest`, a
//           symbolic link to it, is replaced by rename(2). Whoever opens `latest` sees a whole set, old or
//           new; a crash at any step leaves the old.
//   s3      runs/<id>/ with its manifest last; then the objects are copied below latest/, and
//           latest/manifest.json is overwritten last. It names the run, and LoadDataset reads that run's own
//           objects: always a whole set. Other readers of latest/ compare its files with the manifest's
//           sha-256 if they may run beside a writer.
//
// Several processes may write to one root: writers of a folder take turns by a lock in it. Stateless.
#pragma once

#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "features/dataset.h"
#include "io/object_store.h"
#include "plant/plant.h"

namespace forewarn {

// run_id: from the application's clock, letters, digits and "-_." ("20150120T080000Z"); a taken id gets "-2",
// "-3", …. Returns the id under which the run was stored. progress is called before every step that touches
// the store.
Result<std::string> StoreDataset(const std::string& uri, const ObjectStoreOptions& stores,
                                 const FeatureDataset& dataset, const std::string& run_id,
                                 const Progress& progress, int threads = 0);

// URIs of the runs in an object store whose upload was cut, or is under way. None of a folder's: the next
// writer sweeps what a crash left there.
Result<std::vector<std::string>> UnfinishedRuns(const std::string& uri, const ObjectStoreOptions& stores);

// uri: a root (its latest run is read), its latest, a run below it, or any folder with a manifest.json. Every
// file is compared with its sha-256 in the manifest.
Result<FeatureDataset> LoadDataset(const std::string& uri, const ObjectStoreOptions& stores = {});

// Fails where the features are another plant's.
Status CheckPlantOf(const FeatureDataset& dataset, const Plant& plant, const std::string& uri);

}  // namespace forewarn
