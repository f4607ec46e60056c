// The one feature code path (design decision 8): batch and live, native, Spark and Python all call these.
// Everything is causal: a feature of row t depends on rows <= t only. Pure functions; FeatureStream belongs
// to one thread.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "core/status.h"
#include "frame/frame.h"
#include "plant/plant.h"

namespace forewarn {

// Names of the columns the ETL adds: <column>_roll_mean, _roll_std, <column>_delta, the history sum.
std::string RollMeanName(const std::string& column);
std::string RollStdName(const std::string& column);
std::string DeltaName(const std::string& column);

// What NormaliseForFeatures changed; nothing is altered silently.
struct NormaliseReport {
  std::vector<std::pair<std::string, size_t>> nulls_to_zero;  // column, cells
  std::vector<std::pair<std::string, size_t>>
      fixed_setpoints;                // column, cells set to the plant file's setpoint
  std::vector<std::string> computed;  // deviations and time features that were missing
};

// The ETL's cleaning of a labelled table (data.md, "ETL: features"): numeric nulls → 0, fixed setpoints where
// 0 or null, missing deviations and time features computed.
Result<Frame> NormaliseForFeatures(const Plant& plant, const Frame& table, NormaliseReport* report);

// Adds rolling, delta and history-sum columns to a normalised table. NotFound if a needed column is missing.
Result<Frame> AddFeatures(const Plant& plant, const Frame& normalised);

// Live twin of NormaliseForFeatures + AddFeatures: one row at a time, bit for bit what the batch gives.
class FeatureStream {
 public:
  explicit FeatureStream(const Plant& plant);
  // values: cell by input column name order given at first Push; returns the plant's point features in order.
  Result<std::vector<double>> Push(PlantTime time, const std::vector<std::string>& columns,
                                   const std::vector<double>& cells);

 private:
  const Plant& plant_;
  std::deque<std::vector<double>> history_;
  std::vector<std::string> history_columns_;
};

// Point features that may be missing from a request default to another feature or a constant (models.md,
// Scoring).
struct PointDefault {
  std::string from;      // another feature's name, or "" for `value`
  double value = kNull;  // NaN: the training median
};
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
// WindowNames' size.
void WindowFeatures(const double* rows, size_t sensors, size_t window, float* out);
// Every full window of the table; with include_last also the window that ends at the last row (end_row ==
// rows()).
Result<WindowMatrix> BuildWindows(const Plant& plant, const Frame& table, bool include_last);

}  // namespace forewarn
