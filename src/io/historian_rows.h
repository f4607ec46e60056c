// One row of a historian table to readings: what the columns mean (wide or long) and what becomes of each
// cell. Shared by the CSV and the Parquet reader. A HistorianRows belongs to one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "io/historian.h"
#include "io/historian_chunk.h"
#include "io/number_text.h"
#include "io/time_text.h"

namespace forewarn {

// Which column is what; found once from the header.
struct HistorianColumns {
  static constexpr size_t kNone = static_cast<size_t>(-1);
  std::vector<std::string> names;  // as in the file
  size_t time = kNone;
  bool is_long = false;
  size_t tag = kNone, value = kNone, quality = kNone;  // long only

  // Fails, listing the columns, where there is no time column, and where two columns have one name.
  static Result<HistorianColumns> Find(std::vector<std::string> names, const std::string& time_column,
                                       const std::string& file);
};

// "good" … or an OPC code; false for anything else.
bool ParseQuality(std::string_view text, Quality& quality);

class HistorianRows {
 public:
  HistorianRows(const HistorianColumns& columns, DecimalComma comma, TimeParser times);

  // cells: one a column, `count` of them; line: 0-based from the chunk's start. All that a row gives or loses
  // goes to tags().
  void Add(const std::string_view* cells, size_t count, uint32_t line);
  TagTable& tags() { return tags_; }
  TimeParser& times() { return times_; }

 private:
  void AddLong(const std::string_view* cells, uint32_t line);
  void AddWide(const std::string_view* cells, uint32_t line);
  void AddCell(TagChunk& chunk, const TextTime& time, std::string_view time_text, std::string_view cell,
               Quality quality, uint32_t line);

  const HistorianColumns& columns_;
  DecimalComma comma_;
  TimeParser times_;
  TagTable tags_;
  std::vector<size_t> wide_tags_;  // tag index of each column
};

// Reasons shared by the readers.
std::string TimeReason(TimeIssue issue, bool empty);
std::string CellReason(CellKind kind, std::string_view cell);

}  // namespace forewarn
