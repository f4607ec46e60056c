// The anomalous periods a fresh table shows: the plant file's alarm rules evaluated on it, and the known
// periods that overlap it. For the report alone; labels are src/label's. Pure.
#pragma once

#include "frame/frame.h"
#include "ingest/report.h"
#include "plant/plant.h"

namespace forewarn {

// Adds periods to the report, and a note for each rule that could not be evaluated (a column is missing).
void FindPeriods(const Plant& plant, const Frame& table, IngestReport& report);

}  // namespace forewarn
