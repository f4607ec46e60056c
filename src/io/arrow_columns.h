// Arrow columns to Table columns: what TableFromParquet and the historian's Parquet reader share. Not
// thread-safe where a TimeParser is passed.
#pragma once

#include <arrow/type_fwd.h>

#include <string>

#include "core/status.h"
#include "frame/table.h"
#include "io/time_text.h"

namespace forewarn {

// Every column is of a kind ColumnFromArrow takes, and there are not too many; else an error that names it.
Status CheckArrowSchema(const arrow::Schema& schema, const std::string& file);

enum class InfiniteCells { kRefuse, kKeep };

// file and name are for messages. Text in a time column is parsed.
Result<TableColumn> ColumnFromArrow(const arrow::ChunkedArray& column, const std::string& name,
                                    const std::string& file, bool is_time, TimeParser& times,
                                    InfiniteCells infinite = InfiniteCells::kRefuse);

}  // namespace forewarn
