#include "train/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace forewarn {

Matrix Matrix::Slice(size_t begin, size_t end) const {
  assert(begin <= end && end <= rows);
  Matrix out;
  out.rows = end - begin;
  out.columns = columns;
  out.values.assign(row(begin), row(end));
  return out;
}

Matrix Matrix::Take(std::span<const size_t> row_list) const {
  Matrix out(row_list.size(), columns);
  for (size_t r = 0; r < row_list.size(); ++r)
    std::copy(row(row_list[r]), row(row_list[r]) + columns, out.row(r));
  return out;
}

size_t Samples::positives() const { return static_cast<size_t>(std::count(y.begin(), y.end(), uint8_t{1})); }

Samples Samples::Slice(size_t begin, size_t end) const {
  Samples out;
  out.x = x.Slice(begin, end);
  out.y.assign(y.begin() + static_cast<std::ptrdiff_t>(begin), y.begin() + static_cast<std::ptrdiff_t>(end));
  return out;
}

Result<Matrix> ToMatrix(const Frame& table, const std::vector<std::string>& columns) {
  Matrix out(table.rows(), columns.size());
  for (size_t c = 0; c < columns.size(); ++c) {
    FW_ASSIGN_OR_RETURN(const std::span<const double> cells, table.Column(columns[c]));
    for (size_t r = 0; r < cells.size(); ++r) {
      if (!IsValid(cells[r])) {
        return Status::Invalid(
            fmt::format("column '{}' is empty in row {}; training needs every cell, as 'forewarn "
                        "etl' writes them",
                        columns[c], r + 1));
      }
      out.at(r, c) = cells[r];
    }
  }
  return out;
}

Matrix ToMatrix(const WindowMatrix& windows) {
  Matrix out(windows.rows(), windows.columns);
  std::copy(windows.values.begin(), windows.values.end(), out.values.begin());
  return out;
}

std::vector<double> ColumnMedians(const Matrix& x) {
  std::vector<double> out(x.columns, 0);
  std::vector<double> cells(x.rows);
  for (size_t c = 0; c < x.columns && x.rows > 0; ++c) {
    for (size_t r = 0; r < x.rows; ++r) cells[r] = x.at(r, c);
    const auto middle = cells.begin() + static_cast<std::ptrdiff_t>(x.rows / 2);
    std::nth_element(cells.begin(), middle, cells.end());
    out[c] = *middle;
    if (x.rows % 2 == 0) out[c] = (*std::max_element(cells.begin(), middle) + *middle) / 2;
  }
  return out;
}

}  // namespace forewarn
