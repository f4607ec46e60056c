#include "io/workbook_table.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "core/names.h"
#include "io/excel_time.h"
#include "io/number_text.h"
#include "io/time_text.h"
#include "io/xls_cfb.h"
#include "io/xls_reader.h"
#include "io/xlsx_reader.h"

namespace forewarn {
namespace {

constexpr double kExactInteger = 9007199254740992.0;  // 2^53

// One cell as it was, until its column's type is known.
struct Cell {
  SheetCell::Kind kind = SheetCell::Kind::kText;
  bool empty = true;
  bool date = false;
  double number = 0;
  std::string text;
};

struct Column {
  std::string name;
  uint32_t at = 0;  // 0-based in the sheet
  bool is_time = false;
  std::vector<Cell> cells;
};

class SheetTable {
 public:
  SheetTable(const std::string& name, const ReadTableOptions& options, TimeParser times)
      : name_(name), wanted_(ToLower(Trim(options.time_column))), times_(std::move(times)) {}

  Status Row(const SheetRow& row) {
    if (row.sheet > 0) {
      return Status::Invalid(fmt::format(
          "{}: a second worksheet holds rows too; leave one table in the workbook, on its first worksheet",
          name_));
    }
    if (row.cells.empty()) return Status::Ok();
    date_1904_ = row.date_1904;
    if (columns_.empty()) return Header(row);
    rows_.push_back(row.number);
    for (Column& column : columns_) column.cells.emplace_back();
    for (const SheetCell& cell : row.cells) {
      Column* column = Find(cell.column);
      if (column == nullptr) {
        return Status::Invalid(
            fmt::format("{}: row {}, column {}: a value under no column name; name the "
                        "column in row {}",
                        name_, row.number, cell.column + 1, header_row_));
      }
      column->cells.back() = {cell.kind, false, cell.date_style, cell.number, std::string(cell.text)};
    }
    return Status::Ok();
  }

  Result<Table> Finish() {
    if (columns_.empty()) return Status::Invalid(fmt::format("{}: the worksheet is empty", name_));
    Table table;
    for (Column& column : columns_) {
      FW_ASSIGN_OR_RETURN(auto data, Typed(column));
      table.columns.push_back({std::move(column.name), std::move(data)});
      column.cells = {};
    }
    return table;
  }

 private:
  using Data = decltype(TableColumn::data);

  Status Header(const SheetRow& row) {
    header_row_ = row.number;
    bool time_found = false;
    for (const SheetCell& cell : row.cells) {
      const std::string_view name = Trim(cell.text);
      if (cell.kind != SheetCell::Kind::kText || name.empty()) {
        return Status::Invalid(fmt::format(
            "{}: row {} holds values, not column names; add a row of names above", name_, row.number));
      }
      const bool is_time = !time_found && ToLower(name) == wanted_;
      time_found = time_found || is_time;
      columns_.push_back({std::string(name), cell.column, is_time, {}});
    }
    return Status::Ok();
  }

  Column* Find(uint32_t at) {
    for (Column& column : columns_) {
      if (column.at == at) return &column;
    }
    return nullptr;
  }

  std::string Place(const Column& column, size_t r) const {
    return fmt::format("{}: row {}, column '{}'", name_, rows_[r], column.name);
  }

  PlantTime TimeOf(const Cell& cell, ClockOrder& clock) {
    if (cell.empty) return kNoTime;
    TextTime time;
    if (cell.kind == SheetCell::Kind::kNumber) {
      const auto local = ExcelSerialToTime(cell.number, date_1904_);
      if (local) time = times_.FromLocal(*local);
    } else if (cell.kind == SheetCell::Kind::kText) {
      time = times_.Parse(Trim(cell.text));
    }
    return time.twice ? clock.Resolve(time.time) : time.time;
  }

  Data Times(const Column& column) {
    TimeColumn out;
    ClockOrder clock;
    for (const Cell& cell : column.cells) out.values.push_back(TimeOf(cell, clock));
    return out;
  }

  // Null where the column is not one of numbers.
  Result<std::optional<Data>> Numbers(const Column& column) const {
    NumberColumn out;
    out.integer = true;
    bool any = false;
    for (size_t r = 0; r < column.cells.size(); ++r) {
      const Cell& cell = column.cells[r];
      double value = cell.number;
      CellKind kind = CellKind::kNumber;
      if (cell.empty) {
        kind = CellKind::kEmpty;
      } else if (cell.kind == SheetCell::Kind::kText) {
        kind = ParseNumber(cell.text, DecimalComma::kUncertain, value);
      } else if (cell.kind == SheetCell::Kind::kError) {
        kind = CellKind::kText;
      }
      if (kind == CellKind::kText) return std::optional<Data>();
      if (kind == CellKind::kAmbiguous || kind == CellKind::kInfinite) {
        return Status::Invalid(
            fmt::format("{}: '{}' {}; write it as a plain number", Place(column, r), cell.text.substr(0, 40),
                        kind == CellKind::kInfinite ? "is infinite" : "may mean thousands or a decimal"));
      }
      out.values.push_back(kind == CellKind::kEmpty ? kNull : value);
      if (kind == CellKind::kEmpty) continue;
      any = true;
      out.integer = out.integer && std::fabs(value) <= kExactInteger && value == std::trunc(value);
    }
    out.integer = out.integer && any;
    return std::optional<Data>(std::move(out));
  }

  static Data Texts(const Column& column) {
    TextColumn out;
    for (const Cell& cell : column.cells) {
      out.valid.push_back(!cell.empty);
      std::string& text = out.values.emplace_back(cell.text);
      if (cell.kind == SheetCell::Kind::kNumber && !cell.empty) {
        text.clear();
        AppendNumber(cell.number, text);
      }
      if (cell.kind == SheetCell::Kind::kBoolean) text = cell.number != 0 ? "TRUE" : "FALSE";
    }
    return out;
  }

  Result<Data> Typed(const Column& column) {
    if (column.is_time) return Times(column);
    bool dates = false;
    bool others = false;
    for (const Cell& cell : column.cells) {
      if (!cell.empty) (cell.kind == SheetCell::Kind::kNumber && cell.date ? dates : others) = true;
    }
    if (dates && !others) return Times(column);
    FW_ASSIGN_OR_RETURN(std::optional<Data> numbers, Numbers(column));
    return numbers ? std::move(*numbers) : Texts(column);
  }

  const std::string& name_;
  const std::string wanted_;
  TimeParser times_;
  bool date_1904_ = false;
  uint32_t header_row_ = 0;
  std::vector<uint32_t> rows_;  // their numbers in the sheet
  std::vector<Column> columns_;
};

}  // namespace

bool LooksLikeWorkbookBytes(std::string_view bytes) {
  return bytes.starts_with("PK\x03\x04") || CompoundFile::LooksLikeOne(bytes);
}

Result<Table> ReadWorkbookTable(std::string_view bytes, const std::string& name,
                                const ReadTableOptions& options) {
  FW_ASSIGN_OR_RETURN(TimeParser times, TimeParser::Make(options.zone, options.time_format));
  SheetTable table(name, options, std::move(times));
  SheetOptions sheets;
  sheets.all_sheets = true;
  Status own;  // of a row; the readers put nothing in front of it
  const auto on_row = [&](const SheetRow& row) { return own = table.Row(row); };
  const Status status = CompoundFile::LooksLikeOne(bytes) ? ReadXlsBytes(bytes, sheets, on_row)
                                                          : ReadXlsxBytes(bytes, sheets, on_row);
  if (!own.ok()) return own;
  if (!status.ok()) return status.WithPrefix(name);
  return table.Finish();
}

}  // namespace forewarn
