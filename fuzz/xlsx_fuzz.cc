// XLSX reader. First byte even: the rest is an archive as it stands. Odd: the rest is up to five parts of a
// workbook, separated by a NUL (sheet, workbook, shared strings, styles, relationships), zipped here, since
// random bytes rarely make a valid archive. Checked: rows keep their promises (columns within bounds, finite
// numbers, text only where it belongs).
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "io/workbook_table.h"
#include "io/xlsx_fixture.h"
#include "io/xlsx_reader.h"

namespace {

std::string Archive(std::string_view text) {
  auto parts = forewarn::xlsx_fixture::Workbook("");
  for (const char* name : {"xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml",
                           "xl/styles.xml", "xl/_rels/workbook.xml.rels"}) {
    const size_t end = text.find('\0');
    const std::string_view part = text.substr(0, end);
    if (!part.empty()) parts[name] = std::string(part);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return forewarn::xlsx_fixture::Zip(parts);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string bytes = data[0] % 2 == 0 ? std::string(rest) : Archive(rest);
  forewarn::SheetOptions options;
  options.all_sheets = true;
  options.max_entry_bytes = 1 << 22;
  options.max_string_bytes = 1 << 20;
  options.max_cell_bytes = 1 << 16;
  const forewarn::Status status = forewarn::ReadXlsxBytes(bytes, options, [&](const forewarn::SheetRow& row) {
    if (row.number == 0) std::abort();
    for (const forewarn::SheetCell& cell : row.cells) {
      if (cell.column >= options.max_columns || !std::isfinite(cell.number)) std::abort();
      if (cell.text.size() > options.max_cell_bytes) std::abort();
    }
    return forewarn::Status::Ok();
  });
  if (!status.ok() && status.message().empty()) std::abort();
  // As a table: every column as long as the others, or a message.
  const auto table = forewarn::ReadWorkbookTable(bytes, "x", {});
  if (!table.ok()) {
    if (table.message().empty()) std::abort();
    return 0;
  }
  for (const auto& column : table->columns) {
    if (column.size() != table->rows()) std::abort();
  }
  return 0;
}
