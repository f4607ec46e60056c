// TrainingData: a FeatureDataset as the learners want it: one timeline of rows (the training part, then the
// validation part), its matrices, labels and events. Built once, read by every fit; immutable, safe from any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"
#include "features/dataset.h"
#include "plant/plant.h"
#include "train/event_metrics.h"
#include "train/matrix.h"
#include "train/time_series_split.h"

namespace forewarn {

// Windows of one horizon in time order, the training part's first.
struct WindowSamples {
  int steps = 0;
  std::string name;
  std::vector<std::string> names;  // the columns
  Samples samples;                 // y: the plant's forecast target
  std::vector<size_t> now;         // row of the timeline at which the window ends: the forecast is made there
  size_t train_windows = 0;
  // The number of leading windows whose target lies before row `end` of the timeline.
  size_t WindowsBefore(size_t end) const;
};

struct TrainingData {
  std::vector<PlantTime> times;
  size_t rows = 0;
  size_t train_rows = 0;
  bool labelled = false;
  std::vector<uint8_t> label;  // labelled only, like the next two
  std::vector<uint8_t> rule;   // the plant's own alarms
  std::vector<int> regime;
  Matrix point;        // rows × the plant's point features
  Matrix sensors;      // rows × the plant's sensors
  Matrix smote_point;  // the ETL's over-sampled training part, its labels and regimes
  std::vector<int> smote_label, smote_regime;
  std::vector<double> deviation;  // the ridge's target column; empty without one
  std::vector<WindowSamples> windows;
  EventOptions event_options;
  std::vector<Event> events;  // of the labels, over the timeline
  size_t day_rows = 24;       // rows of 24 hours: walk-forward gap, bootstrap block

  std::vector<TimeFold> WalkForward() const;  // models.md: 5 folds, 24 h gap, over the timeline
  // Rows known one step earlier: the rule state at row r − 1 (0 at the first row).
  std::vector<uint8_t> RuleBefore() const;
};

// The ridge is fitted on the first 75 % of the timeline and judged on the rest (models.md); the validation
// part lies in the judged quarter.
inline size_t DeviationTrainRows(size_t rows) { return rows * 3 / 4; }

// NotFound or Invalid if the dataset lacks a column the plant names.
Result<TrainingData> MakeTrainingData(const Plant& plant, const FeatureDataset& dataset);

}  // namespace forewarn
