#include "features/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/file.h"
#include "features/smote.h"
#include "plant/derived.h"

namespace forewarn {
namespace {

constexpr double kSyntheticRegime = 2;

std::string_view Bytes(const void* data, size_t size) { return {static_cast<const char*>(data), size}; }

Status CheckLabels(const Frame& table) {
  const std::vector<double>& labels = table[kLabelColumn];
  for (size_t r = 0; r < labels.size(); ++r) {
    if (!IsValid(labels[r]) || labels[r] == 0 || labels[r] == 1) continue;
    return Status::Invalid(fmt::format("{} is {} at {}; a label is 0 or 1", kLabelColumn, labels[r],
                                       FormatPlantTime(table.times()[r])));
  }
  return Status::Ok();
}

// Sums and squares of such cells must stay finite, and windows are float32.
Status CheckSizes(const Frame& table) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  for (size_t c = 0; c < table.columns(); ++c) {
    for (size_t r = 0; r < table.rows(); ++r) {
      if (std::abs(table.at(c)[r]) <= kLargest || !IsValid(table.at(c)[r])) continue;
      return Status::Invalid(fmt::format("{} is {:g} at {}; features hold cells up to {:g}: correct the cell",
                                         table.names()[c], table.at(c)[r], FormatPlantTime(table.times()[r]),
                                         kLargest));
    }
  }
  return Status::Ok();
}

std::vector<double> LabelsOutsidePeriods(const Plant& plant, const Frame& table) {
  std::vector<double> out = table[kLabelColumn];
  for (size_t r = 0; r < out.size(); ++r) {
    const PlantTime time = table.times()[r];
    const bool marked = std::any_of(plant.label.periods.begin(), plant.label.periods.end(),
                                    [&](const LabelPeriod& p) { return time >= p.from && time <= p.to; });
    if (out[r] != 1 || marked) out[r] = 0;
  }
  return out;
}

// See BuildDataset's comment; table is the input, before nulls became 0.
Result<std::vector<double>> RuleAlarm(const Plant& plant, Frame table, std::vector<std::string>& notes) {
  std::vector<double> out(table.rows(), 0);
  for (const Rule& rule : plant.label.alarm) {
    for (const std::string& column : rule.columns()) {
      if (!table.Has(column)) AddDerivedColumn(plant, column, table);
    }
    if (const Status known = rule.Check(table.names()); !known.ok()) {
      notes.push_back(
          fmt::format("{}: the labels outside the operator-marked periods, as the rule '{}' cannot be "
                      "evaluated ({})",
                      kRuleAlarmColumn, rule.text(), known.message()));
      return LabelsOutsidePeriods(plant, table);
    }
    FW_ASSIGN_OR_RETURN(const std::vector<bool> fired, rule.Evaluate(table));
    for (size_t r = 0; r < out.size(); ++r) {
      if (fired[r]) out[r] = 1;
    }
  }
  return out;
}

std::vector<uint8_t> LabelsOf(const Frame& table) {
  std::vector<uint8_t> out;
  out.reserve(table.rows());
  for (const double cell : table[kLabelColumn]) out.push_back(cell == 1 ? 1 : 0);
  return out;
}

void AddSmote(const DatasetOptions& options, FeatureDataset& set) {
  const Frame& train = set.train;
  std::vector<size_t> inputs;
  for (size_t c = 0; c < train.columns(); ++c) {
    if (train.names()[c] != kLabelColumn) inputs.push_back(c);
  }
  std::vector<double> values(train.rows() * inputs.size());
  for (size_t r = 0; r < train.rows(); ++r) {
    for (size_t i = 0; i < inputs.size(); ++i) values[r * inputs.size() + i] = train.at(inputs[i])[r];
  }
  const SmoteResult smote =
      Smote(values, inputs.size(), LabelsOf(train), options.smote_neighbours, options.seed);
  set.smote_applied = smote.applied;
  set.smote_note = smote.note;
  std::vector<PlantTime> times = train.times();
  times.resize(smote.labels.size(), kNoTime);
  Frame out(std::move(times));
  for (const std::string& name : train.names()) out.Set(name);
  for (size_t r = 0; r < out.rows(); ++r) {
    for (size_t i = 0; i < inputs.size(); ++i) out.at(inputs[i])[r] = smote.values[r * inputs.size() + i];
    out[kLabelColumn][r] = smote.labels[r];
  }
  if (out.Has(kRegimeColumn)) {
    std::vector<double>& regime = out[kRegimeColumn];
    std::fill(regime.begin() + static_cast<std::ptrdiff_t>(train.rows()), regime.end(),
              smote.minority == 1 ? kSyntheticRegime : 0);
  }
  set.train_smote = std::move(out);
}

// looks_ahead[r]: rows before r that hold cells filled from the future; a range's count is a difference of
// two.
std::vector<size_t> CountLookAhead(const Frame& table) {
  std::vector<size_t> before(table.rows() + 1, 0);
  for (size_t r = 0; r < table.rows(); ++r) {
    bool filled = false;
    for (size_t c = 0; c < table.columns() && !filled; ++c) {
      filled = IsFilledColumn(table.names()[c]) && table.at(c)[r] != 0;
    }
    before[r + 1] = before[r] + (filled ? 1 : 0);
  }
  return before;
}

void AppendWindow(const WindowMatrix& from, size_t row, WindowMatrix& to) {
  to.values.insert(to.values.end(), from.row(row), from.row(row) + from.columns);
  to.end_row.push_back(from.end_row[row]);
}

// Returns the number of windows left out for cells that look ahead.
size_t AddHorizon(const WindowMatrix& all, const Frame& table, size_t train_rows, size_t window,
                  const std::vector<size_t>& look_ahead, HorizonWindows& out) {
  const std::vector<uint8_t> labels = LabelsOf(table);
  const auto steps = static_cast<size_t>(out.steps);
  out.train.names = out.valid.names = all.names;
  out.train.columns = out.valid.columns = all.columns;
  size_t left_out = 0;
  for (size_t r = 0; r < all.rows(); ++r) {
    const size_t end = all.end_row[r];
    const size_t target = end + steps - 1;
    if (target >= table.rows()) break;
    if (look_ahead[target + 1] > look_ahead[end - window]) {
      ++left_out;
      continue;
    }
    const bool in_train = target < train_rows;
    const auto begin = labels.begin() + static_cast<std::ptrdiff_t>(end);
    const uint8_t within = std::any_of(begin, begin + out.steps, [](uint8_t l) { return l == 1; }) ? 1 : 0;
    AppendWindow(all, r, in_train ? out.train : out.valid);
    (in_train ? out.train_at : out.valid_at).push_back(labels[target]);
    (in_train ? out.train_within : out.valid_within).push_back(within);
  }
  return left_out;
}

Status AddWindows(const Plant& plant, const Frame& table, FeatureDataset& set) {
  FW_ASSIGN_OR_RETURN(const WindowMatrix all, BuildWindows(plant, table, false));
  const std::vector<size_t> look_ahead = CountLookAhead(table);
  const std::vector<int> steps = plant.HorizonSteps();
  for (size_t h = 0; h < steps.size(); ++h) {
    HorizonWindows windows;
    windows.steps = steps[h];
    windows.name = plant.HorizonName(h);
    const size_t left_out = AddHorizon(all, table, set.train.rows(),
                                       static_cast<size_t>(plant.features.window), look_ahead, windows);
    if (left_out > 0) {
      set.notes.push_back(
          fmt::format("{} windows of {} left out: their rows hold cells filled from later readings", left_out,
                      windows.name));
    }
    set.horizons.push_back(std::move(windows));
  }
  return Status::Ok();
}

}  // namespace

bool IsFilledColumn(std::string_view name) { return name == kFilledColumn || name.starts_with("filled_"); }

std::string TableDigest(const Frame& table) {
  std::string parts = Sha256Hex(Bytes(table.times().data(), table.rows() * sizeof(PlantTime)));
  for (size_t c = 0; c < table.columns(); ++c) {
    std::vector<double> cells = table.at(c);
    for (double& cell : cells) {
      if (!IsValid(cell)) cell = kNull;  // one bit pattern for a null
    }
    parts += fmt::format("\n{} {}", table.names()[c],
                         Sha256Hex(Bytes(cells.data(), cells.size() * sizeof(double))));
  }
  return Sha256Hex(parts);
}

Result<FeatureDataset> BuildDataset(const Plant& plant, const Frame& labelled, const DatasetOptions& options,
                                    NormaliseReport* report) {
  FeatureDataset set;
  set.plant = plant.name;
  set.digest = TableDigest(labelled);
  set.labelled = labelled.Has(kLabelColumn);
  if (!set.labelled && !plant.label.empty()) {
    return Status::Invalid(
        fmt::format("the table has no '{}' column; run 'forewarn label' on it first", kLabelColumn));
  }
  FW_RETURN_IF_ERROR(CheckSizes(labelled));
  if (set.labelled) FW_RETURN_IF_ERROR(CheckLabels(labelled));
  FW_ASSIGN_OR_RETURN(const Frame normalised, NormaliseForFeatures(plant, labelled, report));
  FW_ASSIGN_OR_RETURN(Frame table, AddFeatures(plant, normalised));
  if (set.labelled) {
    FW_ASSIGN_OR_RETURN(std::vector<double> rule_alarm, RuleAlarm(plant, labelled, set.notes));
    table.Set(kRuleAlarmColumn, std::move(rule_alarm));
  }
  const auto train_rows = static_cast<size_t>(static_cast<double>(table.rows()) * options.train_share);
  if (train_rows == 0 || train_rows == table.rows()) {
    return Status::Invalid(
        fmt::format("the table has {} rows; a training and a validation part need at least 2", table.rows()));
  }
  set.train = table.Slice(0, train_rows);
  set.valid = table.Slice(train_rows, table.rows());
  if (set.labelled) {
    AddSmote(options, set);
    FW_RETURN_IF_ERROR(AddWindows(plant, table, set));
  }
  return set;
}

}  // namespace forewarn
