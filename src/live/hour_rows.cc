#include "live/hour_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "plant/derived.h"

namespace forewarn {

HourRows::HourRows(const Plant& plant, FeatureStream stream)
    : plant_(plant),
      stream_(std::move(stream)),
      fill_(plant),
      needed_(NeededSeries(plant)),
      extremes_(SeriesWithExtremes(plant)),
      series_(plant.SeriesNames()) {
  for (const std::string& sensor : plant.Sensors()) {
    sensors_.push_back(
        static_cast<size_t>(std::find(series_.begin(), series_.end(), sensor) - series_.begin()));
  }
  const FeatureSpec& spec = plant.features;
  window_rows_ = static_cast<size_t>(std::max(spec.window, 1));
  point_rows_ = static_cast<size_t>(std::max({spec.rolling.rows, spec.delta.empty() ? 1 : 2, 1}));
  table_rows_ = static_cast<size_t>(std::max(spec.volatility.rows, 1));
  const bool over_all = std::any_of(plant.label.alarm.begin(), plant.label.alarm.end(),
                                    [](const Rule& rule) { return rule.UsesQuantile(); });
  if (over_all) table_rows_ = kHistoryBuffer;  // a quantile is over the hours at hand
}

Result<HourRows> HourRows::Make(const Plant& plant) {
  FW_ASSIGN_OR_RETURN(FeatureStream stream, FeatureStream::Make(plant, plant.SeriesNames()));
  return HourRows(plant, std::move(stream));
}

Status HourRows::Push(const SensorReading& hour) {
  if (last_ != kNoTime && hour.time <= last_) {
    return Status::Invalid(fmt::format("hour {} is not after the last one, {}", FormatPlantTime(hour.time),
                                       FormatPlantTime(last_)));
  }
  const PlantTime step = plant_.interval;
  gap_before_ = last_ != kNoTime && hour.time > last_ + step;
  if (gap_before_) {
    // more empty rows than any window holds would change nothing
    const auto most =
        static_cast<PlantTime>(std::max({window_rows_, point_rows_, std::min(table_rows_, kHistoryBuffer)}) +
                               static_cast<size_t>(std::max(plant_.fill.forward, 0)));
    const std::vector<double> none(series_.size(), kNull);
    for (PlantTime t = std::max(last_ + step, hour.time - most * step); t < hour.time; t += step) {
      FW_RETURN_IF_ERROR(PushRow(t, none, none, none));
    }
  }
  std::vector<double> value = hour.value;
  std::vector<double> max = hour.max;
  std::vector<double> min = hour.min;
  for (size_t s = 0; s < value.size(); ++s) {
    // the source's own filling, made anew here: after a gap it would fill twice as far
    if (hour.filled[s] != 0 && IsValid(fill_.last(s))) value[s] = max[s] = min[s] = kNull;
  }
  return PushRow(hour.time, std::move(value), std::move(max), std::move(min));
}

Status HourRows::PushRow(PlantTime time, std::vector<double> value, std::vector<double> max,
                         std::vector<double> min) {
  std::vector<uint8_t> filled(value.size());
  fill_.Step(value, filled);
  for (size_t s = 0; s < value.size(); ++s) {
    if (extremes_[s] && !IsValid(max[s])) max[s] = value[s];
    if (extremes_[s] && !IsValid(min[s])) min[s] = value[s];
  }
  last_ = time;
  PushTable(time, value, max, min);
  return PushFeatures(time, value);
}

Status HourRows::PushFeatures(PlantTime time, const std::vector<double>& value) {
  std::vector<double> cells = value;
  bool stale = false;
  bool known = true;
  for (const size_t s : needed_) {
    stale = stale || !IsValid(cells[s]);
    if (!IsValid(cells[s])) cells[s] = fill_.last(s);  // the number is given, and marked
    known = known && IsValid(cells[s]);
  }
  started_ = started_ || known;
  if (!started_) return Status::Ok();
  FW_RETURN_IF_ERROR(stream_.Push(time, cells));
  std::vector<double> row;
  for (const size_t s : sensors_) row.push_back(cells[s]);
  window_.push_back(std::move(row));
  if (window_.size() > window_rows_) window_.erase(window_.begin());
  stale_.push_back(stale ? 1 : 0);
  if (stale_.size() > std::max(window_rows_, point_rows_)) stale_.pop_front();
  return Status::Ok();
}

bool HourRows::Stale(size_t rows) const {
  const size_t n = std::min(rows, stale_.size());
  return std::any_of(stale_.end() - static_cast<std::ptrdiff_t>(n), stale_.end(),
                     [](uint8_t s) { return s != 0; });
}

void HourRows::PushTable(PlantTime time, const std::vector<double>& value, const std::vector<double>& max,
                         const std::vector<double>& min) {
  const size_t drop = table_.rows() >= table_rows_ ? table_.rows() + 1 - table_rows_ : 0;
  std::vector<PlantTime> times(table_.times().begin() + static_cast<std::ptrdiff_t>(drop),
                               table_.times().end());
  times.push_back(time);
  Frame next(std::move(times));
  const auto append = [&](const std::string& name, double cell) {
    std::vector<double> cells;
    if (table_.Has(name))
      cells.assign(table_[name].begin() + static_cast<std::ptrdiff_t>(drop), table_[name].end());
    cells.push_back(cell);
    next.Set(name, std::move(cells));
  };
  for (size_t s = 0; s < series_.size(); ++s) {
    append(series_[s], value[s]);
    if (!extremes_[s]) continue;
    append(MaxName(series_[s]), max[s]);
    append(MinName(series_[s]), min[s]);
  }
  AddDerivedColumns(plant_, next, true);
  table_ = std::move(next);
}

}  // namespace forewarn
