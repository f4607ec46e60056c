// Verdicts on a series' health: stuck, saturated, no readings. Pure.
#pragma once

#include <string>

#include "ingest/report.h"
#include "ingest/series_bins.h"
#include "plant/plant.h"

namespace forewarn {

// Stuck (tags and PVs; a setpoint or an output may stand still): the same value in all readings over at least
// 24 grid cells and a tenth of the grid. Saturated (all but setpoints): half of the cells with readings above
// the plant file's saturated_above, or half of at least 24 readings at the series' own highest or lowest
// value.
void AddVerdicts(const Plant& plant, const std::string& series, const SeriesBins& bins, size_t grid_rows,
                 SeriesReport& report);

}  // namespace forewarn
