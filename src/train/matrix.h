// Matrix: the learners' view of data, rows × columns of doubles, row-major, and Samples: a Matrix with its
// 0/1 labels. Filled from Frames and windows by the trainer; no learner knows a column's name. Plain values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "features/features.h"
#include "frame/frame.h"

namespace forewarn {

struct Matrix {
  size_t rows = 0;
  size_t columns = 0;
  std::vector<double> values;  // rows × columns, row-major

  Matrix() = default;
  Matrix(size_t r, size_t c) : rows(r), columns(c), values(r * c) {}
  const double* row(size_t r) const { return values.data() + r * columns; }
  double* row(size_t r) { return values.data() + r * columns; }
  double at(size_t r, size_t c) const { return values[r * columns + c]; }
  double& at(size_t r, size_t c) { return values[r * columns + c]; }

  Matrix Slice(size_t begin, size_t end) const;         // rows [begin, end)
  Matrix Take(std::span<const size_t> row_list) const;  // those rows, in that order
};

struct Samples {
  Matrix x;
  std::vector<uint8_t> y;  // one a row

  size_t positives() const;
  bool BothClasses() const { return positives() > 0 && positives() < y.size(); }
  Samples Slice(size_t begin, size_t end) const;
};

// The named columns as a matrix; NotFound if one is missing, Invalid (with its row) if a cell is null.
Result<Matrix> ToMatrix(const Frame& table, const std::vector<std::string>& columns);
// Windows, widened to double.
Matrix ToMatrix(const WindowMatrix& windows);
// The middle value of each column (mean of the two middle ones for an even count); 0 for a matrix without
// rows.
std::vector<double> ColumnMedians(const Matrix& x);

}  // namespace forewarn
