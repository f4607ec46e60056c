#include "plant/derived.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

namespace forewarn {
namespace {

using Column = std::vector<double>;

std::string Joined(std::string_view column, std::string_view suffix) {
  return std::string(column) + std::string(suffix);
}

// The table's column, or null where it has none.
const Column* Find(const Frame& table, const std::string& name) {
  const auto index = table.Index(name);
  return index ? &table.at(*index) : nullptr;
}

std::optional<Column> Difference(const Frame& table, const std::string& a, const std::string& b) {
  const Column* x = Find(table, a);
  const Column* y = Find(table, b);
  if (x == nullptr || y == nullptr) return std::nullopt;
  Column out(table.rows());
  for (size_t r = 0; r < out.size(); ++r) out[r] = (*x)[r] - (*y)[r];
  return out;
}

// Each window is summed on its own, oldest row first, so that a cell does not depend on where the table
// starts.
std::optional<Column> Rolling(const Frame& table, const std::string& of, size_t rows, bool spread) {
  const Column* cells = Find(table, of);
  if (cells == nullptr) return std::nullopt;
  Column out(table.rows());
  for (size_t r = 0; r < out.size(); ++r) {
    double sum = 0;
    double low = kNull;
    double high = kNull;
    size_t n = 0;
    const size_t begin = r + 1 > rows ? r + 1 - rows : 0;
    for (size_t i = begin; i <= r; ++i) {
      const double x = (*cells)[i];
      if (!IsValid(x)) continue;
      sum += x;
      low = n == 0 ? x : std::min(low, x);
      high = n == 0 ? x : std::max(high, x);
      ++n;
    }
    // a constant window is exactly its value, whatever the rounding of the sum
    const double mean = n == 0 ? kNull : low == high ? low : sum / static_cast<double>(n);
    if (!spread) {
      out[r] = mean;
      continue;
    }
    double squares = 0;
    for (size_t i = begin; i <= r; ++i) {
      const double x = (*cells)[i];
      if (IsValid(x)) squares += (x - mean) * (x - mean);
    }
    out[r] = n < 2 || low == high ? 0 : std::sqrt(squares / static_cast<double>(n - 1));
  }
  return out;
}

std::optional<Column> Above(const Frame& table, const std::string& of, double limit) {
  const Column* cells = Find(table, of);
  if (cells == nullptr) return std::nullopt;
  Column out(table.rows());
  for (size_t r = 0; r < out.size(); ++r) {
    const double x = (*cells)[r];
    out[r] = !IsValid(x) ? kNull : x > limit ? 1 : 0;
  }
  return out;
}

Column Clock(const Frame& table, int (*part)(PlantTime)) {
  Column out(table.rows());
  for (size_t r = 0; r < out.size(); ++r) {
    const PlantTime time = table.times()[r];
    out[r] = time == kNoTime ? kNull : part(time);
  }
  return out;
}

struct Derived {
  std::string name;
  std::function<std::optional<Column>(const Frame&)> compute;
};

std::vector<Derived> DerivedColumns(const Plant& plant) {
  std::vector<Derived> out;
  for (const Tag& tag : plant.tags) {
    if (!IsValid(tag.saturated_above)) continue;
    out.push_back(
        {SaturatedName(tag.id), [&tag](const Frame& t) { return Above(t, tag.id, tag.saturated_above); }});
  }
  for (const Controller& c : plant.controllers) {
    out.push_back(
        {DeviationName(c.id), [&c](const Frame& t) { return Difference(t, c.id + "_pv", c.id + "_sp"); }});
    out.push_back({DeviationMaxName(c.id),
                   [&c](const Frame& t) { return Difference(t, MaxName(c.id + "_pv"), c.id + "_sp"); }});
  }
  const auto rows = static_cast<size_t>(std::max(0, plant.features.volatility.rows));
  for (const std::string& of : plant.features.volatility.of) {
    out.push_back(
        {VolatilityMeanName(plant, of), [&of, rows](const Frame& t) { return Rolling(t, of, rows, false); }});
    out.push_back(
        {VolatilityStdName(plant, of), [&of, rows](const Frame& t) { return Rolling(t, of, rows, true); }});
  }
  out.push_back({kHourColumn, [](const Frame& t) { return Clock(t, HourOfDay); }});
  out.push_back({kDayColumn, [](const Frame& t) { return Clock(t, DayOfWeek); }});
  return out;
}

std::string VolatilityName(const Plant& plant, std::string_view column, std::string_view what) {
  const PlantTime span = std::max(1, plant.features.volatility.rows) * plant.interval;
  // hours where they are whole, as in roll24h; FormatDuration would say 1d
  const std::string text = span % kHour == 0 ? std::to_string(span / kHour) + "h" : FormatDuration(span);
  return std::string(column) + "_roll" + text + "_" + std::string(what);
}

}  // namespace

std::string MaxName(std::string_view column) { return Joined(column, "_max"); }
std::string MinName(std::string_view column) { return Joined(column, "_min"); }
std::string DeviationName(std::string_view controller) { return Joined(controller, "_deviation"); }
std::string DeviationMaxName(std::string_view controller) { return Joined(controller, "_deviation_max"); }
std::string SaturatedName(std::string_view tag) { return Joined(tag, "_saturated"); }
std::string VolatilityMeanName(const Plant& plant, std::string_view column) {
  return VolatilityName(plant, column, "mean");
}
std::string VolatilityStdName(const Plant& plant, std::string_view column) {
  return VolatilityName(plant, column, "std");
}

std::vector<std::string> TableColumns(const Plant& plant) {
  std::vector<std::string> out = plant.SeriesNames();
  const auto add_extremes = [&](const std::string& column) {
    out.push_back(MaxName(column));
    out.push_back(MinName(column));
  };
  for (const Tag& tag : plant.tags) add_extremes(tag.id);
  for (const Controller& controller : plant.controllers) add_extremes(controller.id + "_pv");
  for (const Derived& derived : DerivedColumns(plant)) out.push_back(derived.name);
  return out;
}

std::vector<std::string> LiveColumns(const Plant& plant) {
  std::vector<std::string> out = plant.SeriesNames();
  for (const Controller& controller : plant.controllers) out.push_back(DeviationName(controller.id));
  out.push_back(kHourColumn);
  out.push_back(kDayColumn);
  return out;
}

std::vector<std::string> PointColumns(const Plant& plant) {
  std::vector<std::string> out = LiveColumns(plant);
  for (const std::string& of : plant.features.rolling.of) {
    out.push_back(of + "_roll_mean");
    out.push_back(of + "_roll_std");
  }
  for (const std::string& of : plant.features.delta) out.push_back(of + "_delta");
  return out;
}

std::vector<std::string> AddDerivedColumns(const Plant& plant, Frame& table, bool overwrite) {
  std::vector<std::string> added;
  for (const Derived& derived : DerivedColumns(plant)) {
    if (table.Has(derived.name) && !overwrite) continue;
    auto cells = derived.compute(table);
    if (!cells) continue;
    table.Set(derived.name, std::move(*cells));
    added.push_back(derived.name);
  }
  return added;
}

bool AddDerivedColumn(const Plant& plant, std::string_view name, Frame& table) {
  for (const Derived& derived : DerivedColumns(plant)) {
    if (derived.name != name) continue;
    auto cells = derived.compute(table);
    if (!cells) return false;
    table.Set(derived.name, std::move(*cells));
    return true;
  }
  return false;
}

}  // namespace forewarn
