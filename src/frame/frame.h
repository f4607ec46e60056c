// Frame: what every pure step takes and gives. A grid of times, one row each in ascending order, and named
// columns of doubles of the same length. A cell that is NaN is null (not valid); infinities never enter a
// Frame (readers refuse them). Column names are unique. A plain value type: copying copies, const access is
// safe from any thread.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"

namespace forewarn {

inline constexpr double kNull = std::numeric_limits<double>::quiet_NaN();
inline bool IsValid(double cell) { return !std::isnan(cell); }

class Frame {
 public:
  Frame() = default;
  explicit Frame(std::vector<PlantTime> times) : times_(std::move(times)) {}

  size_t rows() const { return times_.size(); }
  size_t columns() const { return names_.size(); }
  const std::vector<PlantTime>& times() const { return times_; }
  const std::vector<std::string>& names() const { return names_; }

  bool Has(std::string_view name) const { return Index(name).has_value(); }
  std::optional<size_t> Index(std::string_view name) const;
  const std::vector<double>& at(size_t column) const { return values_[column]; }
  std::vector<double>& at(size_t column) { return values_[column]; }
  // The column, or NotFound listing the table's columns.
  Result<std::span<const double>> Column(std::string_view name) const;
  // For a name known to be there (checked by assert).
  const std::vector<double>& operator[](std::string_view name) const;
  std::vector<double>& operator[](std::string_view name);

  // Adds a column at the end, or replaces the one of that name in place. values.size() == rows().
  std::vector<double>& Set(std::string name, std::vector<double> values);
  std::vector<double>& Set(std::string name, double value = kNull) {
    return Set(std::move(name), std::vector<double>(rows(), value));
  }
  void Drop(std::string_view name);

  Frame Slice(size_t begin, size_t end) const;                       // rows [begin, end)
  Frame Take(std::span<const size_t> rows) const;                    // those rows, in that order
  Result<Frame> Select(std::span<const std::string> columns) const;  // those columns, in that order
  Status Append(const Frame& other);                                 // the same columns, rows below

  // Bit-for-bit equality of times, names and cells (a null equals a null).
  friend bool operator==(const Frame& a, const Frame& b);

 private:
  std::vector<PlantTime> times_;
  std::vector<std::string> names_;
  std::vector<std::vector<double>> values_;
  std::unordered_map<std::string, size_t> index_;
};

}  // namespace forewarn
