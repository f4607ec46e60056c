// Tables and Frames as Parquet bytes, through Arrow, in memory: the bytes go to a file or to any ObjectStore.
// Times are timestamp[us] without a zone (plant-local), numbers double, float or int64, nulls are Parquet
// nulls. The same content gives the same bytes (one thread, no clock, no writer's host). Arrow's
// exceptions and Status stay inside. Stateless: safe from any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/status.h"
#include "frame/frame.h"
#include "frame/table.h"
#include "io/table_io.h"

namespace forewarn {

Result<std::string> TableToParquet(const Table& table, const WriteTableOptions& options = {});
Result<std::string> FrameToParquet(const Frame& frame, const WriteTableOptions& options = {});

// Numbers of any width, booleans, decimals, strings (plain or dictionary), dates and timestamps of any unit;
// a timestamp with a zone is brought to options.zone. Nested columns are errors that name them, and so are
// infinite cells.
Result<Table> TableFromParquet(std::string_view bytes, const std::string& name,
                               const ReadTableOptions& options = {});
// ToFrame of the above over options.time_column.
Result<Frame> FrameFromParquet(std::string_view bytes, const std::string& name,
                               const ReadTableOptions& options = {});
// The file's key-value metadata (without Arrow's own schema entry).
Result<std::map<std::string, std::string>> ParquetMetadata(std::string_view bytes, const std::string& name);

}  // namespace forewarn
