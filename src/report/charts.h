// The usual charts as ECharts options: pure functions from numbers to JSON. A null (NaN) is a gap. Times are
// plant time, shown as they are (no zone conversion).
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/plant_time.h"

namespace forewarn {

using ChartJson = nlohmann::ordered_json;

struct ChartSeries {
  std::string name;
  std::vector<double> x;  // ignored by time and category charts
  std::vector<double> y;
  bool dashed = false;
};

struct TimeBand {
  PlantTime from = 0;
  PlantTime to = 0;
};

struct AxisText {
  std::string x;
  std::string y;
};

// Lines over plant time, with shaded bands (alarm episodes) and horizontal lines (limits), zoomable.
ChartJson TimeChart(std::span<const PlantTime> times, const std::vector<ChartSeries>& series,
                    const std::string& unit, const std::vector<TimeBand>& bands = {},
                    const std::vector<std::pair<std::string, double>>& limits = {});
// Lines through (x, y); marks: points with a name.
ChartJson LineChart(const std::vector<ChartSeries>& series, const AxisText& axes,
                    const std::vector<std::pair<std::string, std::pair<double, double>>>& marks = {});
ChartJson ScatterChart(const std::vector<ChartSeries>& series, const AxisText& axes);
// One group of bars a category, one bar a series.
ChartJson BarChart(const std::vector<std::string>& categories, const std::vector<ChartSeries>& series,
                   const AxisText& axes, bool horizontal = false);
// values[row][column]; low and high fix the colour scale.
ChartJson HeatMap(const std::vector<std::string>& columns, const std::vector<std::string>& rows,
                  const std::vector<std::vector<double>>& values, double low, double high, int digits = 2);
// Counts of the valid values in equal bins, with vertical lines.
ChartJson Histogram(std::span<const double> values, int bins, const std::string& unit,
                    const std::vector<std::pair<std::string, double>>& lines);

}  // namespace forewarn
