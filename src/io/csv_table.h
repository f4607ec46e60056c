// CSV text to a Table and back. The whole text is in memory; long historian files go through historian_csv.h.
// Column types: the time column by its name; a column whose every cell is a number or empty holds numbers;
// the rest is text. Where the file writes decimal commas, numbers in a text column are given with a point.
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"
#include "frame/table.h"
#include "io/table_io.h"

namespace forewarn {

// bytes in any encoding of text_encoding.h.
Result<Table> ReadCsvTable(std::string_view bytes, const std::string& name, const ReadTableOptions& options);

// One header line, LF line ends, cells quoted only where they must be. Times as "YYYY-MM-DD
// HH:MM:SS[.ffffff]", numbers the shortest that read back equal, a null as an empty cell.
std::string WriteCsvTable(const Table& table, char delimiter = ',');

}  // namespace forewarn
