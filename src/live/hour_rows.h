// HourRows: closed hours in, what the models and the alarm rules read out. The same feature path as training
// (features/feature_stream.h) over rows filled as ingest fills live; a gap in the hours becomes empty rows,
// so that after the plant file's forward steps the values count as stale. Belongs to one thread.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "features/feature_stream.h"
#include "frame/frame.h"
#include "live/live_fill.h"
#include "live/sensor_source.h"
#include "plant/plant.h"

namespace forewarn {

class HourRows {
 public:
  static Result<HourRows> Make(const Plant& plant);

  // Hours must come in order; Invalid for one that is not after the last.
  Status Push(const SensorReading& hour);

  bool gap_before() const { return gap_before_; }  // hours are missing before the last one
  // The point features of the last row; empty before the first value of every series they need.
  std::span<const double> point() const { return started_ ? stream_.Point() : std::span<const double>(); }
  bool point_stale() const { return Stale(point_rows_); }
  // The sensors' last `window` rows, oldest first; fewer at the beginning.
  const std::vector<std::vector<double>>& window() const { return window_; }
  bool window_full() const { return window_.size() == window_rows_; }
  bool window_stale() const { return Stale(window_rows_); }
  // The last rows as ingest's table has them (values, extremes, derived columns; null where a value is
  // older than the fill allows), as many as the alarm rules need.
  const Frame& table() const { return table_; }

 private:
  HourRows(const Plant& plant, FeatureStream stream);
  Status PushRow(PlantTime time, std::vector<double> value, std::vector<double> max, std::vector<double> min);
  void PushTable(PlantTime time, const std::vector<double>& value, const std::vector<double>& max,
                 const std::vector<double>& min);
  Status PushFeatures(PlantTime time, const std::vector<double>& value);
  bool Stale(size_t rows) const;

  Plant plant_;
  FeatureStream stream_;
  LiveFill fill_;
  std::vector<size_t> needed_, sensors_;
  std::vector<uint8_t> extremes_;
  std::vector<std::string> series_;
  size_t window_rows_ = 1;
  size_t point_rows_ = 1;
  size_t table_rows_ = 1;
  PlantTime last_ = kNoTime;
  bool gap_before_ = false;
  bool started_ = false;
  std::vector<std::vector<double>> window_;
  std::deque<uint8_t> stale_;  // of the last rows
  Frame table_;
};

}  // namespace forewarn
