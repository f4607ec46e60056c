// FeatureDataset: what the ETL hands to training, in memory. Stored under a URI by etl_store (apps layer over
// io), or made directly from a labelled table by BuildDataset; both give the same bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "features/features.h"
#include "frame/frame.h"
#include "plant/plant.h"

namespace forewarn {

inline constexpr char kLabelColumn[] = "anomaly_label";
inline constexpr char kRegimeColumn[] = "regime";
inline constexpr char kRuleAlarmColumn[] =
    "rule_alarm";  // the rules alone, without operator-marked periods (0/1)
inline constexpr char kWithinColumn[] = "anomaly_within";  // any label in the next h rows
inline constexpr char kFilledColumn[] = "filled";          // not 0: the row holds cells that look ahead

// Windows of one horizon. at/within/rule_now are one a window, aligned with features.end_row, which indexes
// rows of train followed by valid.
struct HorizonWindows {
  int steps = 0;              // h in grid steps
  std::string name;           // "1h"
  WindowMatrix train, valid;  // by the part in which the target row lies
  std::vector<uint8_t> train_at, train_within, valid_at, valid_within;
};

struct FeatureDataset {
  std::string plant;
  std::string digest;  // sha-256 over the input table's bytes as read (names, times, cells)
  Frame train;         // first 80 % of the rows by time, all columns of the normalised table + features
  Frame valid;         // the rest
  Frame train_smote;   // train's rows, then synthetic ones (time kNoTime, regime 2); empty without labels
  bool smote_applied = false;
  std::string smote_note;                // why not, where it was skipped
  std::vector<HorizonWindows> horizons;  // empty without labels
  bool labelled = false;
};

struct DatasetOptions {
  double train_share = 0.8;
  int smote_neighbours = 5;
  uint64_t seed = 42;
};

// labelled: a table of ToFrame with the label column (or without: an unlabelled plant). Adds
// kRuleAlarmColumn.
Result<FeatureDataset> BuildDataset(const Plant& plant, const Frame& labelled, const DatasetOptions& options,
                                    NormaliseReport* report);

}  // namespace forewarn
