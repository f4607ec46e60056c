// The ETL as one step: a labelled table in, features under a URI out, and a report of what it changed. Used
// by the `etl`, `run` and `watch` commands after the validation gate.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "features/dataset.h"
#include "frame/table.h"
#include "io/object_store.h"
#include "plant/plant.h"

namespace forewarn {

struct EtlOutcome {
  std::string uri;
  std::string run;  // the id under runs/
  FeatureDataset dataset;
  NormaliseReport normalised;           // what the cleaning changed
  std::vector<std::string> unfinished;  // earlier runs that lie in the object store without a manifest
};

// Builds the features of a labelled table and stores them. run_id: from the application's clock.
Result<EtlOutcome> RunEtl(const Plant& plant, const Frame& labelled, const DatasetOptions& options,
                          const std::string& uri, const ObjectStoreOptions& stores, const std::string& run_id,
                          const Progress& progress);

// read: what ToFrame set aside of the input.
std::string EtlReportText(const EtlOutcome& outcome, const ToFrameReport& read);
nlohmann::ordered_json EtlReportJson(const EtlOutcome& outcome, const ToFrameReport& read);

}  // namespace forewarn
