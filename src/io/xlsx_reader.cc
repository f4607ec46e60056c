#include "io/xlsx_reader.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "core/names.h"
#include "io/xlsx_parts.h"
#include "io/xlsx_xml.h"

namespace forewarn {
namespace {

constexpr size_t kMaxRowBytes = size_t{64} << 20;

// "BC12" → column 54, row 12; both 1-based. Nothing where it is no cell's name.
bool ParseReference(std::string_view reference, uint64_t* column, uint64_t* row) {
  size_t i = 0;
  *column = 0;
  for (; i < reference.size() && std::isalpha(static_cast<unsigned char>(reference[i])) != 0; ++i) {
    *column = *column * 26 + static_cast<uint64_t>((reference[i] | 0x20) - 'a' + 1);
    if (*column > std::numeric_limits<uint32_t>::max()) return false;
  }
  const auto [end, error] = std::from_chars(reference.data() + i, reference.data() + reference.size(), *row);
  return i > 0 && error == std::errc() && end == reference.data() + reference.size();
}

// A worksheet's <row>s and <c>s, handed on row by row.
class WorksheetHandler : public XmlHandler {
 public:
  WorksheetHandler(const XlsxParts& parts, uint32_t sheet, const SheetOptions& options,
                   const SheetRowCallback& on_row)
      : parts_(parts), sheet_(sheet), options_(options), on_row_(on_row) {}

  Status Start(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "c") return StartCell(attributes);
    if (name == "row") return StartRow(attributes);
    if (name == "v" || name == "t") in_text_ = in_cell_;
    if (name == "rPh") in_phonetic_ = true;
    return Status::Ok();
  }

  Status End(std::string_view name) override {
    if (name == "v" || name == "t") in_text_ = false;
    if (name == "rPh") in_phonetic_ = false;
    if (name == "c") return EndCell();
    if (name == "row") return EndRow();
    return Status::Ok();
  }

  Status Text(std::string_view piece) override {
    if (!in_text_ || in_phonetic_) return Status::Ok();
    text_ += piece;
    if (text_.size() - cell_begin_ > options_.max_cell_bytes) {
      return Status::Invalid(Place() + ": the cell is longer than " +
                             std::to_string(options_.max_cell_bytes) + " bytes");
    }
    if (text_.size() > kMaxRowBytes) return Status::Invalid(Place() + ": the row is longer than 64 MiB");
    return Status::Ok();
  }

 private:
  std::string Place() const {
    return "sheet '" + parts_.sheets[sheet_].name + "', row " + std::to_string(row_) + ", column " +
           std::to_string(column_ + 1);
  }

  Status StartRow(const XmlAttributes& attributes) {
    uint64_t number = uint64_t{row_} + 1;
    if (const auto given = attributes.Get("r")) {
      const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), number);
      if (error != std::errc() || end != given->data() + given->size()) number = 0;
    }
    if (number == 0 || number > std::numeric_limits<uint32_t>::max()) {
      return Status::Invalid("sheet '" + parts_.sheets[sheet_].name + "': a row after row " +
                             std::to_string(row_) + " has no valid number");
    }
    row_ = static_cast<uint32_t>(number);
    next_column_ = 0;
    cells_.clear();
    text_.clear();
    return Status::Ok();
  }

  Status StartCell(const XmlAttributes& attributes) {
    uint64_t column = next_column_ + 1;
    uint64_t row = row_;
    if (const auto reference = attributes.Get("r"); reference && !ParseReference(*reference, &column, &row)) {
      return Status::Invalid(Place() + ": '" + std::string(reference->substr(0, 40)) + "' is no cell's name");
    }
    if (column > options_.max_columns || cells_.size() >= options_.max_columns) {
      return Status::Invalid("sheet '" + parts_.sheets[sheet_].name + "', row " + std::to_string(row_) +
                             " has more than " + std::to_string(options_.max_columns) + " columns");
    }
    column_ = static_cast<uint32_t>(column - 1);
    next_column_ = column_ + 1;
    type_ = attributes.Get("t").value_or("n");
    size_t style = 0;
    if (const auto s = attributes.Get("s")) std::from_chars(s->data(), s->data() + s->size(), style);
    date_style_ = style < parts_.date_style.size() && parts_.date_style[style];
    cell_begin_ = text_.size();
    in_cell_ = true;
    return Status::Ok();
  }

  Status EndCell() {
    in_cell_ = false;
    const std::string_view text = std::string_view(text_).substr(cell_begin_);
    if (text.empty() && type_ != "s") return Status::Ok();
    Pending cell{{column_, SheetCell::Kind::kText, false, 0, {}}, cell_begin_, text.size()};
    if (type_ == "n") {
      const std::string_view digits = Trim(text);
      double value = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (error == std::errc() && end == digits.data() + digits.size() && std::isfinite(value)) {
        cell.cell.kind = SheetCell::Kind::kNumber;
        cell.cell.number = value;
        cell.cell.date_style = date_style_;
      }  // else it stays text, and the caller says so
    } else if (type_ == "b") {
      cell.cell.kind = SheetCell::Kind::kBoolean;
      cell.cell.number = Trim(text) == "1" || Trim(text) == "true" ? 1 : 0;
    } else if (type_ == "e") {
      cell.cell.kind = SheetCell::Kind::kError;
    } else if (type_ == "s") {
      size_t index = 0;
      const std::string_view digits = Trim(text);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
      if (digits.empty()) return Status::Ok();
      if (error != std::errc() || end != digits.data() + digits.size() || index >= parts_.strings.size()) {
        return Status::Invalid(Place() + ": refers to shared string '" + std::string(digits.substr(0, 20)) +
                               "' of " + std::to_string(parts_.strings.size()) +
                               "; the workbook is damaged, export it again");
      }
      cell.cell.text = parts_.strings[index];
      cell.size = 0;
      if (cell.cell.text.empty()) return Status::Ok();
    }  // "str" (of a formula), "inlineStr" and "d" (an ISO date) are text
    cells_.push_back(cell);
    return Status::Ok();
  }

  Status EndRow() {
    done_.clear();
    for (Pending& pending : cells_) {
      if (pending.size > 0) pending.cell.text = std::string_view(text_).substr(pending.begin, pending.size);
      done_.push_back(pending.cell);
    }
    if (done_.empty()) return Status::Ok();
    return on_row_({sheet_, row_, parts_.date_1904, done_});
  }

  // A cell whose text is known by its place in text_, which may still move.
  struct Pending {
    SheetCell cell;
    size_t begin = 0;
    size_t size = 0;
  };

  const XlsxParts& parts_;
  const uint32_t sheet_;
  const SheetOptions& options_;
  const SheetRowCallback& on_row_;
  uint32_t row_ = 0;
  uint32_t column_ = 0;
  uint32_t next_column_ = 0;
  std::string type_;
  bool date_style_ = false;
  bool in_cell_ = false;
  bool in_text_ = false;
  bool in_phonetic_ = false;
  std::string text_;       // of all cells of the row
  size_t cell_begin_ = 0;  // where the open cell's text begins
  std::vector<Pending> cells_;
  std::vector<SheetCell> done_;
};

Status ReadSheets(ZipReader& zip, const SheetOptions& options, const SheetRowCallback& on_row) {
  FW_ASSIGN_OR_RETURN(const XlsxParts parts, ReadXlsxParts(zip, options));
  const size_t sheets = options.all_sheets ? parts.sheets.size() : 1;
  for (size_t i = 0; i < sheets; ++i) {
    WorksheetHandler handler(parts, static_cast<uint32_t>(i), options, on_row);
    XmlPump pump(handler);
    const std::string& part = parts.sheets[i].part;
    FW_RETURN_IF_ERROR(zip.Read(part, [&](std::string_view piece) { return pump.Feed(piece); }));
    FW_RETURN_IF_ERROR(pump.Finish().WithPrefix("part '" + part + "'"));
  }
  return Status::Ok();
}

}  // namespace

Status ReadXlsx(const std::filesystem::path& path, const SheetOptions& options,
                const SheetRowCallback& on_row) {
  FW_ASSIGN_OR_RETURN(ZipReader zip, ZipReader::Open(path, {options.max_entry_bytes, options.max_ratio}));
  return ReadSheets(zip, options, on_row);
}

Status ReadXlsxBytes(std::string_view bytes, const SheetOptions& options, const SheetRowCallback& on_row) {
  FW_ASSIGN_OR_RETURN(ZipReader zip,
                      ZipReader::OpenBytes(bytes, {options.max_entry_bytes, options.max_ratio}));
  return ReadSheets(zip, options, on_row);
}

}  // namespace forewarn
