#include "features/feature_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <optional>

#include "core/names.h"
#include "plant/derived.h"

namespace forewarn {
namespace {

// The last `capacity` cells of one column, oldest first and contiguous, as the kernels want them.
class Tail {
 public:
  Tail(size_t column, size_t capacity) : column_(column), capacity_(std::max<size_t>(capacity, 1)) {}
  size_t column() const { return column_; }
  void Push(double cell) {
    if (cells_.size() == capacity_) cells_.erase(cells_.begin());
    cells_.push_back(cell);
  }
  const double* Last(size_t n) const { return cells_.data() + cells_.size() - n; }
  size_t size() const { return cells_.size(); }

 private:
  size_t column_;
  size_t capacity_;
  std::vector<double> cells_;
};

// How one point feature comes about.
struct Source {
  enum class Kind { kCell, kRollMean, kRollStd, kDelta };
  Kind kind = Kind::kCell;
  size_t index = 0;  // of the column (kCell) or of the tail
};

struct Setpoint {
  size_t column = 0;
  double fixed = 0;
};

struct Deviation {
  size_t column = 0, pv = 0, sp = 0;
};

}  // namespace

struct FeatureStream::Impl {
  size_t inputs = 0;               // columns given to Push
  std::vector<std::string> names;  // inputs, then computed ones
  std::vector<Setpoint> setpoints;
  std::vector<Deviation> deviations;
  std::optional<size_t> hour, day;  // where they are computed
  size_t rolling_rows = 1;
  std::vector<Tail> tails;
  std::vector<Source> sources;
  std::vector<size_t> sensors;  // columns
  size_t window = 0;

  size_t rows = 0;
  PlantTime last_time = kNoTime;
  std::vector<double> cells;  // the last row, normalised, in names' order
  std::vector<double> point;
  std::vector<double> window_rows;  // the last `window` rows of the sensors, row-major, oldest first

  std::optional<size_t> Find(const std::string& name) const {
    const auto it = std::find(names.begin(), names.end(), name);
    if (it == names.end()) return std::nullopt;
    return static_cast<size_t>(it - names.begin());
  }
  size_t AddColumn(std::string name) {
    names.push_back(std::move(name));
    return names.size() - 1;
  }
  void ResolveColumns(const Plant& plant);
  Result<size_t> TailOf(const std::string& column, size_t capacity);
  Status ResolvePoint(const Plant& plant);
  Status ResolveWindow(const Plant& plant);
  void Normalise(PlantTime time, std::span<const double> given);
  double Evaluate(const Source& source) const;
};

void FeatureStream::Impl::ResolveColumns(const Plant& plant) {
  for (const Controller& controller : plant.controllers) {
    const auto pv = Find(controller.id + "_pv");
    const auto sp = Find(controller.id + "_sp");
    if (controller.sp_fixed && sp) setpoints.push_back({*sp, *controller.sp_fixed});
    const std::string name = DeviationName(controller.id);
    if (!Find(name) && pv && sp) deviations.push_back({AddColumn(name), *pv, *sp});
  }
  if (!Find(kHourColumn)) hour = AddColumn(kHourColumn);
  if (!Find(kDayColumn)) day = AddColumn(kDayColumn);
}

Result<size_t> FeatureStream::Impl::TailOf(const std::string& column, size_t capacity) {
  const auto index = Find(column);
  if (!index) return Status::NotFound(UnknownName("column", column, names));
  tails.emplace_back(*index, capacity);
  return tails.size() - 1;
}

Status FeatureStream::Impl::ResolvePoint(const Plant& plant) {
  const FeatureSpec& spec = plant.features;
  std::vector<std::pair<std::string, Source>> made;
  rolling_rows = static_cast<size_t>(std::max(spec.rolling.rows, 1));
  for (const std::string& column : spec.rolling.of) {
    FW_ASSIGN_OR_RETURN(const size_t tail, TailOf(column, rolling_rows));
    made.push_back({RollMeanName(column), {Source::Kind::kRollMean, tail}});
    made.push_back({RollStdName(column), {Source::Kind::kRollStd, tail}});
  }
  for (const std::string& column : spec.delta) {
    FW_ASSIGN_OR_RETURN(const size_t tail, TailOf(column, 2));
    made.push_back({DeltaName(column), {Source::Kind::kDelta, tail}});
  }
  for (const std::string& name : spec.point) {
    // As in the batch, a computed feature replaces a column of the same name.
    const auto it = std::find_if(made.begin(), made.end(), [&](const auto& m) { return m.first == name; });
    if (it != made.end()) {
      sources.push_back(it->second);
    } else if (const auto column = Find(name)) {
      sources.push_back({Source::Kind::kCell, *column});
    } else {
      return Status::NotFound(UnknownName("column", name, names)).WithPrefix("features: point");
    }
  }
  return Status::Ok();
}

Status FeatureStream::Impl::ResolveWindow(const Plant& plant) {
  for (const std::string& sensor : plant.Sensors()) {
    const auto column = Find(sensor);
    if (!column) return Status::NotFound(UnknownName("column", sensor, names));
    sensors.push_back(*column);
  }
  window = static_cast<size_t>(std::max(plant.features.window, 1));
  return Status::Ok();
}

void FeatureStream::Impl::Normalise(PlantTime time, std::span<const double> given) {
  cells.assign(given.begin(), given.end());
  cells.resize(names.size());
  for (const Setpoint& s : setpoints) {
    if (!IsValid(cells[s.column]) || cells[s.column] == 0) cells[s.column] = s.fixed;
  }
  for (size_t c = 0; c < inputs; ++c) {
    if (!IsValid(cells[c])) cells[c] = 0;
  }
  for (const Deviation& d : deviations) cells[d.column] = cells[d.pv] - cells[d.sp];
  if (hour) cells[*hour] = HourOfDay(time);
  if (day) cells[*day] = DayOfWeek(time);
}

double FeatureStream::Impl::Evaluate(const Source& source) const {
  if (source.kind == Source::Kind::kCell) return cells[source.index];
  const Tail& tail = tails[source.index];
  const size_t n = tail.size();
  switch (source.kind) {
    case Source::Kind::kRollMean:
      return WindowMean(tail.Last(n), n);
    case Source::Kind::kRollStd:
      return WindowSampleStd(tail.Last(n), n);
    default:
      return tail.Last(1)[0] - tail.Last(n)[0];
  }
}

FeatureStream::FeatureStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FeatureStream::FeatureStream(FeatureStream&&) noexcept = default;
FeatureStream& FeatureStream::operator=(FeatureStream&&) noexcept = default;
FeatureStream::~FeatureStream() = default;

Result<FeatureStream> FeatureStream::Make(const Plant& plant, const std::vector<std::string>& columns) {
  auto impl = std::make_unique<Impl>();
  impl->inputs = columns.size();
  impl->names = columns;
  impl->ResolveColumns(plant);
  FW_RETURN_IF_ERROR(impl->ResolvePoint(plant));
  FW_RETURN_IF_ERROR(impl->ResolveWindow(plant));
  return FeatureStream(std::move(impl));
}

Status FeatureStream::Push(PlantTime time, std::span<const double> cells) {
  Impl& s = *impl_;
  if (cells.size() != s.inputs) {
    return Status::Invalid(
        fmt::format("a row of {} cells was pushed; the stream has {} columns", cells.size(), s.inputs));
  }
  if (s.rows > 0 && time <= s.last_time) {
    return Status::Invalid(fmt::format("row {} is not after the last one, {}; rows must come in order",
                                       FormatPlantTime(time), FormatPlantTime(s.last_time)));
  }
  s.Normalise(time, cells);
  for (Tail& tail : s.tails) tail.Push(s.cells[tail.column()]);
  s.point.clear();
  for (const Source& source : s.sources) s.point.push_back(s.Evaluate(source));
  if (s.rows >= s.window) {
    s.window_rows.erase(s.window_rows.begin(),
                        s.window_rows.begin() + static_cast<std::ptrdiff_t>(s.sensors.size()));
  }
  for (const size_t column : s.sensors) s.window_rows.push_back(s.cells[column]);
  ++s.rows;
  s.last_time = time;
  return Status::Ok();
}

size_t FeatureStream::rows() const { return impl_->rows; }
std::span<const double> FeatureStream::Point() const { return impl_->point; }
bool FeatureStream::WindowFull() const { return impl_->rows >= impl_->window; }
size_t FeatureStream::WindowColumns() const { return impl_->sensors.size() * (impl_->window + 3); }

void FeatureStream::Window(float* out) const {
  assert(WindowFull());
  WindowFeatures(impl_->window_rows.data(), impl_->sensors.size(), impl_->window, out);
}

}  // namespace forewarn
