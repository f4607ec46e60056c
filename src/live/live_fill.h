// LiveFill: the live twin of ingest's filling (ingest/fill.h with live = true), one row at a time: a missing
// cell keeps the last value for the plant file's forward steps, a setpoint for good; what would look ahead
// stays null. Also says which series a plant's models need, and which have extremes. Belongs to one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ingest/fill.h"
#include "plant/plant.h"

namespace forewarn {

class LiveFill {
 public:
  explicit LiveFill(const Plant& plant);

  // What a series' last reading before the first row was, where it is known: carried where the rule carries.
  void Seed(size_t series, double value) { last_[series] = value; }
  // Cells in Plant::SeriesNames order, null = no reading in the bin; filled[s] becomes 1 where a cell is an
  // older value (0 for a setpoint: it holds until it is changed).
  void Step(std::span<double> cells, std::span<uint8_t> filled);
  // The last value of a series, however old; null before the first.
  double last(size_t series) const { return last_[series]; }

 private:
  std::vector<FillRule> rules_;
  std::vector<double> last_;
  std::vector<int> since_;  // rows since it was read
};

// Indices in Plant::SeriesNames of the series that the point and window features are made of.
std::vector<size_t> NeededSeries(const Plant& plant);
// By series: it has a _max and a _min (tags and PVs).
std::vector<uint8_t> SeriesWithExtremes(const Plant& plant);

}  // namespace forewarn
