#include "io/table_io.h"

#include <fmt/format.h>

#include <cmath>

#include "core/file.h"
#include "core/names.h"
#include "io/csv_table.h"
#include "io/parquet_table.h"
#include "io/workbook_table.h"

namespace forewarn {
namespace {

constexpr double kExactInteger = 9007199254740992.0;  // 2^53

bool LooksLikeParquet(std::string_view bytes) {
  return bytes.starts_with("PAR1") || (bytes.size() >= 12 && bytes.ends_with("PAR1"));
}

bool EveryCellIntegral(const std::vector<double>& cells) {
  bool any = false;
  for (const double v : cells) {
    if (!IsValid(v)) continue;
    any = true;
    if (std::fabs(v) > kExactInteger || v != std::trunc(v) || (v == 0 && std::signbit(v))) return false;
  }
  return any;
}

}  // namespace

Result<TableFormat> TableFormatOf(const std::filesystem::path& path) {
  const std::string ending = ToLower(path.extension().string());
  if (ending == ".csv" || ending == ".txt") return TableFormat::kCsv;
  if (ending == ".tsv") return TableFormat::kTsv;
  if (ending == ".parquet" || ending == ".pq") return TableFormat::kParquet;
  return Status::Invalid(fmt::format(
      "'{}' does not say its format; end it in .csv, .tsv, .txt, .parquet or .pq", path.string()));
}

Result<Table> ReadTableFromBytes(std::string_view bytes, const std::string& name,
                                 const ReadTableOptions& options) {
  if (bytes.empty()) return Status::Invalid(fmt::format("{}: the file is empty", name));
  if (LooksLikeWorkbookBytes(bytes)) return ReadWorkbookTable(bytes, name, options);
  const auto format = TableFormatOf(name);
  const bool parquet = (format.ok() && *format == TableFormat::kParquet) || LooksLikeParquet(bytes);
  return parquet ? TableFromParquet(bytes, name, options) : ReadCsvTable(bytes, name, options);
}

Result<Table> ReadTable(const std::filesystem::path& path, const ReadTableOptions& options) {
  FW_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, options.max_bytes));
  return ReadTableFromBytes(bytes, path.string(), options);
}

Result<Frame> ReadFrame(const std::filesystem::path& path, const ReadTableOptions& options,
                        ToFrameReport* report) {
  FW_ASSIGN_OR_RETURN(const Table table, ReadTable(path, options));
  auto frame = ToFrame(table, options.time_column, report);
  return frame.ok() ? std::move(frame) : Result<Frame>(frame.status().WithPrefix(path.string()));
}

Status WriteTable(const std::filesystem::path& path, const Table& table, const WriteTableOptions& options) {
  FW_ASSIGN_OR_RETURN(const TableFormat format, TableFormatOf(path));
  if (format == TableFormat::kParquet) {
    FW_ASSIGN_OR_RETURN(const std::string bytes, TableToParquet(table, options));
    return WriteFileAtomic(path, bytes);
  }
  return WriteFileAtomic(path, WriteCsvTable(table, format == TableFormat::kTsv ? '\t' : ','));
}

Status WriteTable(const std::filesystem::path& path, const Frame& frame, const WriteTableOptions& options) {
  FW_ASSIGN_OR_RETURN(const TableFormat format, TableFormatOf(path));
  if (format == TableFormat::kParquet) {
    FW_ASSIGN_OR_RETURN(const std::string bytes, FrameToParquet(frame, options));
    return WriteFileAtomic(path, bytes);
  }
  return WriteTable(path, ToTable(frame, options.time_column), options);
}

Table ToTable(const Frame& frame, const std::string& time_column) {
  Table table;
  table.columns.push_back({time_column, TimeColumn{frame.times()}});
  for (size_t c = 0; c < frame.columns(); ++c) {
    table.columns.push_back({frame.names()[c], NumberColumn{frame.at(c), EveryCellIntegral(frame.at(c))}});
  }
  return table;
}

}  // namespace forewarn
