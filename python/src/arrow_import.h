// Arrow streams to Tables: what a pyarrow, pandas or polars table becomes before its meaning is known, with
// the same rules as a Parquet file (io/parquet_table.h): numbers of any width, booleans, text (plain or
// dictionary-encoded), dates and timestamps of any unit; infinite cells and other types are errors that name
// the column. The producer is trusted to follow the C data interface. Blocks on the producer; needs no GIL.
#pragma once

#include <string>

#include "arrow_c.h"
#include "core/status.h"
#include "frame/table.h"

namespace forewarn::python {

struct ArrowReadOptions {
  std::string time_column = "timestamp";  // text in it is parsed
  std::string zone = "UTC";               // where timestamps that carry a zone are brought to
  std::string time_format;                // as ReadTableOptions'
};

// Reads the stream to its end; releasing it stays the caller's. name: of the table, for messages.
Result<Table> ReadArrowStream(ArrowArrayStream* stream, const std::string& name,
                              const ArrowReadOptions& options);

}  // namespace forewarn::python
