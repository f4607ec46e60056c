#include "features/block.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "plant/derived.h"

namespace forewarn {
namespace {

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

// The alarm rules over the rows as given, before nulls became 0; where they lack a column a rule needs, the
// labels outside the operator-marked periods instead.
Result<std::vector<double>> RuleAlarm(const Plant& plant, Frame table,
                                      const std::vector<RuleQuantile>& quantiles, bool whole,
                                      std::vector<std::string>& notes) {
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
    for (const RuleQuantile& needed : rule.Quantiles()) {
      if (whole || FindQuantile(quantiles, needed.column, needed.share) != nullptr) continue;
      return Status::Invalid(
          fmt::format("the rule '{}' reads quantile({}, {}) of the whole table, which a block "
                      "of it does not show: give it",
                      rule.text(), needed.column, needed.share));
    }
    FW_ASSIGN_OR_RETURN(const std::vector<bool> fired, rule.Evaluate(table, quantiles));
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

// Windows of one horizon that the block owns, by the part their target lies in; the number left out for cells
// that look ahead. all, table: of the rows given; what is stored counts rows of the whole table.
size_t AddHorizon(const WindowMatrix& all, const Frame& table, const BlockPlace& place, size_t window,
                  const std::vector<size_t>& look_ahead, HorizonWindows& out) {
  const std::vector<uint8_t> labels = LabelsOf(table);
  const auto steps = static_cast<size_t>(out.steps);
  out.train.names = out.valid.names = all.names;
  out.train.columns = out.valid.columns = all.columns;
  size_t left_out = 0;
  for (size_t r = 0; r < all.rows(); ++r) {
    const size_t end = all.end_row[r];
    const size_t target = end + steps - 1;
    if (place.first + end < place.begin) continue;
    if (place.first + end >= place.end || place.first + target >= place.table_rows) break;
    if (look_ahead[target + 1] > look_ahead[end - window]) {
      ++left_out;
      continue;
    }
    const bool in_train = place.first + target < place.train_rows;
    const auto begin = labels.begin() + static_cast<std::ptrdiff_t>(end);
    const uint8_t within = std::any_of(begin, begin + out.steps, [](uint8_t l) { return l == 1; }) ? 1 : 0;
    WindowMatrix& part = in_train ? out.train : out.valid;
    AppendWindow(all, r, part);
    part.end_row.back() += place.first;
    (in_train ? out.train_at : out.valid_at).push_back(labels[target]);
    (in_train ? out.train_within : out.valid_within).push_back(within);
  }
  return left_out;
}

Status AddWindows(const Plant& plant, const Frame& table, const BlockPlace& place, FeatureBlock& block) {
  FW_ASSIGN_OR_RETURN(const WindowMatrix all, BuildWindows(plant, table, false));
  const std::vector<size_t> look_ahead = CountLookAhead(table);
  const std::vector<int> steps = plant.HorizonSteps();
  for (size_t h = 0; h < steps.size(); ++h) {
    HorizonWindows windows;
    windows.steps = steps[h];
    windows.name = plant.HorizonName(h);
    block.left_out.push_back(
        AddHorizon(all, table, place, static_cast<size_t>(plant.features.window), look_ahead, windows));
    block.horizons.push_back(std::move(windows));
  }
  return Status::Ok();
}

Status CheckPlace(const Plant& plant, const Frame& rows, const BlockPlace& place) {
  const size_t last = place.first + rows.rows();
  if (place.first > place.begin || place.begin > place.end || place.end > last || last > place.table_rows) {
    return Status::Invalid(fmt::format("a block of rows {} to {} cannot be cut from rows {} to {} of {}",
                                       place.begin, place.end, place.first, last, place.table_rows));
  }
  const size_t before = place.begin - place.first;
  const size_t after = last - place.end;
  if ((place.first > 0 && before < HaloBefore(plant)) ||
      (last < place.table_rows && after < HaloAfter(plant))) {
    return Status::Invalid(
        fmt::format("a block with {} rows before and {} after its own; {} and {} are needed", before, after,
                    HaloBefore(plant), HaloAfter(plant)));
  }
  return Status::Ok();
}

}  // namespace

size_t HaloBefore(const Plant& plant) {
  const FeatureSpec& spec = plant.features;
  int rows = std::max(spec.window, 1);  // a window ends before its own end_row
  if (!spec.rolling.of.empty()) rows = std::max(rows, spec.rolling.rows - 1);
  if (!spec.volatility.of.empty()) rows = std::max(rows, spec.volatility.rows - 1);
  if (spec.history_sum) rows = std::max(rows, spec.history_sum->rows - 1);
  return static_cast<size_t>(rows);
}

size_t HaloAfter(const Plant& plant) {
  int steps = 1;
  for (const int horizon : plant.HorizonSteps()) steps = std::max(steps, horizon);
  return static_cast<size_t>(steps - 1);
}

Result<FeatureBlock> BuildBlock(const Plant& plant, const Frame& rows, const BlockPlace& place,
                                const std::vector<RuleQuantile>& quantiles, NormaliseReport* report) {
  FW_RETURN_IF_ERROR(CheckPlace(plant, rows, place));
  const bool labelled = rows.Has(kLabelColumn);
  FW_RETURN_IF_ERROR(CheckSizes(rows));
  if (labelled) FW_RETURN_IF_ERROR(CheckLabels(rows));
  FW_ASSIGN_OR_RETURN(const Frame normalised, NormaliseForFeatures(plant, rows, report));
  FW_ASSIGN_OR_RETURN(Frame table, AddFeatures(plant, normalised));
  FeatureBlock block;
  if (labelled) {
    const bool whole = rows.rows() == place.table_rows;
    FW_ASSIGN_OR_RETURN(std::vector<double> rule_alarm,
                        RuleAlarm(plant, rows, quantiles, whole, block.notes));
    table.Set(kRuleAlarmColumn, std::move(rule_alarm));
    FW_RETURN_IF_ERROR(AddWindows(plant, table, place, block));
  }
  const bool all_own = place.first == place.begin && place.end - place.begin == table.rows();
  block.features =
      all_own ? std::move(table) : table.Slice(place.begin - place.first, place.end - place.first);
  return block;
}

}  // namespace forewarn
