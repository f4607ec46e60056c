// Ingest: raw readings → the cleaned table on the plant's grid, and a report of every row's fate. Pure: no
// I/O, no clock; the result does not depend on the number of threads. First step of the flow, before label.
//
// Columns of the table, in this order: for each series of the plant file (tags, then <controller>_pv, _op,
// _sp) that has readings: <series> (median of the bin's readings) and, for tags and PVs, <series>_max and
// <series>_min; then the derived columns (plant/derived.h); then `filled`: bit i is set where series i (in
// Plant::SeriesNames order) was filled by interpolation or median in that row, which looks ahead. A double
// holds 52 bits: series 52-103 are in `filled_2`, …
#pragma once

#include "core/progress.h"
#include "frame/frame.h"
#include "frame/raw_series.h"
#include "ingest/report.h"
#include "plant/plant.h"

namespace forewarn {

struct IngestOptions {
  int threads = 0;  // 0 = one a core
  // Only what does not look ahead is filled (forward steps, setpoints); later cells are null and nothing is
  // flagged.
  bool live = false;
  Progress progress;
};

struct IngestResult {
  Frame table;
  IngestReport report;
};

inline constexpr size_t kFilledBits = 52;
// "filled", "filled_2", …
std::string FilledColumn(size_t i);

// Takes the readings and frees each series once it is on the grid. Bad readings are left out first, then of
// readings of one time the last one (file order) wins. Fails where no series of the plant has a reading, or
// where a stray timestamp would stretch the grid beyond reason (named by file and row).
Result<IngestResult> Ingest(RawData data, const Plant& plant, const IngestOptions& options = {});

}  // namespace forewarn
