#include "quality/column_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace forewarn {
namespace {

std::string IsoTime(PlantTime time) {
  std::string out = FormatPlantTime(time);
  out[10] = 'T';
  return out;
}

}  // namespace

std::string PythonFloat(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  // fmt chooses the exponent where Python does, but leaves out the point
  std::string out = fmt::format("{}", value);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

ColumnView::ColumnView(const TableColumn& column)
    : numbers_(std::get_if<NumberColumn>(&column.data)),
      times_(std::get_if<TimeColumn>(&column.data)),
      text_(std::get_if<TextColumn>(&column.data)),
      rows_(column.size()) {
  bool fits = true;
  for (size_t r = 0; r < rows_; ++r) {
    if (!Valid(r)) continue;
    ++valid_rows_;
    if (times_ != nullptr) {
      const PlantTime time = times_->values[r];
      const int digits = time % kDay == 0 ? 0 : time % kSecond == 0 ? 8 : time % kMillisecond == 0 ? 12 : 15;
      clock_digits_ = std::max(clock_digits_, digits);
    }
    if (numbers_ != nullptr) fits &= std::abs(numbers_->values[r]) < 9e18;
  }
  if (times_ != nullptr) type_ = Type::kTime;
  // an integer column with gaps is one of floats in pandas
  if (numbers_ != nullptr)
    type_ = numbers_->integer && fits && valid_rows_ == rows_ ? Type::kInt : Type::kFloat;
}

const char* ColumnView::TypeName() const {
  switch (type_) {
    case Type::kInt:
      return "int64";
    case Type::kFloat:
      return "float64";
    case Type::kTime:
      return "datetime64";
    case Type::kText:
      return "object_";
  }
  return "";
}

bool ColumnView::Valid(size_t row) const {
  if (numbers_ != nullptr) return IsValid(numbers_->values[row]);
  if (times_ != nullptr) return times_->values[row] != kNoTime;
  return text_->valid[row];
}

nlohmann::ordered_json ColumnView::Json(size_t row) const {
  if (!Valid(row))
    return type_ == Type::kTime ? nlohmann::ordered_json("NaT") : nlohmann::ordered_json(nullptr);
  switch (type_) {
    case Type::kInt:
      return static_cast<int64_t>(numbers_->values[row]);
    case Type::kFloat:
      return numbers_->values[row];
    case Type::kTime:
      return IsoTime(times_->values[row]);
    case Type::kText:
      break;
  }
  return text_->values[row];
}

std::string ColumnView::AsText(size_t row) const {
  switch (type_) {
    case Type::kInt:
      return fmt::format("{}", static_cast<int64_t>(numbers_->values[row]));
    case Type::kFloat:
      return PythonFloat(numbers_->values[row]);
    case Type::kTime: {
      std::string out = FormatPlantTime(times_->values[row]);
      if (out.size() == 19) out += ".000000";
      return out.substr(0, clock_digits_ == 0 ? 10 : static_cast<size_t>(11 + clock_digits_));
    }
    case Type::kText:
      break;
  }
  return text_->values[row];
}

}  // namespace forewarn
