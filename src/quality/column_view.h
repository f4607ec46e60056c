// A table's column as Great Expectations on pandas would see it: its type (int64, float64, datetime64,
// object) and its cells as JSON, as text and for comparison. A view; the column must outlive it. Const access
// is safe from any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "frame/table.h"

namespace forewarn {

// repr(x) of a Python float: the shortest that reads back, "3.0", "1e-05", "1e+16".
std::string PythonFloat(double value);

class ColumnView {
 public:
  enum class Type { kInt, kFloat, kTime, kText };

  explicit ColumnView(const TableColumn& column);

  Type type() const { return type_; }
  const char* TypeName() const;  // of numpy's scalar: "int64", "float64", "datetime64", "object_"
  size_t rows() const { return rows_; }
  size_t valid_rows() const { return valid_rows_; }
  bool Valid(size_t row) const;
  bool IsNumber() const { return type_ == Type::kInt || type_ == Type::kFloat; }

  // Of a valid row of the type asked for.
  double Number(size_t row) const { return numbers_->values[row]; }
  PlantTime Time(size_t row) const { return times_->values[row]; }
  const std::string& Text(size_t row) const { return text_->values[row]; }

  nlohmann::ordered_json Json(size_t row) const;  // null, a number, text, or an ISO time
  // str(cell) as pandas' astype(str) gives it. Valid rows only.
  std::string AsText(size_t row) const;

 private:
  const NumberColumn* numbers_ = nullptr;
  const TimeColumn* times_ = nullptr;
  const TextColumn* text_ = nullptr;
  Type type_ = Type::kText;
  size_t rows_ = 0;
  size_t valid_rows_ = 0;
  int clock_digits_ = 0;  // characters of the time of day that any cell needs; pandas prints all alike
};

}  // namespace forewarn
