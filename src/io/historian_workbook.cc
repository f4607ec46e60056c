#include "io/historian_workbook.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
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

constexpr uint32_t kHeaderRows = 2;
constexpr size_t kMaxReasons = 40;  // a column of free text must not become as many reasons
constexpr size_t kMaxStateBytes = 40;

std::string FirstBytes(const std::filesystem::path& path) {
  std::array<char, 8> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  return {head.data(), static_cast<size_t>(file.gcount())};
}

// "B7" of column 1 (0-based), row 7.
std::string CellName(uint32_t column, uint32_t row) {
  std::string letters;
  for (uint32_t c = column + 1; c > 0; c = (c - 1) / 26)
    letters.insert(letters.begin(), static_cast<char>('A' + (c - 1) % 26));
  return letters + std::to_string(row);
}

std::string Show(const SheetCell& cell) {
  switch (cell.kind) {
    case SheetCell::Kind::kNumber:
      return fmt::format("{}", cell.number);
    case SheetCell::Kind::kBoolean:
      return cell.number != 0 ? "TRUE" : "FALSE";
    default:
      return std::string(cell.text.substr(0, 80));
  }
}

// One value/time column pair of a sheet on its way to a series.
class ColumnPair {
 public:
  ColumnPair(std::string series, uint32_t column, uint32_t file, TimeParser& times, RawData& data)
      : column_(column),
        file_(file),
        times_(times),
        series_(data.series[series]),
        rejected_(data.rejected[series]),
        rows_read_(data.rows_read[series]) {
    series_.tag = std::move(series);
    series_.BeginFile(file);
  }

  uint32_t column() const { return column_; }
  uint64_t decimal_commas() const { return decimal_commas_; }

  void Read(const SheetRow& row, const SheetCell* value, const SheetCell* time) {
    if (value == nullptr && time == nullptr) return;
    if (row.number <= kHeaderRows) return ReadHeader(row, value, time);
    ++rows_read_;
    if (time == nullptr) return Reject("no time", row.number, Show(*value));
    const std::optional<PlantTime> at = ReadTime(row, *time);
    if (!at) return;
    if (value == nullptr) return Reject("no value", row.number, "");
    ReadValue(row, *value, *at);
  }

  // Commas that may mean thousands are decimal ones if the column has a comma that can be nothing else; else
  // rejected.
  void SettleCommas() {
    if (unsure_.empty()) return;
    if (decimal_commas_ > 0) {
      decimal_commas_ += unsure_.size();  // accepted as such already
      return;
    }
    size_t next = 0;
    size_t kept = unsure_.front();
    for (size_t i = kept; i < series_.size(); ++i) {
      if (next < unsure_.size() && unsure_[next] == i) {
        Reject("a comma that may mean thousands or a decimal", series_.row[i], unsure_texts_[next]);
        ++next;
        continue;
      }
      series_.times[kept] = series_.times[i];
      series_.values[kept] = series_.values[i];
      series_.quality[kept] = series_.quality[i];
      series_.row[kept] = series_.row[i];
      ++kept;
    }
    series_.times.resize(kept);
    series_.values.resize(kept);
    series_.quality.resize(kept);
    series_.row.resize(kept);
  }

 private:
  // The two header rows hold words; a reading there would be lost without a word.
  void ReadHeader(const SheetRow& row, const SheetCell* value, const SheetCell* time) {
    if (value == nullptr || time == nullptr || value->kind != SheetCell::Kind::kNumber) return;
    const bool dated = time->kind == SheetCell::Kind::kNumber
                           ? ExcelSerialToTime(time->number, row.date_1904).has_value()
                           : times_.Parse(time->text).issue == TimeIssue::kNone;
    if (!dated) return;
    ++rows_read_;
    Reject("stands in the two header rows", row.number, Show(*value));
  }

  std::optional<PlantTime> ReadTime(const SheetRow& row, const SheetCell& cell) {
    TextTime parsed;
    if (cell.kind == SheetCell::Kind::kNumber) {
      if (const auto local = ExcelSerialToTime(cell.number, row.date_1904)) parsed = times_.FromLocal(*local);
    } else if (cell.kind == SheetCell::Kind::kText) {
      parsed = times_.Parse(Trim(cell.text));
    }
    if (parsed.issue == TimeIssue::kNone) return parsed.twice ? clock_.Resolve(parsed.time) : parsed.time;
    Reject(parsed.issue == TimeIssue::kNever ? "time skipped by a clock change" : "unreadable time",
           row.number, Show(cell));
    return std::nullopt;
  }

  void ReadValue(const SheetRow& row, const SheetCell& cell, PlantTime at) {
    switch (cell.kind) {
      case SheetCell::Kind::kNumber:
        if (cell.date_style) return Reject("a date where the value belongs", row.number, Show(cell));
        return Accept(row, at, cell.number);
      case SheetCell::Kind::kBoolean:
        return Reject("a truth value", row.number, Show(cell));
      case SheetCell::Kind::kError:
        return Reject(fmt::format("error {}", cell.text), row.number, cell.text);
      case SheetCell::Kind::kText:
        return ReadText(row, cell.text, at);
    }
  }

  void ReadText(const SheetRow& row, std::string_view text, PlantTime at) {
    double value = 0;
    switch (ParseNumber(text, DecimalComma::kUncertain, value)) {
      case CellKind::kNumber:
        decimal_commas_ += text.find(',') != std::string_view::npos ? 1 : 0;
        return Accept(row, at, value);
      case CellKind::kAmbiguous:
        if (ParseNumber(text, DecimalComma::kYes, value) != CellKind::kNumber) break;
        unsure_.push_back(series_.size());
        unsure_texts_.emplace_back(text.substr(0, 80));
        return Accept(row, at, value);
      case CellKind::kEmpty:
        return Reject("no value", row.number, text);
      case CellKind::kInfinite:
        return Reject("not finite", row.number, text);
      case CellKind::kText:
        break;
    }
    const std::string_view state = Trim(text);
    if (state.size() > kMaxStateBytes) return Reject("not a number", row.number, text);
    Reject(fmt::format("state string '{}'", state), row.number, text);
  }

  void Accept(const SheetRow& row, PlantTime at, double value) {
    series_.Add(at, value, Quality::kGood, file_, row.number);
  }

  void Reject(const std::string& reason, uint32_t row, std::string_view text) {
    const bool known = rejected_.contains(reason) || rejected_.size() < kMaxReasons;
    rejected_[known ? reason : "other text"].Add(file_, row, text);
  }

  const uint32_t column_;
  const uint32_t file_;
  TimeParser& times_;
  ClockOrder clock_;
  RawSeries& series_;
  std::map<std::string, Rejections>& rejected_;
  uint64_t& rows_read_;
  uint64_t decimal_commas_ = 0;
  std::vector<size_t> unsure_;  // readings with a comma of unknown meaning: index, text
  std::vector<std::string> unsure_texts_;
};

// What is in the file beside the expected columns: said, not read.
struct Unread {
  uint64_t cells = 0;
  std::string first_cell;
  uint64_t sheet_rows = 0;  // rows on further worksheets
};

class WorkbookRows {
 public:
  WorkbookRows(const WorkbookTag& tag, uint32_t file, TimeParser& times, RawData& data) {
    if (!tag.controller) {
      pairs_.emplace_back(tag.id, 0, file, times, data);
      return;
    }
    pairs_.emplace_back(tag.id + "_pv", 0, file, times, data);
    pairs_.emplace_back(tag.id + "_op", 4, file, times, data);
    pairs_.emplace_back(tag.id + "_sp", 8, file, times, data);
  }

  void Read(const SheetRow& row) {
    if (row.sheet > 0) {
      ++unread_.sheet_rows;
      return;
    }
    std::array<const SheetCell*, 10> cells{};  // by column, those that are read
    for (const SheetCell& cell : row.cells) {
      if (cell.column < cells.size() && IsRead(cell.column)) {
        cells[cell.column] = &cell;
      } else if (row.number > kHeaderRows && unread_.cells++ == 0) {
        unread_.first_cell = CellName(cell.column, row.number);
      }
    }
    for (ColumnPair& pair : pairs_) pair.Read(row, cells[pair.column()], cells[pair.column() + 1]);
  }

  void Finish(const std::string& file, RawData& data) {
    uint64_t commas = 0;
    for (ColumnPair& pair : pairs_) {
      pair.SettleCommas();
      commas += pair.decimal_commas();
    }
    if (commas > 0)
      data.notes.push_back(fmt::format("{}: {} numbers with a decimal comma read as such", file, commas));
    if (unread_.cells > 0) {
      data.notes.push_back(
          fmt::format("{}: {} cells stand outside the value and time columns and were not read, first {}",
                      file, unread_.cells, unread_.first_cell));
    }
    if (unread_.sheet_rows > 0) {
      data.notes.push_back(
          fmt::format("{}: {} rows on further worksheets were not read", file, unread_.sheet_rows));
    }
  }

 private:
  bool IsRead(uint32_t column) const {
    for (const ColumnPair& pair : pairs_) {
      if (column == pair.column() || column == pair.column() + 1) return true;
    }
    return false;
  }

  std::vector<ColumnPair> pairs_;
  Unread unread_;
};

}  // namespace

bool LooksLikeWorkbook(const std::filesystem::path& path) {
  const std::string head = FirstBytes(path);
  if (head.starts_with("PK\x03\x04") || CompoundFile::LooksLikeOne(head)) return true;
  const std::string ending = ToLower(path.extension().string());
  return ending == ".xlsx" || ending == ".xlsm" || ending == ".xls";
}

Status ReadHistorianWorkbook(const std::filesystem::path& path, const WorkbookTag& tag,
                             const HistorianWorkbookOptions& options, RawData& data) {
  const std::string name = path.string();
  FW_ASSIGN_OR_RETURN(TimeParser times, TimeParser::Make(options.zone, options.time_format));
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown))
    return Status::Invalid("'" + name + "' is a folder, not a workbook");
  const auto file = static_cast<uint32_t>(data.files.size());
  data.files.push_back(name);
  WorkbookRows rows(tag, file, times, data);
  SheetOptions sheets = options.sheets;
  sheets.all_sheets = true;
  const auto on_row = [&](const SheetRow& row) {
    rows.Read(row);
    return Status::Ok();
  };
  const std::string head = FirstBytes(path);
  Status status = CompoundFile::LooksLikeOne(head) ||
                          (ToLower(path.extension().string()) == ".xls" && !head.starts_with("PK"))
                      ? ReadXls(path, sheets, on_row)
                      : ReadXlsx(path, sheets, on_row);
  if (!status.ok()) return status.WithPrefix("'" + name + "'");
  rows.Finish(name, data);
  return Status::Ok();
}

}  // namespace forewarn
