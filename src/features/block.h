// Features of a stretch of a long table, made apart from the rest on another thread or machine and bit for
// bit those of the whole table: a block is given with the rows around it that its features and targets look
// at (its halo). BuildDataset is one block that is the whole table, so batch and scale-out cannot drift
// apart. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "features/dataset.h"
#include "features/features.h"
#include "frame/frame.h"
#include "plant/plant.h"

namespace forewarn {

// Where a block lies in its table, in rows. The rows given begin at `first`; the block's own are [begin,
// end), the others its halo.
struct BlockPlace {
  size_t first = 0;
  size_t begin = 0;
  size_t end = 0;
  size_t table_rows = 0;
  size_t train_rows = 0;  // of the table: the training part
};

// Rows a block needs before and after its own; fewer only where the table begins or ends.
size_t HaloBefore(const Plant& plant);
size_t HaloAfter(const Plant& plant);

struct FeatureBlock {
  Frame features;                        // the block's own rows: normalised, with features and rule_alarm
  std::vector<HorizonWindows> horizons;  // windows whose end_row lies in the block; rows of the table
  std::vector<size_t> left_out;          // a horizon: windows whose rows hold cells that look ahead
  std::vector<std::string> notes;
};

// rows: as BuildDataset takes them. quantiles: what the alarm rules' quantiles are over the whole table; a
// rule that needs one that is not given is an error unless the block is the whole table. Invalid where the
// halo is too short. report may be null.
Result<FeatureBlock> BuildBlock(const Plant& plant, const Frame& rows, const BlockPlace& place,
                                const std::vector<RuleQuantile>& quantiles, NormaliseReport* report);

}  // namespace forewarn
