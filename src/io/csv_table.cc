#include "io/csv_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/names.h"
#include "io/csv_text.h"
#include "io/text_encoding.h"
#include "io/time_text.h"

namespace forewarn {
namespace {

constexpr double kExactInteger = 9007199254740992.0;  // 2^53

bool WrittenAsInteger(std::string_view cell, double value) {
  cell = Trim(cell);
  if (!cell.empty() && (cell.front() == '-' || cell.front() == '+')) cell.remove_prefix(1);
  return std::fabs(value) <= kExactInteger && !(value == 0 && std::signbit(value)) &&
         std::all_of(cell.begin(), cell.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string Shown(std::string_view cell) {
  std::string out(cell.substr(0, 40));
  std::replace_if(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return cell.size() > 40 ? out + "…" : out;
}

// Beside tabs and line ends, which a quoted cell may hold.
bool HasControlSign(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  });
}

struct ColumnBuilder {
  std::string name;
  bool is_time = false;
  bool is_text = false;
  bool integer = true;
  bool any = false;  // a valid cell was seen
  NumberColumn numbers;
  TimeColumn times;
  TextColumn text;
};

// One reading of a text into columns. Pass 1 reads times and numbers and finds out which columns are text;
// pass 2 fetches those.
class CsvTableReader {
 public:
  CsvTableReader(std::string_view text, const std::string& name, CsvDialect dialect, TimeParser times)
      : text_(text), name_(name), dialect_(dialect), times_(std::move(times)) {}

  Result<Table> Read(const ReadTableOptions& options) {
    FW_RETURN_IF_ERROR(Header(options.time_column));
    FW_RETURN_IF_ERROR(
        EachRecord([&](size_t c, const CsvCell& cell, uint64_t line) { return First(c, cell.text, line); }));
    if (std::any_of(columns_.begin(), columns_.end(), [](const auto& c) { return c.is_text; })) {
      FW_RETURN_IF_ERROR(EachRecord([&](size_t c, const CsvCell& cell, uint64_t) {
        Second(c, cell.text);
        return Status::Ok();
      }));
    }
    Table table;
    for (ColumnBuilder& column : columns_) {
      if (column.is_time) {
        table.columns.push_back({std::move(column.name), std::move(column.times)});
      } else if (column.is_text) {
        table.columns.push_back({std::move(column.name), std::move(column.text)});
      } else {
        column.numbers.integer = column.any && column.integer;
        table.columns.push_back({std::move(column.name), std::move(column.numbers)});
      }
    }
    return table;
  }

 private:
  Status Header(const std::string& time_column) {
    CsvCursor cursor(text_, dialect_.delimiter, name_);
    std::vector<CsvCell> cells;
    if (!cursor.Next(cells)) return cursor.status();
    const std::string wanted = ToLower(Trim(time_column));
    bool named = false;
    bool time_found = false;
    for (const CsvCell& cell : cells) {
      double ignored = 0;
      const CellKind kind = ParseNumber(cell.text, dialect_.comma, ignored);
      named = named || (kind == CellKind::kText && times_.Parse(cell.text).issue != TimeIssue::kNone);
      ColumnBuilder column;
      const std::string_view trimmed = Trim(cell.text);
      if (HasControlSign(trimmed)) {  // on the first line it would have been taken for a binary file's
        return Status::Invalid(
            fmt::format("{}:{}:{}: the column name '{}' holds a control character; the file is "
                        "binary or damaged, export it again",
                        name_, cursor.line(), columns_.size() + 1, Shown(trimmed)));
      }
      column.name = trimmed.empty() ? fmt::format("unnamed_{}", columns_.size() + 1) : std::string(trimmed);
      column.is_time = !time_found && ToLower(trimmed) == wanted;
      time_found = time_found || column.is_time;
      columns_.push_back(std::move(column));
    }
    if (!named) {
      return Status::Invalid(
          fmt::format("{}:{}: the first line holds values ('{}'), not column names; add a "
                      "header line",
                      name_, cursor.line(), Shown(cells[0].text)));
    }
    return Status::Ok();
  }

  template <typename Use>
  Status EachRecord(Use use) {
    CsvCursor cursor(text_, dialect_.delimiter, name_);
    std::vector<CsvCell> cells;
    cursor.Next(cells);  // the header
    while (cursor.Next(cells)) {
      if (cells.size() != columns_.size()) {
        return Status::Invalid(fmt::format(
            "{}:{}: {} cells where the header has {} columns; the line is cut short or a delimiter is stray",
            name_, cursor.line(), cells.size(), columns_.size()));
      }
      for (size_t c = 0; c < cells.size(); ++c) FW_RETURN_IF_ERROR(use(c, cells[c], cursor.line()));
    }
    return cursor.status();
  }

  Status First(size_t c, std::string_view cell, uint64_t line) {
    ColumnBuilder& column = columns_[c];
    if (column.is_text) return Status::Ok();
    if (column.is_time) {
      const TextTime time = times_.Parse(cell);
      column.times.values.push_back(time.twice ? clock_.Resolve(time.time) : time.time);
      return Status::Ok();
    }
    double value = 0;
    switch (ParseNumber(cell, dialect_.comma, value)) {
      case CellKind::kNumber:
        column.any = true;
        if (column.integer && !WrittenAsInteger(cell, value)) column.integer = false;
        column.numbers.values.push_back(value);
        return Status::Ok();
      case CellKind::kEmpty:
        column.numbers.values.push_back(kNull);
        return Status::Ok();
      case CellKind::kInfinite:
        return Status::Invalid(
            fmt::format("{}:{}:{}: '{}' in column '{}' is infinite; leave the cell empty "
                        "where there is no value",
                        name_, line, c + 1, Shown(cell), column.name));
      case CellKind::kAmbiguous:
        return Status::Invalid(
            fmt::format("{}:{}:{}: '{}' in column '{}' may mean thousands or a decimal; "
                        "write it with a point or without the comma",
                        name_, line, c + 1, Shown(cell), column.name));
      case CellKind::kText:
        column.is_text = true;
        column.numbers = {};
        return Status::Ok();
    }
    return Status::Ok();
  }

  void Second(size_t c, std::string_view cell) {
    ColumnBuilder& column = columns_[c];
    if (!column.is_text) return;
    double value = 0;
    const CellKind kind = ParseNumber(cell, dialect_.comma, value);
    column.text.valid.push_back(kind != CellKind::kEmpty);
    std::string& out = column.text.values.emplace_back();
    if (kind == CellKind::kNumber && cell.find(',') != std::string_view::npos) {
      AppendNumber(value, out);
    } else if (kind != CellKind::kEmpty) {
      out = cell;
    }
  }

  std::string_view text_;
  const std::string& name_;
  CsvDialect dialect_;
  TimeParser times_;
  ClockOrder clock_;
  std::vector<ColumnBuilder> columns_;
};

// Quoted where it holds any sign that could be taken for a delimiter, so that a reader who has to guess the
// delimiter guesses right.
void AppendText(std::string_view cell, std::string_view special, std::string& out) {
  if (cell.find_first_of(special) == std::string_view::npos) {
    out += cell;
    return;
  }
  out += '"';
  for (const char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

constexpr std::string_view kQuotedSigns = ",;\t\"\n\r";
// A lone column's name must not look like a line without its delimiters.
constexpr std::string_view kLoneNameSigns = ",;\t\"\n\r|^~#: ";

void AppendCell(const TableColumn& column, size_t row, std::string& out) {
  if (const auto* numbers = std::get_if<NumberColumn>(&column.data)) {
    if (IsValid(numbers->values[row])) AppendNumber(numbers->values[row], out);
  } else if (const auto* times = std::get_if<TimeColumn>(&column.data)) {
    if (times->values[row] != kNoTime) out += FormatPlantTime(times->values[row]);
  } else {
    const auto& text = std::get<TextColumn>(column.data);
    if (text.valid[row]) AppendText(text.values[row], kQuotedSigns, out);
  }
}

}  // namespace

Result<Table> ReadCsvTable(std::string_view bytes, const std::string& name, const ReadTableOptions& options) {
  FW_ASSIGN_OR_RETURN(const std::string text, DecodeText(bytes, name));
  FW_ASSIGN_OR_RETURN(const CsvDialect dialect, DetectDialect(text, name));
  FW_ASSIGN_OR_RETURN(TimeParser times, TimeParser::Make(options.zone, options.time_format));
  return CsvTableReader(text, name, dialect, std::move(times)).Read(options);
}

std::string WriteCsvTable(const Table& table, char delimiter) {
  std::string out;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (c > 0) out += delimiter;
    AppendText(table.columns[c].name, table.columns.size() == 1 ? kLoneNameSigns : kQuotedSigns, out);
  }
  // A first name that looks like another kind of file ("PAR1…", a byte-order mark) is shut in quotes.
  if (!out.starts_with('"') && (!BinaryKind(out).empty() || out.starts_with("\xEF\xBB\xBF"))) {
    out.insert(0, 1, '"').insert(1 + table.columns[0].name.size(), 1, '"');
  }
  out += '\n';
  for (size_t r = 0; r < table.rows(); ++r) {
    const size_t begin = out.size();
    for (size_t c = 0; c < table.columns.size(); ++c) {
      if (c > 0) out += delimiter;
      AppendCell(table.columns[c], r, out);
    }
    if (out.size() == begin) out += "\"\"";  // a lone null must not look like a blank line
    out += '\n';
  }
  return out;
}

}  // namespace forewarn
