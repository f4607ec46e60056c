// Historian workbooks as the original export wrote them: one file a tag, two header rows, then value and
// time; a controller has PV in columns A/B, OP in E/F, SP in I/J, three independent series side by side. Over
// libxlsxwriter; the same series give the same bytes (fixed creation date). What historian_workbook.h reads
// back. Safe from any thread.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "frame/raw_series.h"

namespace forewarn {

struct HistorianColumn {
  std::string header;                 // "LIC31012.PV"
  const RawSeries* series = nullptr;  // readings in the order to be written
};

// One column pair (a plain tag) or three (a controller: PV, OP, SP). Appears whole or not at all. At most
// 1,048,574 readings a series; times are written to the millisecond.
Status WriteHistorianWorkbook(const std::filesystem::path& path, const std::vector<HistorianColumn>& columns);

}  // namespace forewarn
