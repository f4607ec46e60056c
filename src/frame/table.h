// Table: a file's content before its meaning is known: named columns, each of numbers, times or text, every
// cell may be null. Readers (CSV, Parquet) make Tables; ToFrame keeps the numeric columns over the timestamp
// column.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"
#include "frame/frame.h"

namespace forewarn {

struct TextColumn {
  std::vector<std::string> values;
  std::vector<bool> valid;
};
struct TimeColumn {
  std::vector<PlantTime> values;  // kNoTime = null
};
struct NumberColumn {
  std::vector<double> values;  // NaN = null
  bool integer = false;        // every valid cell was written as an integer
};

struct TableColumn {
  std::string name;  // as in the file
  std::variant<NumberColumn, TimeColumn, TextColumn> data;
  size_t size() const;
};

struct Table {
  std::vector<TableColumn> columns;
  size_t rows() const { return columns.empty() ? 0 : columns.front().size(); }
  const TableColumn* Find(std::string_view name) const;  // exact name, or null
  std::vector<std::string> Names() const;
};

// What ToFrame had to set aside; nothing is dropped silently.
struct ToFrameReport {
  size_t rows = 0;                                          // rows of the table
  size_t unreadable_times = 0;                              // rows without a readable timestamp: left out
  size_t duplicate_times = 0;                               // rows replaced by a later row of the same time
  size_t out_of_order = 0;                                  // rows that stood before an earlier time
  std::vector<size_t> first_unreadable_rows;                // the first few, 1-based data rows
  std::vector<std::pair<std::string, size_t>> non_numeric;  // column, cells that became null

  std::vector<std::string> Words() const;  // a sentence each; none where nothing was set aside
};

// Names trimmed and lower-cased; `time_column` (case-insensitive) gives the grid; rows sorted by time,
// duplicates keep the last row in file order; text columns become numbers where they can and null where not.
// Fails without the time column or when two columns end up with one name.
Result<Frame> ToFrame(const Table& table, const std::string& time_column, ToFrameReport* report);

}  // namespace forewarn
