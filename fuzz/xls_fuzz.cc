// XLS reader. First byte even: the rest is a compound file as it stands. Odd: the rest is a workbook's record
// stream, put into a compound file here. Checked: rows come in order, cells keep their promises.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "io/xls_fixture.h"
#include "io/xls_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // the fixture's table of sectors holds 126 of them
  if (size == 0 || size > 60'000) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string bytes = data[0] % 2 == 0 ? rest : forewarn::xls_fixture::Compound(rest);
  forewarn::SheetOptions options;
  options.all_sheets = true;
  options.max_string_bytes = 1 << 20;
  uint32_t sheet = 0;
  uint32_t last = 0;
  const forewarn::Status status = forewarn::ReadXlsBytes(bytes, options, [&](const forewarn::SheetRow& row) {
    if (row.sheet != sheet) last = 0;
    sheet = row.sheet;
    if (row.number <= last) std::abort();
    last = row.number;
    for (const forewarn::SheetCell& cell : row.cells) {
      if (cell.column >= options.max_columns || !std::isfinite(cell.number)) std::abort();
    }
    return forewarn::Status::Ok();
  });
  if (!status.ok() && status.message().empty()) std::abort();
  return 0;
}
