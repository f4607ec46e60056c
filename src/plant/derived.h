// Columns that follow from a plant's series: deviations, short-term volatility, saturation, time of day. One
// place for their names and their arithmetic, used by ingest (after all filling), label (where a table lacks
// them) and the plant file's checks. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "frame/frame.h"
#include "plant/columns.h"
#include "plant/plant.h"

namespace forewarn {

std::string MaxName(std::string_view column);  // <column>_max: highest raw reading of the bin
std::string MinName(std::string_view column);
std::string DeviationName(std::string_view controller);     // PV − SP
std::string DeviationMaxName(std::string_view controller);  // highest PV of the bin − SP
std::string SaturatedName(std::string_view tag);
// <column>_roll3h_mean and _std; "3h" is volatility.rows × interval.
std::string VolatilityMeanName(const Plant& plant, std::string_view column);
std::string VolatilityStdName(const Plant& plant, std::string_view column);

// Columns ingest makes, which the label rules may read: series, extremes of tags and PVs, derived columns.
std::vector<std::string> TableColumns(const Plant& plant);
// Those of them that are known live at the end of a bin and may be rolled, differenced or fed to a model.
std::vector<std::string> LiveColumns(const Plant& plant);
// What a point feature may be: LiveColumns and the rolling and delta columns the plant file asks for.
std::vector<std::string> PointColumns(const Plant& plant);

// Adds every derived column whose inputs are in the table and gives the names of those added. One that is
// there already is left alone, or computed anew with `overwrite`. Rolling: over the last rows, nulls skipped,
// sample standard deviation, 0 under two cells. A null input gives a null.
std::vector<std::string> AddDerivedColumns(const Plant& plant, Frame& table, bool overwrite);
// The same for one column by name; false where it is no derived column or an input is missing.
bool AddDerivedColumn(const Plant& plant, std::string_view name, Frame& table);

}  // namespace forewarn
