// The small parts of an XLSX archive that a sheet's cells refer to: workbook, relationships, styles, shared
// strings. Used by xlsx_reader.cc alone.
#pragma once

#include <string>
#include <vector>

#include "io/sheet.h"
#include "io/xlsx_zip.h"

namespace forewarn {

// Strings one after another; string i is text[ends[i-1], ends[i]).
class StringPool {
 public:
  size_t size() const { return ends_.size(); }
  size_t bytes() const { return text_.size(); }
  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }
  void Append(std::string_view piece) { text_ += piece; }  // to the string under construction
  void Close() { ends_.push_back(text_.size()); }
  size_t open_bytes() const { return text_.size() - (ends_.empty() ? 0 : ends_.back()); }

 private:
  std::string text_;
  std::vector<size_t> ends_;
};

struct XlsxParts {
  struct Sheet {
    std::string name;
    std::string part;  // "xl/worksheets/sheet1.xml"
  };
  bool date_1904 = false;
  std::vector<Sheet> sheets;     // worksheets alone, in the workbook's order; at least one
  std::vector<bool> date_style;  // by a cell's style index
  StringPool strings;
};

Result<XlsxParts> ReadXlsxParts(ZipReader& zip, const SheetOptions& options);

}  // namespace forewarn
