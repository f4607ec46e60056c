#include "arrow_import.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>

#include "arrow_cells.h"
#include "core/names.h"
#include "io/time_text.h"

namespace forewarn::python {
namespace {

struct OwnedSchema : ArrowSchema {
  OwnedSchema() : ArrowSchema{} {}
  ~OwnedSchema() {
    if (release != nullptr) release(this);
  }
  OwnedSchema(const OwnedSchema&) = delete;
  OwnedSchema& operator=(const OwnedSchema&) = delete;
};

struct OwnedArray : ArrowArray {
  OwnedArray() : ArrowArray{} {}
  ~OwnedArray() {
    if (release != nullptr) release(this);
  }
  OwnedArray(const OwnedArray&) = delete;
  OwnedArray& operator=(const OwnedArray&) = delete;
};

Status StreamError(ArrowArrayStream* stream, const std::string& name, int code) {
  const char* message = stream->get_last_error(stream);
  return Status::Invalid(fmt::format("{}: the table's source failed: {}", name,
                                     message != nullptr ? message : std::strerror(code)));
}

// One column on its way from batches to a TableColumn.
class ColumnReader {
 public:
  // Invalid, naming the column and what it holds, for a type that is no number, text or time.
  static Result<ColumnReader> Make(const ArrowSchema& schema, const std::string& table, bool is_time) {
    ColumnReader reader;
    reader.name_ = schema.name != nullptr ? schema.name : "";
    reader.is_time_ = is_time;
    reader.encoded_ = schema.dictionary != nullptr;
    const ArrowSchema& values = reader.encoded_ ? *schema.dictionary : schema;
    const std::optional<CellType> type = ParseCellType(values.format);
    const std::optional<CellType> index = ParseCellType(schema.format);
    const bool good_index = !reader.encoded_ || (index && index->IsInteger());
    if (!type || values.dictionary != nullptr || !good_index) {
      return Status::Invalid(
          fmt::format("{}: column '{}' holds cells of Arrow type '{}'; only numbers, text and times can be "
                      "read: cast or drop it",
                      table, reader.name_, values.format));
    }
    reader.type_ = *type;
    if (index) reader.index_ = *index;
    return reader;
  }

  Status Append(const ArrowArray& array, TimeParser& times) {
    if (!encoded_) return AppendCells(array, times, nullptr, nullptr);
    if (array.dictionary == nullptr) {
      return Status::Invalid(fmt::format("column '{}' is dictionary-encoded without a dictionary", name_));
    }
    return AppendCells(*array.dictionary, times, &array, &index_);
  }

  // Fails at an infinite cell.
  Result<TableColumn> Finish(const std::string& table) && {
    if (type_.kind == CellType::Kind::kText && !is_time_) return TableColumn{name_, std::move(text_)};
    if (type_.kind == CellType::Kind::kTime || (is_time_ && type_.kind == CellType::Kind::kText)) {
      return TableColumn{name_, std::move(times_)};
    }
    for (size_t r = 0; r < numbers_.values.size(); ++r) {
      if (!std::isinf(numbers_.values[r])) continue;
      return Status::Invalid(
          fmt::format("{}:{}: the cell in column '{}' is infinite; make it null where there is no value",
                      table, r + 1, name_));
    }
    numbers_.integer = type_.IsInteger();
    return TableColumn{name_, std::move(numbers_)};
  }

 private:
  // codes: the array of dictionary indices, where the column has one.
  Status AppendCells(const ArrowArray& values, TimeParser& times, const ArrowArray* codes,
                     const CellType* code) {
    const ArrowArray& rows = codes != nullptr ? *codes : values;
    for (int64_t r = 0; r < rows.length; ++r) {
      std::optional<int64_t> cell = r;
      if (codes != nullptr) {
        cell = IsValidCell(*codes, r) ? std::optional<int64_t>(IntegerCell(*code, *codes, r)) : std::nullopt;
        if (cell && (*cell < 0 || *cell >= values.length)) {
          return Status::Invalid(fmt::format("column '{}': a code is outside its dictionary", name_));
        }
      }
      if (cell && !IsValidCell(values, *cell)) cell.reset();
      AppendCell(values, cell, times);
    }
    return Status::Ok();
  }

  void AppendCell(const ArrowArray& values, std::optional<int64_t> cell, TimeParser& times) {
    switch (type_.kind) {
      case CellType::Kind::kNumber:
      case CellType::Kind::kNull:
        numbers_.values.push_back(cell ? NumberCell(type_, values, *cell) : kNull);
        return;
      case CellType::Kind::kTime: {
        PlantTime time = cell ? TimeCell(type_, values, *cell) : kNoTime;
        if (time < kFirstTime || time >= kLastTime) time = kNoTime;
        if (time != kNoTime && type_.zoned) time = times.FromUtc(time);
        times_.values.push_back(time);
        return;
      }
      case CellType::Kind::kText: {
        const std::string_view text = cell ? TextCell(type_, values, *cell) : std::string_view();
        if (!is_time_) {
          text_.values.emplace_back(text);
          text_.valid.push_back(cell.has_value());
          return;
        }
        const TextTime time = cell ? times.Parse(text) : TextTime{};
        times_.values.push_back(time.twice ? clock_.Resolve(time.time) : time.time);
        return;
      }
    }
  }

  std::string name_;
  CellType type_;
  CellType index_;  // of a dictionary-encoded column
  bool encoded_ = false;
  bool is_time_ = false;
  ClockOrder clock_;
  NumberColumn numbers_;
  TimeColumn times_;
  TextColumn text_;
};

Result<std::vector<ColumnReader>> MakeReaders(const ArrowSchema& schema, const std::string& name,
                                              const std::string& time_column) {
  if (std::strcmp(schema.format, "+s") != 0) {
    return Status::Invalid(fmt::format("{}: a table is needed, not a single column", name));
  }
  std::vector<ColumnReader> readers;
  for (int64_t c = 0; c < schema.n_children; ++c) {
    const ArrowSchema& child = *schema.children[c];
    const bool is_time = ToLower(Trim(child.name != nullptr ? child.name : "")) == ToLower(Trim(time_column));
    FW_ASSIGN_OR_RETURN(ColumnReader reader, ColumnReader::Make(child, name, is_time));
    readers.push_back(std::move(reader));
  }
  return readers;
}

// What pandas adds for rows that were filtered or shuffled: their numbers, no column of the table.
bool IsUnnamedIndex(std::string_view name) {
  return name.starts_with("__index_level_") && name.ends_with("__");
}

}  // namespace

Result<Table> ReadArrowStream(ArrowArrayStream* stream, const std::string& name,
                              const ArrowReadOptions& options) {
  FW_ASSIGN_OR_RETURN(TimeParser times, TimeParser::Make(options.zone, options.time_format));
  OwnedSchema schema;
  if (const int code = stream->get_schema(stream, &schema); code != 0) return StreamError(stream, name, code);
  FW_ASSIGN_OR_RETURN(std::vector<ColumnReader> readers, MakeReaders(schema, name, options.time_column));
  while (true) {
    OwnedArray batch;
    if (const int code = stream->get_next(stream, &batch); code != 0) return StreamError(stream, name, code);
    if (batch.release == nullptr) break;
    if (batch.n_children != static_cast<int64_t>(readers.size()) || batch.offset != 0) {
      return Status::Invalid(fmt::format("{}: a batch differs from the table's schema", name));
    }
    for (size_t c = 0; c < readers.size(); ++c) {
      FW_RETURN_IF_ERROR(readers[c].Append(*batch.children[c], times).WithPrefix(name));
    }
  }
  Table table;
  for (ColumnReader& reader : readers) {
    FW_ASSIGN_OR_RETURN(TableColumn column, std::move(reader).Finish(name));
    if (IsUnnamedIndex(column.name)) continue;
    table.columns.push_back(std::move(column));
  }
  return table;
}

}  // namespace forewarn::python
