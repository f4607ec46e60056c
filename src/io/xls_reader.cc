#include "io/xls_reader.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "core/file.h"
#include "io/excel_time.h"
#include "io/xls_bytes.h"
#include "io/xls_cfb.h"
#include "io/xls_records.h"

namespace forewarn {
namespace {

// What the workbook's first part says about its sheets (MS-XLS 2.1.7.20.3).
struct Globals {
  bool biff8 = true;
  bool date_1904 = false;
  std::map<unsigned, bool> formats;    // number format id: is a date
  std::vector<unsigned> cell_formats;  // XF index: number format id
  std::vector<std::string> strings;
  std::vector<uint32_t> sheets;  // offsets of the worksheets' BOF

  bool IsDate(size_t cell_format) const {
    if (cell_format >= cell_formats.size()) return false;
    const unsigned id = cell_formats[cell_format];
    const auto it = formats.find(id);
    return it != formats.end() ? it->second : IsBuiltInDateFormat(id);
  }
};

const char* ErrorName(uint8_t code) {
  switch (code) {
    case 0x00:
      return "#NULL!";
    case 0x07:
      return "#DIV/0!";
    case 0x0F:
      return "#VALUE!";
    case 0x17:
      return "#REF!";
    case 0x1D:
      return "#NAME?";
    case 0x24:
      return "#NUM!";
    case 0x2A:
      return "#N/A";
    default:
      return "#ERROR";
  }
}

// MS-XLS 2.5.217: two flag bits, then either an integer of 30 bits or the upper 30 bits of a double.
double DecodeRk(uint32_t rk) {
  double value;
  if ((rk & 2) != 0) {
    value = static_cast<double>(static_cast<int32_t>(rk) >> 2);
  } else {
    value = std::bit_cast<double>(static_cast<uint64_t>(rk & 0xFFFFFFFCU) << 32);
  }
  return (rk & 1) != 0 ? value / 100 : value;
}

Status ReadSharedStrings(XlsRecord& record, const SheetOptions& options, Globals& globals) {
  XlsText text(record);
  text.Skip(4);  // the total of references
  const uint32_t count = text.U32();
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (text.AtEnd())
      return Status::Invalid("is a damaged .xls workbook (its texts are cut short); export it again");
    FW_ASSIGN_OR_RETURN(std::string value, text.UnicodeString(text.U16()));
    bytes += value.size();
    if (bytes > options.max_string_bytes) return Status::Invalid("holds too much text");
    globals.strings.push_back(std::move(value));
  }
  return Status::Ok();
}

Result<std::string> FormatCode(const XlsRecord& record, bool biff8) {
  XlsText text(record);
  text.Skip(2);
  return biff8 ? text.UnicodeString(text.U16()) : text.ByteString(text.U8());
}

Status ReadGlobal(XlsRecord& record, const SheetOptions& options, Globals& globals) {
  const std::string_view data = record.data();
  switch (record.type) {
    case kXlsFilePass:
      return Status::Invalid("is protected by a password; save it without one");
    case kXlsDateMode:
      globals.date_1904 = data.size() >= 2 && LittleEndian<uint16_t>(data, 0) != 0;
      return Status::Ok();
    case kXlsFormat: {
      if (data.size() < 2) return Status::Ok();
      FW_ASSIGN_OR_RETURN(const std::string code, FormatCode(record, globals.biff8));
      globals.formats[LittleEndian<uint16_t>(data, 0)] = IsDateFormat(code);
      return Status::Ok();
    }
    case kXlsXf:
      globals.cell_formats.push_back(data.size() >= 4 ? LittleEndian<uint16_t>(data, 2) : 0U);
      return Status::Ok();
    case kXlsBoundSheet:  // byte 5: 0 = a worksheet, others are charts and macros
      if (data.size() >= 6 && data[5] == 0) globals.sheets.push_back(LittleEndian<uint32_t>(data, 0));
      return Status::Ok();
    case kXlsSst:
      return ReadSharedStrings(record, options, globals);
    default:
      return Status::Ok();
  }
}

Result<Globals> ReadGlobals(std::string_view stream, const SheetOptions& options) {
  XlsRecords records(stream, 0);
  XlsRecord record;
  Globals globals;
  FW_ASSIGN_OR_RETURN(const bool any, records.Next(record));
  if (!any || record.type != kXlsBof || record.data().size() < 4) {
    return Status::Invalid("is an .xls workbook of a version before Excel 5; save it as .xlsx");
  }
  globals.biff8 = LittleEndian<uint16_t>(record.data(), 0) >= 0x0600;
  for (;;) {
    FW_ASSIGN_OR_RETURN(const bool more, records.Next(record));
    if (!more) return Status::Invalid("is a damaged .xls workbook (cut short); export it again");
    if (record.type == kXlsEof) break;
    FW_RETURN_IF_ERROR(ReadGlobal(record, options, globals));
  }
  if (globals.sheets.empty()) return Status::Invalid("the workbook has no worksheet");
  return globals;
}

// One worksheet's cells, in file order until they are sorted by row.
class Worksheet {
 public:
  Worksheet(const Globals& globals, uint32_t sheet, const SheetOptions& options)
      : globals_(globals), sheet_(sheet), options_(options) {}

  Status Read(std::string_view stream, uint32_t offset) {
    XlsRecords records(stream, offset);
    XlsRecord record;
    FW_ASSIGN_OR_RETURN(const bool any, records.Next(record));
    if (!any || record.type != kXlsBof)
      return Status::Invalid("is a damaged .xls workbook (a sheet is missing)");
    int depth = 1;  // embedded charts are parts of their own
    while (depth > 0) {
      FW_ASSIGN_OR_RETURN(const bool more, records.Next(record));
      if (!more) return Status::Invalid("is a damaged .xls workbook (a sheet is cut short); export it again");
      if (record.type == kXlsBof) ++depth;
      if (record.type == kXlsEof) --depth;
      if (depth == 1) FW_RETURN_IF_ERROR(Add(record));
    }
    return Status::Ok();
  }

  Status HandOn(const SheetRowCallback& on_row) {
    std::sort(cells_.begin(), cells_.end(), [](const Cell& a, const Cell& b) {
      return a.row != b.row ? a.row < b.row : a.order < b.order;
    });
    std::vector<SheetCell> row;
    for (size_t i = 0; i < cells_.size();) {
      const uint32_t number = cells_[i].row;
      row.clear();
      for (; i < cells_.size() && cells_[i].row == number; ++i) {
        row.push_back(cells_[i].cell);
        if (cells_[i].text) row.back().text = texts_[*cells_[i].text];
      }
      FW_RETURN_IF_ERROR(on_row({sheet_, number + 1, globals_.date_1904, row}));
    }
    return Status::Ok();
  }

 private:
  struct Cell {
    uint32_t row;
    SheetCell cell;
    std::optional<size_t> text;  // index into texts_
    size_t order = 0;            // in the file
  };

  Status Add(const XlsRecord& record) {
    const std::string_view data = record.data();
    if (record.type == kXlsString) return AddFormulaString(record);
    if (record.type == kXlsMulRk) return AddMulRk(data);
    if (record.type != kXlsNumber && record.type != kXlsRk && record.type != kXlsLabelSst &&
        record.type != kXlsLabel && record.type != kXlsRString && record.type != kXlsBoolErr &&
        record.type != kXlsFormula) {
      return Status::Ok();
    }
    if (data.size() < 8) return Status::Ok();
    Cell cell{LittleEndian<uint16_t>(data, 0), {}, {}, 0};
    cell.cell.column = LittleEndian<uint16_t>(data, 2);
    cell.cell.date_style = globals_.IsDate(LittleEndian<uint16_t>(data, 4));
    if (cell.cell.column >= options_.max_columns) return Status::Ok();
    return Fill(record, cell);
  }

  Status Fill(const XlsRecord& record, Cell& cell) {
    const std::string_view data = record.data();
    switch (record.type) {
      case kXlsNumber:
        if (data.size() < 14) return Status::Ok();
        AddNumber(cell, LittleEndian<double>(data, 6));
        return Status::Ok();
      case kXlsRk:
        if (data.size() < 10) return Status::Ok();
        AddNumber(cell, DecodeRk(LittleEndian<uint32_t>(data, 6)));
        return Status::Ok();
      case kXlsLabelSst: {
        if (data.size() < 10) return Status::Ok();
        const auto index = LittleEndian<uint32_t>(data, 6);
        if (index >= globals_.strings.size())
          return Status::Invalid("is a damaged .xls workbook (a text is missing)");
        AddText(cell, globals_.strings[index]);
        return Status::Ok();
      }
      case kXlsLabel:
      case kXlsRString: {
        XlsText text(record);
        text.Skip(6);
        FW_ASSIGN_OR_RETURN(const std::string value,
                            globals_.biff8 ? text.UnicodeString(text.U16()) : text.ByteString(text.U16()));
        AddText(cell, value);
        return Status::Ok();
      }
      case kXlsBoolErr:
        AddBooleanOrError(cell, static_cast<uint8_t>(data[6]), data[7] != 0);
        return Status::Ok();
      default:
        AddFormula(cell, data);
        return Status::Ok();
    }
  }

  void AddNumber(Cell cell, double value) {
    if (!std::isfinite(value)) return AddText(cell, std::isnan(value) ? "NaN" : "Infinity");
    cell.cell.kind = SheetCell::Kind::kNumber;
    cell.cell.number = value;
    cell.order = cells_.size();
    cells_.push_back(cell);
  }

  void AddText(Cell cell, std::string_view text) {
    if (text.empty()) return;
    if (cell.cell.kind != SheetCell::Kind::kError) cell.cell.kind = SheetCell::Kind::kText;
    cell.cell.date_style = false;
    cell.text = texts_.size();
    texts_.emplace_back(text);
    cell.order = cells_.size();
    cells_.push_back(cell);
  }

  void AddBooleanOrError(Cell cell, uint8_t value, bool error) {
    cell.cell.date_style = false;
    cell.cell.kind = error ? SheetCell::Kind::kError : SheetCell::Kind::kBoolean;
    if (error) return AddText(cell, ErrorName(value));
    cell.cell.number = value != 0 ? 1 : 0;
    cell.order = cells_.size();
    cells_.push_back(cell);
  }

  // The cached result: a double, or with 0xFFFF at its end a string (in the next record), a boolean or an
  // error.
  void AddFormula(Cell cell, std::string_view data) {
    if (data.size() < 14) return;
    if (LittleEndian<uint16_t>(data, 12) != 0xFFFF) return AddNumber(cell, LittleEndian<double>(data, 6));
    const auto kind = static_cast<uint8_t>(data[6]);
    if (kind == 0) waiting_ = cell;
    if (kind == 1 || kind == 2) AddBooleanOrError(cell, static_cast<uint8_t>(data[8]), kind == 2);
  }

  Status AddFormulaString(const XlsRecord& record) {
    if (!waiting_) return Status::Ok();
    XlsText text(record);
    FW_ASSIGN_OR_RETURN(const std::string value,
                        globals_.biff8 ? text.UnicodeString(text.U16()) : text.ByteString(text.U16()));
    AddText(*waiting_, value);
    waiting_.reset();
    return Status::Ok();
  }

  Status AddMulRk(std::string_view data) {
    if (data.size() < 6) return Status::Ok();
    const uint32_t row = LittleEndian<uint16_t>(data, 0);
    uint32_t column = LittleEndian<uint16_t>(data, 2);
    for (size_t at = 4; at + 8 <= data.size() && column < options_.max_columns; at += 6, ++column) {
      Cell cell{row, {}, {}, 0};
      cell.cell.column = column;
      cell.cell.date_style = globals_.IsDate(LittleEndian<uint16_t>(data, at));
      AddNumber(cell, DecodeRk(LittleEndian<uint32_t>(data, at + 2)));
    }
    return Status::Ok();
  }

  const Globals& globals_;
  const uint32_t sheet_;
  const SheetOptions& options_;
  std::vector<Cell> cells_;
  std::vector<std::string> texts_;
  std::optional<Cell> waiting_;  // a formula whose string comes in the next record
};

}  // namespace

Status ReadXlsBytes(std::string_view bytes, const SheetOptions& options, const SheetRowCallback& on_row) {
  FW_ASSIGN_OR_RETURN(const CompoundFile file, CompoundFile::Open(bytes));
  if (file.Has("EncryptedPackage")) return Status::Invalid("is protected by a password; save it without one");
  const char* name = file.Has("Workbook") ? "Workbook" : "Book";
  if (!file.Has(name)) return Status::Invalid("holds no workbook; is it another program's file?");
  FW_ASSIGN_OR_RETURN(const std::string stream, file.Read(name));
  FW_ASSIGN_OR_RETURN(const Globals globals, ReadGlobals(stream, options));
  const size_t sheets = options.all_sheets ? globals.sheets.size() : 1;
  for (size_t i = 0; i < sheets; ++i) {
    Worksheet sheet(globals, static_cast<uint32_t>(i), options);
    FW_RETURN_IF_ERROR(sheet.Read(stream, globals.sheets[i]));
    FW_RETURN_IF_ERROR(sheet.HandOn(on_row));
  }
  return Status::Ok();
}

Status ReadXls(const std::filesystem::path& path, const SheetOptions& options,
               const SheetRowCallback& on_row) {
  FW_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, uint64_t{1} << 30));
  return ReadXlsBytes(bytes, options, on_row);
}

}  // namespace forewarn
