// Reader of .xls workbooks (BIFF5 and BIFF8 in a compound file; MS-XLS) as rows of cells. Our own, because
// the packaged library cuts times to whole seconds, does not tell errors, booleans and formula strings, and
// cannot be fuzzed from inside. A sheet's cells are held in memory (at most 65,536 rows) and handed on sorted
// by row. Safe from any thread.
#pragma once

#include <filesystem>

#include "io/sheet.h"

namespace forewarn {

// As ReadXlsx. Older formats (BIFF2-4), protected and damaged workbooks fail in words.
Status ReadXls(const std::filesystem::path& path, const SheetOptions& options,
               const SheetRowCallback& on_row);
Status ReadXlsBytes(std::string_view bytes, const SheetOptions& options, const SheetRowCallback& on_row);

}  // namespace forewarn
