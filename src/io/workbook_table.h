// A worksheet as a Table, as a person keeps one: the first row that holds anything names the columns, every
// row below is a row. What ReadTable does with a workbook (XLSX, XLS); a historian's one-tag workbooks are
// historian_workbook.h's. Stateless: safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"
#include "frame/table.h"
#include "io/table_io.h"

namespace forewarn {

bool LooksLikeWorkbookBytes(std::string_view bytes);  // a zip or a compound file

// The first worksheet. Column types as in csv_table.h: the time column by its name (serial dates or text);
// other columns of dates alone are times; of numbers and empty cells numbers; the rest is text. Cells
// under no name and rows on other sheets that hold anything are an error, not dropped.
Result<Table> ReadWorkbookTable(std::string_view bytes, const std::string& name,
                                const ReadTableOptions& options);

}  // namespace forewarn
