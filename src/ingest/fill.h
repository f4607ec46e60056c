// Filling of empty grid cells, in the order and with the meaning of pandas: ffill(limit), a setpoint's own
// rule, time interpolation (limit), median. Pure.
#pragma once

#include <optional>
#include <vector>

#include "ingest/report.h"
#include "plant/plant.h"

namespace forewarn {

struct FillRule {
  int forward = 0;              // cells of any gap that take the last value
  std::optional<double> fixed;  // then: every empty cell takes this
  bool carry = false;           // or: every empty cell takes the last value, however old
  int interpolate =
      0;  // then: the first cells of a gap, on the line to the next value (at the end: the last one)
  bool median = false;  // then: the rest takes the median of the column so filled
};

// The rule of one series of the plant. live: only what does not look ahead.
FillRule FillRuleOf(const Plant& plant, const std::string& series, bool live);

// Fills `cells` (null = empty) and counts; looks_ahead[r] becomes true where a cell was filled by
// interpolation or median.
CellCounts FillColumn(std::vector<double>& cells, const FillRule& rule, std::vector<bool>& looks_ahead);

}  // namespace forewarn
