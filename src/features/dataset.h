// FeatureDataset: what the ETL hands to training, in memory. Stored under a URI by pipeline/dataset_store, or
// made directly from a labelled table by BuildDataset; both give the same values. Pure and deterministic for
// a seed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "features/features.h"
#include "frame/frame.h"
#include "plant/columns.h"
#include "plant/plant.h"

namespace forewarn {

// "filled", or "filled_…" where one bitmap column does not hold all tags.
bool IsFilledColumn(std::string_view name);

// Windows of one horizon h; at (label of row end_row + h − 1) and within (any label of the h rows from
// end_row) are one a window. end_row indexes rows of train followed by valid. Windows whose rows, or whose
// next h rows, hold cells that look ahead are left out of both parts: a judged window that knows the future
// would flatter.
struct HorizonWindows {
  int steps = 0;              // h in grid steps
  std::string name;           // "1h"
  WindowMatrix train, valid;  // by the part in which the target row lies
  std::vector<uint8_t> train_at, train_within, valid_at, valid_within;
};

struct FeatureDataset {
  std::string plant;
  std::string digest;  // TableDigest of the input table
  Frame train;         // first 80 % of the rows by time, all columns of the normalised table + features
  Frame valid;         // the rest
  Frame train_smote;   // train's rows, then synthetic ones (time kNoTime, regime 2); empty without labels
  bool smote_applied = false;
  std::string smote_note;                // why not, where it was skipped
  std::vector<HorizonWindows> horizons;  // empty without labels
  bool labelled = false;
  std::vector<std::string>
      notes;  // what a reader should know (a rule that could not be evaluated, windows left out)
};

struct DatasetOptions {
  double train_share = 0.8;
  int smote_neighbours = 5;
  uint64_t seed = 42;
  int threads = 0;  // of what can be spread, 0 = one a core; no result depends on it
};

// sha-256 over a table's names, times and cells, whatever file it came from.
std::string TableDigest(const Frame& table);

// labelled: a table of ToFrame with the label column, or without where the plant file has no label rules.
// Adds kRuleAlarmColumn: the plant's alarm rules over the table as given; where the table lacks a column they
// need, the label outside the operator-marked periods instead. Invalid for labels other than 0 and 1, too few
// rows, or cells that float32 cannot hold. report may be null.
Result<FeatureDataset> BuildDataset(const Plant& plant, const Frame& labelled, const DatasetOptions& options,
                                    NormaliseReport* report);

}  // namespace forewarn
