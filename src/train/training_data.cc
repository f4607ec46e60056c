#include "train/training_data.h"

#include <algorithm>
#include <utility>

#include "plant/columns.h"
#include "train/run_spec.h"

namespace forewarn {
namespace {

Result<std::vector<uint8_t>> Flags(const Frame& table, const char* column) {
  FW_ASSIGN_OR_RETURN(const std::span<const double> cells, table.Column(column));
  std::vector<uint8_t> out;
  out.reserve(cells.size());
  for (const double cell : cells) out.push_back(cell == 1 ? 1 : 0);
  return out;
}

Result<std::vector<int>> Classes(const Frame& table, const char* column) {
  FW_ASSIGN_OR_RETURN(const std::span<const double> cells, table.Column(column));
  std::vector<int> out;
  out.reserve(cells.size());
  for (const double cell : cells) out.push_back(IsValid(cell) ? static_cast<int>(cell) : 0);
  return out;
}

WindowSamples JoinWindows(const HorizonWindows& in, bool within) {
  WindowSamples out;
  out.steps = in.steps;
  out.name = in.name;
  out.names = in.train.names;
  out.samples.x = ToMatrix(in.train);
  out.train_windows = in.train.rows();
  const Matrix valid = ToMatrix(in.valid);
  out.samples.x.columns = std::max(out.samples.x.columns, valid.columns);
  out.samples.x.rows += valid.rows;
  out.samples.x.values.insert(out.samples.x.values.end(), valid.values.begin(), valid.values.end());
  out.samples.y = within ? in.train_within : in.train_at;
  const std::vector<uint8_t>& valid_y = within ? in.valid_within : in.valid_at;
  out.samples.y.insert(out.samples.y.end(), valid_y.begin(), valid_y.end());
  for (const WindowMatrix* part : {&in.train, &in.valid}) {
    for (const size_t end : part->end_row) out.now.push_back(end - 1);
  }
  return out;
}

Status AddLabels(const Plant& plant, const FeatureDataset& dataset, const Frame& table, TrainingData* out) {
  FW_ASSIGN_OR_RETURN(out->label, Flags(table, kLabelColumn));
  FW_ASSIGN_OR_RETURN(out->rule, Flags(table, kRuleAlarmColumn));
  out->regime.assign(out->label.begin(), out->label.end());
  if (table.Has(kRegimeColumn)) {
    FW_ASSIGN_OR_RETURN(out->regime, Classes(table, kRegimeColumn));
  } else {
    for (int& regime : out->regime) regime *= kRegimes - 1;
  }
  FW_ASSIGN_OR_RETURN(out->smote_point, ToMatrix(dataset.train_smote, plant.features.point));
  FW_ASSIGN_OR_RETURN(out->smote_label, Classes(dataset.train_smote, kLabelColumn));
  out->smote_regime = out->smote_label;
  if (dataset.train_smote.Has(kRegimeColumn)) {
    FW_ASSIGN_OR_RETURN(out->smote_regime, Classes(dataset.train_smote, kRegimeColumn));
  }
  for (const HorizonWindows& windows : dataset.horizons) {
    out->windows.push_back(JoinWindows(windows, plant.models.forecast_target == ForecastTarget::kWithin));
  }
  out->events = FindEvents(out->times, out->label, out->event_options);
  return {};
}

}  // namespace

size_t WindowSamples::WindowsBefore(size_t end) const {
  const auto target_reaches = [&](size_t row, size_t limit) {
    return row + static_cast<size_t>(steps) < limit;
  };
  return static_cast<size_t>(std::lower_bound(now.begin(), now.end(), end, target_reaches) - now.begin());
}

std::vector<TimeFold> TrainingData::WalkForward() const {
  return TimeSeriesSplit(rows, kWalkForwardFolds, day_rows);
}

std::vector<uint8_t> TrainingData::RuleBefore() const {
  std::vector<uint8_t> out(rows, 0);
  if (rows > 1) std::copy(rule.begin(), rule.end() - 1, out.begin() + 1);
  return out;
}

Result<TrainingData> MakeTrainingData(const Plant& plant, const FeatureDataset& dataset) {
  Frame table = dataset.train;
  FW_RETURN_IF_ERROR(table.Append(dataset.valid));
  TrainingData out;
  out.times = table.times();
  out.rows = table.rows();
  out.train_rows = dataset.train.rows();
  out.labelled = dataset.labelled;
  out.event_options = EventOptionsOf(plant);
  out.day_rows = static_cast<size_t>(std::max<PlantTime>(1, (kDay + plant.interval - 1) / plant.interval));
  FW_ASSIGN_OR_RETURN(out.point, ToMatrix(table, plant.features.point));
  FW_ASSIGN_OR_RETURN(out.sensors, ToMatrix(table, plant.Sensors()));
  if (!plant.models.deviation_target.empty()) {
    FW_ASSIGN_OR_RETURN(const std::span<const double> cells, table.Column(plant.models.deviation_target));
    out.deviation.assign(cells.begin(), cells.end());
  }
  if (out.labelled) FW_RETURN_IF_ERROR(AddLabels(plant, dataset, table, &out));
  return out;
}

}  // namespace forewarn
