// Columns to Arrow without copying them: a stream of one record batch whose buffers are the columns' own
// memory, kept alive by the batch. Only a column that holds nulls costs anything: a bitmap of one bit a cell.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <vector>

namespace forewarn::python {

// A column's cells: contiguous, `rows` of them, owned by someone else.
struct ColumnView {
  enum class Kind { kDouble, kFloat, kInt64, kTime };  // NaN and kNoTime are null; an int64 never is
  std::string name;
  Kind kind = Kind::kDouble;
  const void* cells = nullptr;
};

// A PyCapsule "arrow_array_stream". owner: what keeps the cells alive; shared by every buffer handed out.
nanobind::object ExportColumns(std::vector<ColumnView> columns, size_t rows,
                               std::shared_ptr<const void> owner);

}  // namespace forewarn::python
