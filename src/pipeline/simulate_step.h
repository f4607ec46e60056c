// The simulate step: the simulated plant's history as raw readings, as the hourly table ingest makes of them,
// or as historian workbooks on disk. The table and the workbooks come from the same readings, so ingesting
// the workbooks gives the table. No clock; the same options give the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/progress.h"
#include "core/status.h"
#include "frame/frame.h"
#include "frame/raw_series.h"
#include "plant/plant.h"

namespace forewarn {

struct SimulateOptions {
  int64_t hours = 0;               // 1 … kMaxSimulatedHours
  std::optional<PlantTime> start;  // a full hour; default: the plant file's
  std::string scenario;            // active from the first hour on; "" = the plant by itself
  uint64_t seed = 42;
  int threads = 0;  // of ingest; 0 = one a core
  Progress progress;
};

inline constexpr int64_t kMaxSimulatedHours = 24 * 365 * 30;

// Invalid for a plant that cannot be simulated or hours out of range; NotFound lists the scenarios.
Result<RawData> SimulateReadings(const Plant& plant, const SimulateOptions& options);
// Ingest of SimulateReadings.
Result<Frame> SimulateTable(const Plant& plant, const SimulateOptions& options);

// One workbook a tag or controller, <ID>.xlsx in upper case, in `folder`, which is made where it is missing
// and then appears with all its files at once; in a folder that is there each file appears whole or not at
// all. Gives the number of files.
Result<size_t> WriteSimulatedWorkbooks(const Plant& plant, const RawData& readings,
                                       const std::filesystem::path& folder);

}  // namespace forewarn
