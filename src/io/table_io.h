// Tables as files: CSV and Parquet, read into a Table and written from a Table or a Frame; workbooks are read
// too. The format comes from the name's ending (.csv, .tsv, .txt, .parquet, .pq), and when reading from the
// content where the ending says nothing or the file is a workbook. Times in a Table are plant-local. What is
// written here reads back bit for bit. Files appear whole or not at all. Stateless: safe from any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "frame/frame.h"
#include "frame/table.h"

namespace forewarn {

struct ReadTableOptions {
  std::string time_column = "timestamp";  // always read as times (any case); unreadable ones become kNoTime
  std::string zone = "UTC";               // IANA name: where times that carry an offset are brought to
  // Day-first or month-first dates beside ISO ones: "DD.MM.YYYY HH:MM:SS", "MM/DD/YYYY HH:MM"; "" = ISO only.
  std::string time_format;
  uint64_t max_bytes = uint64_t{4} << 30;
};

enum class ParquetCompression {
  kZstd,
  kSnappy,
  kNone
};  // zstd is the smallest, and slow to start for every column

struct WriteTableOptions {
  std::string time_column = "timestamp";  // the name a Frame's times get
  // Frame columns written to Parquet as int64 (where every cell allows it); the others are doubles. In CSV
  // any column of integral cells is written without a fraction.
  std::vector<std::string> integer_columns = {"anomaly_label", "anomaly_within", "regime"};
  std::vector<std::string> float32_columns;     // Parquet only
  std::map<std::string, std::string> metadata;  // Parquet only: key-value metadata of the file
  ParquetCompression compression = ParquetCompression::kZstd;
  bool statistics = true;  // Parquet only: least and greatest value of every column, for readers that filter
};

enum class TableFormat { kCsv, kTsv, kParquet };
// By the ending of the name; fails, listing the endings known.
Result<TableFormat> TableFormatOf(const std::filesystem::path& path);

// Reads a whole file. CSV dialects: see csv_table.h. Infinite cells, broken quotes, rows of a wrong length,
// binary content are errors that name file:row:column; an empty or "nan" cell is null.
Result<Table> ReadTable(const std::filesystem::path& path, const ReadTableOptions& options = {});
// The same of bytes already in memory; `name` is used in messages.
Result<Table> ReadTableFromBytes(std::string_view bytes, const std::string& name,
                                 const ReadTableOptions& options = {});
// ReadTable, then ToFrame over options.time_column.
Result<Frame> ReadFrame(const std::filesystem::path& path, const ReadTableOptions& options = {},
                        ToFrameReport* report = nullptr);

Status WriteTable(const std::filesystem::path& path, const Table& table,
                  const WriteTableOptions& options = {});
Status WriteTable(const std::filesystem::path& path, const Frame& frame,
                  const WriteTableOptions& options = {});

// The times as the first column, then the frame's columns (flagged integer where every cell is).
Table ToTable(const Frame& frame, const std::string& time_column = "timestamp");

}  // namespace forewarn
