#include "ingest/fill.h"

#include <algorithm>

namespace forewarn {
namespace {

// Fills the first `limit` empty cells after each value with that value.
uint64_t FillForward(std::vector<double>& cells, size_t limit) {
  uint64_t filled = 0;
  size_t since = limit;  // before the first value nothing can be filled
  for (size_t r = 0; r < cells.size(); ++r) {
    if (IsValid(cells[r])) {
      since = 0;
    } else if (since < limit) {
      cells[r] = cells[r - 1];
      ++since;
      ++filled;
    }
  }
  return filled;
}

// numpy.interp over row numbers: the grid is even.
uint64_t Interpolate(std::vector<double>& cells, size_t limit, std::vector<bool>& looks_ahead) {
  uint64_t filled = 0;
  const size_t rows = cells.size();
  size_t r = 0;
  while (r < rows && !IsValid(cells[r])) ++r;
  while (r < rows) {
    const size_t before = r;  // a value
    size_t after = r + 1;
    while (after < rows && !IsValid(cells[after])) ++after;
    const double slope =
        after < rows ? (cells[after] - cells[before]) / static_cast<double>(after - before) : 0;
    for (size_t i = before + 1; i < std::min(after, before + 1 + limit); ++i) {
      cells[i] = slope * static_cast<double>(i - before) + cells[before];
      looks_ahead[i] = true;
      ++filled;
    }
    r = after;
  }
  return filled;
}

double MedianOfValid(const std::vector<double>& cells) {
  std::vector<double> valid;
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(valid),
               [](double cell) { return IsValid(cell); });
  if (valid.empty()) return kNull;
  const auto middle = valid.begin() + static_cast<std::ptrdiff_t>(valid.size() / 2);
  std::nth_element(valid.begin(), middle, valid.end());
  return valid.size() % 2 == 1 ? *middle : (*std::max_element(valid.begin(), middle) + *middle) / 2;
}

}  // namespace

FillRule FillRuleOf(const Plant& plant, const std::string& series, bool live) {
  FillRule rule;
  rule.forward = plant.fill.forward;
  for (const Controller& controller : plant.controllers) {
    if (series != controller.id + "_sp") continue;
    rule.fixed = controller.sp_fixed;
    rule.carry = !controller.sp_fixed;
  }
  rule.interpolate = live ? 0 : plant.fill.interpolate;
  rule.median = !live && plant.fill.final == FillFinal::kMedian;
  return rule;
}

CellCounts FillColumn(std::vector<double>& cells, const FillRule& rule, std::vector<bool>& looks_ahead) {
  CellCounts counts;
  counts.observed = static_cast<uint64_t>(std::count_if(cells.begin(), cells.end(), IsValid));
  counts.forward = FillForward(cells, static_cast<size_t>(std::max(0, rule.forward)));
  if (rule.fixed) {
    for (double& cell : cells) {
      if (IsValid(cell)) continue;
      cell = *rule.fixed;
      ++counts.fixed;
    }
  } else if (rule.carry) {
    counts.carried = FillForward(cells, cells.size());
  }
  counts.interpolated = Interpolate(cells, static_cast<size_t>(std::max(0, rule.interpolate)), looks_ahead);
  const double median = rule.median ? MedianOfValid(cells) : kNull;
  for (size_t r = 0; r < cells.size(); ++r) {
    if (IsValid(cells[r])) continue;
    if (IsValid(median)) {
      cells[r] = median;
      looks_ahead[r] = true;
      ++counts.median;
    } else {
      ++counts.null;
    }
  }
  return counts;
}

}  // namespace forewarn
