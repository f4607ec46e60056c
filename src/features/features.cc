#include "features/features.h"

#include <fmt/format.h>

#include <algorithm>

#include "plant/derived.h"

namespace forewarn {
namespace {

constexpr std::string_view kRollMean = "_roll_mean";
constexpr std::string_view kRollStd = "_roll_std";
constexpr std::string_view kDelta = "_delta";

bool IsConstant(const double* cells, size_t n) {
  return std::all_of(cells + 1, cells + n, [first = cells[0]](double c) { return c == first; });
}

// Σ (cell − mean)², oldest first.
double SquaredDeviations(const double* cells, size_t n, double mean) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += (cells[i] - mean) * (cells[i] - mean);
  return sum;
}

// One value a row: kernel(cells of the last `length` rows up to this one, their number).
template <typename Kernel>
std::vector<double> Rolled(const std::vector<double>& cells, size_t length, const Kernel& kernel) {
  std::vector<double> out(cells.size());
  for (size_t r = 0; r < cells.size(); ++r) {
    const size_t n = std::min(length, r + 1);
    out[r] = kernel(cells.data() + r + 1 - n, n);
  }
  return out;
}

double Sum(const double* cells, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += cells[i];
  return sum;
}

void FillSetpoints(const Plant& plant, Frame& frame, NormaliseReport& report) {
  for (const Controller& controller : plant.controllers) {
    const auto column = frame.Index(controller.id + "_sp");
    if (!controller.sp_fixed || !column) continue;
    size_t changed = 0;
    for (double& cell : frame.at(*column)) {
      if (IsValid(cell) && cell != 0) continue;
      cell = *controller.sp_fixed;
      ++changed;
    }
    if (changed > 0) report.fixed_setpoints.emplace_back(controller.id + "_sp", changed);
  }
}

void ZeroNulls(Frame& frame, NormaliseReport& report) {
  for (size_t c = 0; c < frame.columns(); ++c) {
    size_t changed = 0;
    for (double& cell : frame.at(c)) {
      if (IsValid(cell)) continue;
      cell = 0;
      ++changed;
    }
    if (changed > 0) report.nulls_to_zero.emplace_back(frame.names()[c], changed);
  }
}

void AddMissingColumns(const Plant& plant, Frame& frame, NormaliseReport& report) {
  for (const Controller& controller : plant.controllers) {
    const std::string name = DeviationName(controller.id);
    const auto pv = frame.Index(controller.id + "_pv");
    const auto sp = frame.Index(controller.id + "_sp");
    if (frame.Has(name) || !pv || !sp) continue;
    std::vector<double> deviation(frame.rows());
    for (size_t r = 0; r < deviation.size(); ++r) deviation[r] = frame.at(*pv)[r] - frame.at(*sp)[r];
    frame.Set(name, std::move(deviation));
    report.computed.push_back(name);
  }
  const auto add_time = [&](const char* name, int (*of)(PlantTime)) {
    if (frame.Has(name)) return;
    std::vector<double> cells;
    cells.reserve(frame.rows());
    for (const PlantTime time : frame.times()) cells.push_back(of(time));
    frame.Set(name, std::move(cells));
    report.computed.emplace_back(name);
  };
  add_time(kHourColumn, HourOfDay);
  add_time(kDayColumn, DayOfWeek);
}

}  // namespace

std::string RollMeanName(const std::string& column) { return column + std::string(kRollMean); }
std::string RollStdName(const std::string& column) { return column + std::string(kRollStd); }
std::string DeltaName(const std::string& column) { return column + std::string(kDelta); }

double WindowMean(const double* cells, size_t n) {
  return IsConstant(cells, n) ? cells[0] : Sum(cells, n) / static_cast<double>(n);
}

double WindowSampleStd(const double* cells, size_t n) {
  if (n < 2 || IsConstant(cells, n)) return 0;
  return std::sqrt(SquaredDeviations(cells, n, WindowMean(cells, n)) / static_cast<double>(n - 1));
}

Result<Frame> NormaliseForFeatures(const Plant& plant, const Frame& table, NormaliseReport* report) {
  NormaliseReport ignored;
  NormaliseReport& changes = report != nullptr ? *report : ignored;
  changes = {};
  if (table.rows() == 0) return Status::Invalid("the table has no rows; features need at least one");
  Frame frame = table;
  FillSetpoints(plant, frame, changes);
  ZeroNulls(frame, changes);
  AddMissingColumns(plant, frame, changes);
  return frame;
}

Result<Frame> AddFeatures(const Plant& plant, const Frame& normalised) {
  Frame out = normalised;
  const FeatureSpec& spec = plant.features;
  const auto rolling_rows = static_cast<size_t>(std::max(spec.rolling.rows, 1));
  for (const std::string& column : spec.rolling.of) {
    FW_RETURN_IF_ERROR(normalised.Column(column).status().WithPrefix("features: rolling"));
    const std::vector<double>& cells = normalised[column];
    out.Set(RollMeanName(column), Rolled(cells, rolling_rows, WindowMean));
    out.Set(RollStdName(column), Rolled(cells, rolling_rows, WindowSampleStd));
  }
  for (const std::string& column : spec.delta) {
    FW_RETURN_IF_ERROR(normalised.Column(column).status().WithPrefix("features: delta"));
    const std::vector<double>& cells = normalised[column];
    out.Set(DeltaName(column), Rolled(cells, 2, [](const double* c, size_t n) { return c[n - 1] - c[0]; }));
  }
  if (spec.history_sum && normalised.Has(spec.history_sum->of)) {
    const auto rows = static_cast<size_t>(std::max(spec.history_sum->rows, 1));
    out.Set(spec.history_sum->name, Rolled(normalised[spec.history_sum->of], rows, Sum));
  }
  for (const std::string& name : spec.point) {
    FW_RETURN_IF_ERROR(out.Column(name).status().WithPrefix("features: point"));
  }
  return out;
}

std::vector<PointDefault> PointDefaults(const Plant& plant) {
  const std::vector<std::string>& point = plant.features.point;
  const auto is_point = [&](const std::string& name) {
    return std::find(point.begin(), point.end(), name) != point.end();
  };
  std::vector<PointDefault> out;
  for (const std::string& name : point) {
    PointDefault fallback;
    fallback.clock = name == kHourColumn || name == kDayColumn;
    for (const std::string& column : plant.features.rolling.of) {
      if (name == RollMeanName(column) && is_point(column)) fallback.from = column;
      if (name == RollStdName(column)) fallback.value = 0;
    }
    for (const std::string& column : plant.features.delta) {
      if (name == DeltaName(column)) fallback.value = 0;
    }
    out.push_back(std::move(fallback));
  }
  return out;
}

std::vector<std::string> WindowNames(const std::vector<std::string>& sensors, int window) {
  std::vector<std::string> out;
  for (int lag = window - 1; lag >= 0; --lag) {
    for (const std::string& sensor : sensors) {
      out.push_back(lag == 0 ? sensor + "_t0" : fmt::format("{}_t-{}", sensor, lag));
    }
  }
  for (const char* statistic : {"_wmean", "_wstd", "_wtrend"}) {
    for (const std::string& sensor : sensors) out.push_back(sensor + statistic);
  }
  return out;
}

void WindowFeatures(const double* rows, size_t sensors, size_t window, float* out) {
  for (size_t i = 0; i < sensors * window; ++i) out[i] = static_cast<float>(rows[i]);
  float* statistics = out + sensors * window;
  constexpr size_t kStackRows = 64;
  double stack[kStackRows];
  std::vector<double> heap(window > kStackRows ? window : 0);
  double* cells = window > kStackRows ? heap.data() : stack;
  for (size_t s = 0; s < sensors; ++s) {
    for (size_t t = 0; t < window; ++t) cells[t] = rows[t * sensors + s];
    const double mean = WindowMean(cells, window);
    const double spread =
        IsConstant(cells, window)
            ? 0
            : std::sqrt(SquaredDeviations(cells, window, mean) / static_cast<double>(window));
    statistics[s] = static_cast<float>(mean);
    statistics[sensors + s] = static_cast<float>(spread);
    statistics[2 * sensors + s] = static_cast<float>(cells[window - 1] - cells[0]);
  }
}

Result<WindowMatrix> BuildWindows(const Plant& plant, const Frame& table, bool include_last) {
  const std::vector<std::string> sensors = plant.Sensors();
  const auto window = static_cast<size_t>(plant.features.window);
  if (sensors.empty() || plant.features.window < 1) {
    return Status::Invalid(
        fmt::format("plant '{}' has no sensors or no window; windows need both", plant.name));
  }
  std::vector<std::span<const double>> columns;
  for (const std::string& sensor : sensors) {
    FW_ASSIGN_OR_RETURN(const std::span<const double> column, table.Column(sensor));
    columns.push_back(column);
  }
  std::vector<double> rows(table.rows() * sensors.size());
  for (size_t s = 0; s < sensors.size(); ++s) {
    for (size_t r = 0; r < table.rows(); ++r) rows[r * sensors.size() + s] = columns[s][r];
  }
  WindowMatrix out;
  out.names = WindowNames(sensors, plant.features.window);
  out.columns = out.names.size();
  const size_t past_last = table.rows() + (include_last ? 1 : 0);
  for (size_t end = window; end < past_last; ++end) out.end_row.push_back(end);
  out.values.resize(out.rows() * out.columns);
  for (size_t r = 0; r < out.rows(); ++r) {
    WindowFeatures(rows.data() + (out.end_row[r] - window) * sensors.size(), sensors.size(), window,
                   out.values.data() + r * out.columns);
  }
  return out;
}

}  // namespace forewarn
