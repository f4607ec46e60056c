// Cells of an Arrow array (C data interface) by the type its format string gives: what arrow_import.h reads
// columns with. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "arrow_c.h"
#include "core/plant_time.h"

namespace forewarn::python {

struct CellType {
  enum class Kind { kNull, kNumber, kTime, kText };
  enum class Layout {
    kNone,
    kBit,
    kInt8,
    kInt16,
    kInt32,
    kInt64,
    kUint8,
    kUint16,
    kUint32,
    kUint64,
    kHalf,
    kFloat,
    kDouble,
    kText32,  // offsets of 32 bits, of 64, or views (16 bytes a cell)
    kText64,
    kTextView,
  };
  Kind kind = Kind::kNull;
  Layout layout = Layout::kNone;
  int64_t unit_nanoseconds = 0;  // of a time
  bool zoned = false;            // a time that is an instant

  bool IsInteger() const { return kind == Kind::kNumber && layout < Layout::kHalf; }  // truth values too
};

// Nothing for a type that is no number, time or text (decimals, lists, structures, …).
std::optional<CellType> ParseCellType(std::string_view format);

// cell: counted from the array's own beginning (its offset is added here).
bool IsValidCell(const ArrowArray& array, int64_t cell);
int64_t IntegerCell(const CellType& type, const ArrowArray& array, int64_t cell);  // IsInteger() or a time
double NumberCell(const CellType& type, const ArrowArray& array, int64_t cell);
PlantTime TimeCell(const CellType& type, const ArrowArray& array, int64_t cell);  // kNoTime on overflow
std::string_view TextCell(const CellType& type, const ArrowArray& array, int64_t cell);

}  // namespace forewarn::python
