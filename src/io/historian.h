// Historian exports as plain tables, CSV or Parquet, wide (a time column and a column a tag) or long
// (tag, timestamp, value[, quality]), into RawData for ingest. CSV is read in blocks by several threads with
// bounded memory; the result does not depend on their number. A row or cell that cannot become a reading is
// counted by its reason with its place, never dropped silently; only a file that cannot be understood at all
// is an error. Stateless: safe from any thread.
#pragma once

#include <filesystem>
#include <string>

#include "core/progress.h"
#include "core/status.h"
#include "frame/raw_series.h"

namespace forewarn {

struct HistorianOptions {
  std::string time_column = "timestamp";  // any case; "time", "datetime", "date" are tried after it
  std::string zone = "UTC";               // IANA name: where times that carry an offset are brought to
  std::string time_format;                // dates beside ISO ones, see time_text.h
  int threads = 0;                        // 0 = one a core
  size_t block_bytes = size_t{1} << 20;   // of a CSV read at a time; the dialect is judged by the first block
  Progress progress;                      // bytes done, bytes in all
};

// By content: Parquet or CSV. Appends the file and its readings to data. Tags are lower-cased and trimmed.
//
// CSV dialects as in csv_text.h. In a long file the columns are found by name in any order (tag: tag,
// tagname, name, point; value: value, val; quality: quality, status). In a wide one an empty cell is no
// reading. Quality is a word (good, uncertain, bad) or an OPC code (192-255 good, 64-127 uncertain, else
// bad); empty is good. On failure data holds part of the file and must not be used.
Status ReadHistorianTable(const std::filesystem::path& path, const HistorianOptions& options, RawData& data);
Status ReadHistorianCsv(const std::filesystem::path& path, const HistorianOptions& options, RawData& data);
Status ReadHistorianParquet(const std::filesystem::path& path, const HistorianOptions& options,
                            RawData& data);

}  // namespace forewarn
