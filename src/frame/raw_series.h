// RawSeries: one tag's readings as a historian gave them, before any cleaning; structure of arrays, 21 bytes
// a reading (the file is kept as runs, since readings of one file stand together). Order is the files' order
// (unsorted, duplicates kept). Filled by io's readers, consumed by ingest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/plant_time.h"

namespace forewarn {

enum class Quality : uint8_t { kGood = 0, kUncertain = 1, kBad = 2 };

// Readings from `begin` to the next run's begin come from `file`.
struct FileRun {
  size_t begin = 0;
  uint32_t file = 0;  // index into RawData::files
};

struct RawSeries {
  std::string tag;               // a tag's, or a loop's "<id>_pv": lower case
  std::vector<PlantTime> times;  // plant-local
  std::vector<double> values;    // finite
  std::vector<Quality> quality;
  std::vector<uint32_t> row;       // row in its file, 1-based, header rows counted
  std::vector<FileRun> file_runs;  // ascending begin; the first begins at 0

  size_t size() const { return times.size(); }
  void Add(PlantTime time, double value, Quality q, uint32_t from_file, uint32_t from_row) {
    BeginFile(from_file);
    times.push_back(time);
    values.push_back(value);
    quality.push_back(q);
    row.push_back(from_row);
  }
  // Readings added from here on come from this file.
  void BeginFile(uint32_t from_file) {
    if (file_runs.empty() || file_runs.back().file != from_file) file_runs.push_back({size(), from_file});
  }
  uint32_t FileOf(size_t i) const {
    const auto after = std::upper_bound(file_runs.begin(), file_runs.end(), i,
                                        [](size_t index, const FileRun& run) { return index < run.begin; });
    return std::prev(after)->file;
  }
};

// A row that could not become a reading: nothing is dropped without one of these being counted.
struct RejectedPlace {
  uint32_t file = 0;
  uint32_t row = 0;
  std::string text;  // the offending cell, shortened to 80 bytes
};

struct Rejections {
  static constexpr size_t kPlaces = 5;
  uint64_t count = 0;
  std::vector<RejectedPlace> places;  // the first kPlaces
  void Add(uint32_t file, uint32_t row, std::string_view text) {
    if (count++ < kPlaces) places.push_back({file, row, std::string(text.substr(0, 80))});
  }
};

// Everything read from a set of files: series by tag, and for each tag (or "" where no tag is known) the
// rejected rows by reason ("state string 'Bad'", "no time", "not a number", …).
struct RawData {
  std::vector<std::string> files;
  std::map<std::string, RawSeries> series;
  std::map<std::string, std::map<std::string, Rejections>> rejected;
  std::map<std::string, uint64_t> rows_read;  // data rows seen, by tag
  std::vector<std::string> notes;             // what else a person should know ("2 files for tag x: …")
};

}  // namespace forewarn
