// Historian workbooks: one file a tag, two header rows, then readings. A plain tag has its value in column A
// and its time in B; a controller has PV in A/B, OP in E/F and SP in I/J, three independent series side by
// side. Times are Excel serials (rounded to the millisecond) or text; what cannot become a reading is counted
// by reason with its place. Stateless: safe from any thread.
#pragma once

#include <filesystem>
#include <string>

#include "core/status.h"
#include "frame/raw_series.h"
#include "io/sheet.h"

namespace forewarn {

struct WorkbookTag {
  std::string id;  // lower case; a controller's series are <id>_pv, <id>_op, <id>_sp
  bool controller = false;
};

struct HistorianWorkbookOptions {
  std::string zone = "UTC";  // where text times with an offset are brought to
  std::string time_format;   // text dates beside ISO ones, see time_text.h
  SheetOptions sheets;
};

// Whether the file is a workbook, by content (a zip or compound file) or else by its ending (.xlsx, .xlsm,
// .xls).
bool LooksLikeWorkbook(const std::filesystem::path& path);

// Appends the file and its readings to data. Errors name the file; data then holds part of it and must not be
// used.
Status ReadHistorianWorkbook(const std::filesystem::path& path, const WorkbookTag& tag,
                             const HistorianWorkbookOptions& options, RawData& data);

}  // namespace forewarn
