// Reader of XLSX workbooks (ECMA-376, transitional and strict) as rows of cells, on libzip and expat.
// Streaming: memory holds the shared strings and one row. Reads numbers, shared, inline and formula strings,
// booleans, errors, dates by style, both date systems, any namespace prefix; refuses entities, zip bombs and
// boundless cells (SheetOptions). Safe from any thread, each call on its own.
#pragma once

#include <filesystem>

#include "io/sheet.h"

namespace forewarn {

// Errors name neither the file (the caller's job) nor stop with part of a row: each row handed on was whole.
Status ReadXlsx(const std::filesystem::path& path, const SheetOptions& options,
                const SheetRowCallback& on_row);
// The same of bytes in memory.
Status ReadXlsxBytes(std::string_view bytes, const SheetOptions& options, const SheetRowCallback& on_row);

}  // namespace forewarn
