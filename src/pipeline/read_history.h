// ReadHistory: any mix of historian files (workbooks, CSV, Parquet; a folder stands for its files) → RawData
// for ingest. Wires io's readers to the plant file: which workbook is which tag, zone and date format. The
// result does not depend on the number of threads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "frame/raw_series.h"
#include "io/historian_workbook.h"
#include "plant/plant.h"

namespace forewarn {

// The tag or controller a workbook belongs to, by its name without folder and ending: the tag's own name
// first, then every `files` pattern and the name as a word ("Export LOOP 2014"), all without regard to
// case. No match is an error that lists the patterns, more than one an error that names the tags.
Result<WorkbookTag> FindWorkbookTag(const Plant& plant, const std::filesystem::path& path);

// Reads all files in the order given. Two workbooks of one tag are joined, and a note says so; so are files
// left out of a folder for their ending. A series named "loop.pv" or "LOOP-PV" counts as
// "loop_pv" where the plant has it.
Result<RawData> ReadHistory(const std::vector<std::filesystem::path>& inputs, const Plant& plant, int threads,
                            const Progress& progress = {});

}  // namespace forewarn
