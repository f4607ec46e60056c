// The one feature code path (design decision 8): batch and live, native, Spark and Python all call these.
// Everything is causal: a feature of row t depends on rows <= t only. Each window is summed directly, oldest
// row first, so that a value never depends on where the table starts; feature_stream.h is the live twin over
// the same kernels. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "frame/frame.h"
#include "plant/columns.h"
#include "plant/plant.h"

namespace forewarn {

// Names of the columns the ETL adds: <column>_roll_mean, _roll_std, <column>_delta, the history sum.
std::string RollMeanName(const std::string& column);
std::string RollStdName(const std::string& column);
std::string DeltaName(const std::string& column);

// Kernels over n >= 1 finite cells, oldest first, pandas' meaning: a constant window has its value as mean
// and 0 as spread exactly, the sample standard deviation of one row is 0.
double WindowMean(const double* cells, size_t n);
double WindowSampleStd(const double* cells, size_t n);

// What NormaliseForFeatures changed; nothing is altered silently.
struct NormaliseReport {
  std::vector<std::pair<std::string, size_t>> nulls_to_zero;  // column, cells
  std::vector<std::pair<std::string, size_t>>
      fixed_setpoints;                // column, cells set to the plant file's setpoint
  std::vector<std::string> computed;  // deviations and time features that were missing
};

// The ETL's cleaning of a labelled table (data.md, "ETL: features"): fixed setpoints where 0 or null, other
// numeric nulls → 0, missing deviations and time features computed. report may be null.
Result<Frame> NormaliseForFeatures(const Plant& plant, const Frame& table, NormaliseReport* report);

// Adds rolling, delta and history-sum columns to a normalised table; a history sum over a column the table
// lacks (labels of an unlabelled table) is left out. NotFound if another needed column, or a point feature,
// is missing.
Result<Frame> AddFeatures(const Plant& plant, const Frame& normalised);

// Point features that may be missing from a request default to another feature or a constant (models.md,
// Scoring).
struct PointDefault {
  std::string from;      // another point feature's name, or "" for `value`
  double value = kNull;  // NaN: the training median
  bool clock = false;    // hour or day: the plant's clock where one is known, else the training median
};
// One a point feature, in order.
std::vector<PointDefault> PointDefaults(const Plant& plant);

// Forecaster inputs, float32, row-major. Row r is the window of `window` table rows that ends at row
// end_row[r] - 1; its target at horizon h (steps) is the label of row end_row[r] + h - 1.
struct WindowMatrix {
  std::vector<std::string> names;  // {sensor}_t-11 … {sensor}_t0 time-major, then _wmean, _wstd, _wtrend
  size_t columns = 0;
  std::vector<float> values;    // rows × columns
  std::vector<size_t> end_row;  // i of the contract: the row after the window's last
  size_t rows() const { return end_row.size(); }
  const float* row(size_t r) const { return values.data() + r * columns; }
};

std::vector<std::string> WindowNames(const std::vector<std::string>& sensors, int window);
// One window's features from `window` rows of `sensors` values (row-major, oldest first); out has
// WindowNames' size. Statistics are taken in double and rounded once to float32.
void WindowFeatures(const double* rows, size_t sensors, size_t window, float* out);
// Every full window of the table; with include_last also the window that ends at the last row (end_row ==
// rows()).
Result<WindowMatrix> BuildWindows(const Plant& plant, const Frame& table, bool include_last);

}  // namespace forewarn
