// A spreadsheet's content as rows of cells, before its meaning is known; what the XLSX and XLS readers hand
// to their caller one row at a time, so that a workbook of 10^6 rows needs no more memory than its shared
// strings. Views inside a SheetRow live until the callback returns. Plain data; the readers are safe from any
// thread, each call on its own.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/status.h"

namespace forewarn {

struct SheetCell {
  enum class Kind : uint8_t { kNumber, kText, kBoolean, kError };
  uint32_t column = 0;  // 0-based
  Kind kind = Kind::kNumber;
  bool date_style = false;  // a number shown as a date or time
  double number = 0;        // of kNumber; 0 or 1 of kBoolean
  std::string_view text;    // UTF-8, of kText ("107,2") and kError ("#N/A")
};

struct SheetRow {
  uint32_t sheet = 0;                // 0-based, in the workbook's order
  uint32_t number = 0;               // 1-based, as a spreadsheet program shows it
  bool date_1904 = false;            // serial numbers count from 1904-01-01
  std::span<const SheetCell> cells;  // non-empty cells, in the file's order
};

// Called once a row, top to bottom; a failure stops reading and is returned.
using SheetRowCallback = std::function<Status(const SheetRow&)>;

struct SheetOptions {
  bool all_sheets = false;                          // else the first worksheet alone
  uint64_t max_entry_bytes = uint64_t{8} << 30;     // of one unpacked part of the archive
  uint64_t max_ratio = 200;                         // unpacked to packed bytes, looked at beyond 16 MiB
  uint64_t max_string_bytes = uint64_t{256} << 20;  // all shared strings together
  uint64_t max_cell_bytes = uint64_t{1} << 20;      // a spreadsheet program allows 32,767 characters
  uint32_t max_columns = 16384;                     // a spreadsheet program's own limit
};

}  // namespace forewarn
