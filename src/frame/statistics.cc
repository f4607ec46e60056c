#include "frame/statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "frame/frame.h"

namespace forewarn {
namespace {

std::vector<double> ValidCells(std::span<const double> cells) {
  std::vector<double> valid;
  valid.reserve(cells.size());
  std::copy_if(cells.begin(), cells.end(), std::back_inserter(valid), IsValid);
  return valid;
}

}  // namespace

double Mean(std::span<const double> cells) {
  double sum = 0;
  size_t n = 0;
  for (const double x : cells) {
    if (!IsValid(x)) continue;
    sum += x;
    ++n;
  }
  return n > 0 ? sum / static_cast<double>(n) : kNull;
}

double SampleStd(std::span<const double> cells) {
  const double mean = Mean(cells);
  double squares = 0;
  size_t n = 0;
  for (const double x : cells) {
    if (!IsValid(x)) continue;
    squares += (x - mean) * (x - mean);
    ++n;
  }
  return n > 1 ? std::sqrt(squares / static_cast<double>(n - 1)) : kNull;
}

double Quantile(std::span<const double> cells, double q) {
  std::vector<double> valid = ValidCells(cells);
  if (valid.empty()) return kNull;
  const double at = q * static_cast<double>(valid.size() - 1);
  const auto low = static_cast<size_t>(std::floor(at));
  const auto begin = valid.begin();
  std::nth_element(begin, begin + static_cast<std::ptrdiff_t>(low), valid.end());
  const double a = valid[low];
  if (low + 1 >= valid.size()) return a;
  const double b = *std::min_element(begin + static_cast<std::ptrdiff_t>(low) + 1, valid.end());
  const double t = at - static_cast<double>(low);
  // numpy's lerp: exact at both ends and monotone
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

double Median(std::span<const double> cells) { return Quantile(cells, 0.5); }

double Minimum(std::span<const double> cells) {
  double best = kNull;
  for (const double x : cells) {
    if (IsValid(x) && !(x >= best)) best = x;
  }
  return best;
}

double Maximum(std::span<const double> cells) {
  double best = kNull;
  for (const double x : cells) {
    if (IsValid(x) && !(x <= best)) best = x;
  }
  return best;
}

double Correlation(std::span<const double> a, std::span<const double> b) {
  std::vector<double> x;
  std::vector<double> y;
  for (size_t r = 0; r < a.size(); ++r) {
    if (!IsValid(a[r]) || !IsValid(b[r])) continue;
    x.push_back(a[r]);
    y.push_back(b[r]);
  }
  const double mx = Mean(x);
  const double my = Mean(y);
  double xy = 0;
  double xx = 0;
  double yy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : kNull;
}

}  // namespace forewarn
