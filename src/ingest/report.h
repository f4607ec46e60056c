// IngestReport: what became of every row a historian gave. For each series
//   rows_read == accepted + rejected + bad_quality + duplicates        (Balanced())
// so that nothing is dropped silently. A plain value, made by Ingest, shown as text, JSON or a self-contained
// HTML page.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/plant_time.h"
#include "frame/frame.h"

namespace forewarn {

struct ReportPlace {
  std::string file;
  uint32_t row = 0;  // 1-based, header rows counted
  std::string text;  // the cell, where there is one
};

// Rows with one fate and the first few places of them.
struct ReportRows {
  std::string reason;
  uint64_t count = 0;
  std::vector<ReportPlace> places;
};

// Grid cells of a series by what they hold.
struct CellCounts {
  uint64_t observed = 0;
  uint64_t forward = 0;       // last value filled forward
  uint64_t fixed = 0;         // the plant file's fixed setpoint
  uint64_t carried = 0;       // a setpoint carried on
  uint64_t interpolated = 0;  // looks ahead
  uint64_t median = 0;        // looks ahead
  uint64_t null = 0;          // left empty
};

// A run of grid cells without a reading between two that have one.
struct ReportGap {
  PlantTime from = 0;  // first empty cell
  uint64_t cells = 0;
};

struct SeriesStatistics {  // of the accepted readings
  double min = kNull;
  double max = kNull;
  double mean = kNull;
  double std = kNull;  // sample; 0 of one reading
  double median = kNull;
};

struct SeriesReport {
  std::string tag;
  std::string unit;
  bool in_plant = true;  // false: the plant file knows no such tag, all its rows are rejected
  bool in_table = false;
  uint64_t rows_read = 0;
  uint64_t accepted = 0;
  uint64_t rejected = 0;  // sum over rejections
  std::vector<ReportRows> rejections;
  ReportRows bad_quality;
  ReportRows duplicates;    // readings replaced by a later one of the same time
  ReportRows out_of_order;  // accepted, but stood after a later time in its file
  uint64_t uncertain = 0;   // accepted with uncertain quality
  PlantTime first = kNoTime;
  PlantTime last = kNoTime;
  SeriesStatistics statistics;
  uint64_t gaps = 0;
  uint64_t longest_gap = 0;  // cells
  std::vector<ReportGap> first_gaps;
  CellCounts cells;
  std::vector<std::string> verdicts;  // "stuck at 105.1 …", "saturated: …", "no readings"
  bool Balanced() const { return rows_read == accepted + rejected + bad_quality.count + duplicates.count; }
};

struct AnomalousPeriod {
  PlantTime from = 0;  // first and last grid cell
  PlantTime to = 0;
  uint64_t rows = 0;
  std::vector<std::string> causes;  // rules that fired, or "known period: note"
};

struct IngestReport {
  std::string plant;
  std::vector<std::string> files;
  PlantTime interval = kHour;
  PlantTime from = kNoTime;  // first and last grid cell
  PlantTime to = kNoTime;
  uint64_t rows = 0;  // of the table
  std::vector<std::string> columns;
  std::vector<std::string> notes;    // "2 files are joined for level: …", "rule … not evaluated: …"
  std::vector<SeriesReport> series;  // the plant's, in its order, then unknown ones; rows of no tag as tag ""
  std::vector<AnomalousPeriod> periods;
};

std::string ReportText(const IngestReport& report);
nlohmann::ordered_json ReportJson(const IngestReport& report);
std::string ReportHtml(const IngestReport& report);

}  // namespace forewarn
