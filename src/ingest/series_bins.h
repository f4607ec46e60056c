// One series on its way to the grid: readings cleaned (quality, duplicates, order), then one median, maximum
// and minimum a bin that has readings. Used by ingest.cc alone. Works in place: beside the series itself it
// needs at most 12 bytes a reading, and gives the series' memory back.
#pragma once

#include <string>
#include <vector>

#include "frame/raw_series.h"
#include "ingest/report.h"

namespace forewarn {

struct SeriesBins {
  std::vector<int64_t> bin;    // bin number (start / interval), ascending; only bins with readings
  std::vector<double> median;  // mean of the two middle readings where they are even in number
  std::vector<double> max;
  std::vector<double> min;
  uint64_t at_max = 0;  // readings equal to the series' extremes
  uint64_t at_min = 0;
  RejectedPlace first_place;  // where the earliest and the latest reading stand
  RejectedPlace last_place;
};

// Fills the report's counts and statistics. `files` names the places.
SeriesBins BinSeries(RawSeries series, PlantTime interval, const std::vector<std::string>& files,
                     SeriesReport& report);

}  // namespace forewarn
