#include <arrow/api.h>
#include <arrow/io/file.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "core/names.h"
#include "io/arrow_columns.h"
#include "io/arrow_status.h"
#include "io/historian.h"
#include "io/historian_chunk.h"
#include "io/historian_rows.h"

namespace forewarn {
namespace {

constexpr int64_t kBatchRows = int64_t{1} << 16;

// A cell as text: what HistorianRows would have read from a CSV, for the cells that are no plain number.
std::string_view TextOf(const TableColumn& column, size_t row) {
  const auto* text = std::get_if<TextColumn>(&column.data);
  return text != nullptr && text->valid[row] ? std::string_view(text->values[row]) : std::string_view();
}

bool IsNullCell(const TableColumn& column, size_t row) {
  if (const auto* numbers = std::get_if<NumberColumn>(&column.data)) return !IsValid(numbers->values[row]);
  if (const auto* times = std::get_if<TimeColumn>(&column.data)) return times->values[row] == kNoTime;
  return Trim(TextOf(column, row)).empty();
}

// Puts the batches of one file into its tags' chunk.
class BatchReader {
 public:
  // local_times: the time column holds plant-local times, not instants.
  BatchReader(const HistorianColumns& columns, const std::string& name, bool local_times, TimeParser times)
      : columns_(columns), name_(name), local_times_(local_times), times_(std::move(times)) {
    if (columns_.is_long) return;
    for (const std::string& column : columns_.names)
      wide_tags_.push_back(tags_.Intern(ToLower(Trim(column))));
  }

  Status Add(const arrow::RecordBatch& batch) {
    std::vector<TableColumn> cells;
    for (int c = 0; c < batch.num_columns(); ++c) {
      const arrow::ChunkedArray column(batch.column(c));
      FW_ASSIGN_OR_RETURN(TableColumn converted,
                          ColumnFromArrow(column, columns_.names[static_cast<size_t>(c)], name_, false,
                                          times_, InfiniteCells::kKeep));
      cells.push_back(std::move(converted));
    }
    for (size_t r = 0; r < static_cast<size_t>(batch.num_rows()); ++r) {
      columns_.is_long ? AddLong(cells, r) : AddWide(cells, r);
    }
    return Status::Ok();
  }
  TagTable& tags() { return tags_; }

 private:
  TextTime TimeOf(const TableColumn& column, size_t row) {
    if (const auto* times = std::get_if<TimeColumn>(&column.data)) {
      const PlantTime time = times->values[row];
      if (time == kNoTime) return {};
      return local_times_ ? times_.FromLocal(time) : TextTime{time, TimeIssue::kNone, false};
    }
    return times_.Parse(TextOf(column, row));
  }

  void AddCell(TagChunk& chunk, const std::vector<TableColumn>& cells, size_t value, const TextTime& time,
               Quality quality, size_t row) {
    const auto line = static_cast<uint32_t>(row);
    ++chunk.rows_read;
    const TableColumn& times = cells[columns_.time];
    if (time.issue != TimeIssue::kNone) {
      chunk.rejected[TimeReason(time.issue, IsNullCell(times, row))].Add(0, line, TextOf(times, row));
      return;
    }
    double number = 0;
    CellKind kind = CellKind::kText;
    if (const auto* numbers = std::get_if<NumberColumn>(&cells[value].data)) {
      number = numbers->values[row];
      kind = !IsValid(number)     ? CellKind::kEmpty
             : std::isinf(number) ? CellKind::kInfinite
                                  : CellKind::kNumber;
    } else {
      kind = ParseNumber(TextOf(cells[value], row), DecimalComma::kYes, number);
    }
    if (kind == CellKind::kNumber) {
      chunk.Add(time, number, quality, line);
    } else {
      chunk.rejected[CellReason(kind, TextOf(cells[value], row))].Add(0, line, TextOf(cells[value], row));
    }
  }

  void AddLong(const std::vector<TableColumn>& cells, size_t row) {
    const size_t tag = tags_.Find(TextOf(cells[columns_.tag], row));
    TagChunk& chunk = tags_.chunk(tag);
    const auto line = static_cast<uint32_t>(row);
    if (tag == 0) {
      ++chunk.rows_read;
      chunk.rejected["no tag"].Add(0, line, "");
      return;
    }
    Quality quality = Quality::kGood;
    if (columns_.quality != HistorianColumns::kNone && !QualityOf(cells[columns_.quality], row, quality)) {
      const std::string_view text = TextOf(cells[columns_.quality], row);
      ++chunk.rows_read;
      chunk.rejected[fmt::format("unknown quality '{}'", text.substr(0, 40))].Add(0, line, text);
      return;
    }
    AddCell(chunk, cells, columns_.value, TimeOf(cells[columns_.time], row), quality, row);
  }

  static bool QualityOf(const TableColumn& column, size_t row, Quality& quality) {
    if (const auto* numbers = std::get_if<NumberColumn>(&column.data)) {
      const double code = numbers->values[row];
      return ParseQuality(IsValid(code) ? fmt::format("{}", code) : std::string(), quality);
    }
    return ParseQuality(TextOf(column, row), quality);
  }

  void AddWide(const std::vector<TableColumn>& cells, size_t row) {
    const TextTime time = TimeOf(cells[columns_.time], row);
    bool any = false;
    for (size_t c = 0; c < cells.size(); ++c) {
      if (c == columns_.time || wide_tags_[c] == 0 || IsNullCell(cells[c], row)) continue;
      any = true;
      AddCell(tags_.chunk(wide_tags_[c]), cells, c, time, Quality::kGood, row);
    }
    if (!any && time.issue != TimeIssue::kNone) {  // nobody's row, but still a row that was lost
      TagChunk& nobody = tags_.chunk(0);
      ++nobody.rows_read;
      nobody.rejected[TimeReason(time.issue, IsNullCell(cells[columns_.time], row))].Add(
          0, static_cast<uint32_t>(row), TextOf(cells[columns_.time], row));
    }
  }

  const HistorianColumns& columns_;
  const std::string& name_;
  bool local_times_;
  TimeParser times_;
  TagTable tags_;
  std::vector<size_t> wide_tags_;
};

Status ReadBatches(const std::string& name, uint64_t bytes, const HistorianOptions& options, TimeParser times,
                   RawData& data) {
  FW_ASSIGN_OR_RETURN(const auto file, FromArrow(arrow::io::ReadableFile::Open(name)));
  FW_ASSIGN_OR_RETURN(const auto reader,
                      FromArrow(parquet::arrow::OpenFile(file, arrow::default_memory_pool())));
  reader->set_use_threads(false);
  reader->set_batch_size(kBatchRows);
  std::shared_ptr<arrow::Schema> schema;
  FW_RETURN_IF_ERROR(FromArrow(reader->GetSchema(&schema)));
  FW_RETURN_IF_ERROR(CheckArrowSchema(*schema, name));
  FW_ASSIGN_OR_RETURN(const HistorianColumns columns,
                      HistorianColumns::Find(schema->field_names(), options.time_column, name));
  FW_ASSIGN_OR_RETURN(const auto batches, FromArrow(reader->GetRecordBatchReader()));
  const arrow::DataType& time_type = *schema->field(static_cast<int>(columns.time))->type();
  const bool instants = time_type.id() == arrow::Type::TIMESTAMP &&
                        !static_cast<const arrow::TimestampType&>(time_type).timezone().empty();
  BatchReader rows(columns, name, !instants, std::move(times));
  RawDataBuilder builder(data, name, bytes);
  const auto all =
      static_cast<uint64_t>(std::max<int64_t>(1, reader->parquet_reader()->metadata()->num_rows()));
  uint64_t row = 1;
  while (true) {
    FW_ASSIGN_OR_RETURN(const auto batch, FromArrow(batches->Next()));
    if (batch == nullptr) return Status::Ok();
    FW_RETURN_IF_ERROR(rows.Add(*batch));
    const auto n = static_cast<uint64_t>(batch->num_rows());
    FW_RETURN_IF_ERROR(builder.Take(
        rows.tags(),
        static_cast<uint64_t>(static_cast<double>(bytes) * static_cast<double>(n) / static_cast<double>(all)),
        row));
    row += n;
    Report(options.progress, "ingest: reading", row - 1, all);
  }
}

}  // namespace

Status ReadHistorianParquet(const std::filesystem::path& path, const HistorianOptions& options,
                            RawData& data) {
  FW_ASSIGN_OR_RETURN(TimeParser times, TimeParser::Make(options.zone, options.time_format));
  const std::string name = path.string();
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return Status::Io(fmt::format("'{}' is a folder; a file is needed", name));
  }
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (error) return Status::Io(fmt::format("cannot open '{}': {}", name, error.message()));
  const Status status = GuardArrow([&] { return ReadBatches(name, bytes, options, std::move(times), data); });
  if (status.ok() || status.code() == Code::kInvalid) return status;
  return Status::Invalid(
      fmt::format("{}: not a readable Parquet file ({}); it may be cut short", name, status.message()));
}

Status ReadHistorianTable(const std::filesystem::path& path, const HistorianOptions& options, RawData& data) {
  const std::string ending = ToLower(path.extension().string());
  bool parquet = ending == ".parquet" || ending == ".pq";
  if (!parquet && ending != ".csv" && ending != ".tsv" && ending != ".txt") {
    std::ifstream file(path, std::ios::binary);
    char magic[4] = {};
    parquet = file.read(magic, 4) && std::string_view(magic, 4) == "PAR1";
  }
  return parquet ? ReadHistorianParquet(path, options, data) : ReadHistorianCsv(path, options, data);
}

}  // namespace forewarn
