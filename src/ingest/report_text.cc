#include <fmt/format.h>

#include "core/names.h"
#include "ingest/report.h"

namespace forewarn {
namespace {

std::string Time(PlantTime time) { return time == kNoTime ? "-" : FormatPlantTime(time); }
std::string Number(double value) { return IsValid(value) ? fmt::format("{:.6g}", value) : "-"; }

std::string Places(const ReportRows& rows) {
  std::string out;
  for (const ReportPlace& place : rows.places) {
    out += fmt::format("{}{}:{}", out.empty() ? "" : ", ", place.file, place.row);
    if (!place.text.empty() && place.text.size() <= 24) out += fmt::format(" \"{}\"", place.text);
  }
  return rows.count > rows.places.size() && !out.empty() ? out + ", …" : out;
}

void AddRows(std::string& out, const ReportRows& rows, const char* what) {
  if (rows.count == 0) return;
  out += fmt::format("    {} {}{}{}: {}\n", rows.count, what, rows.reason.empty() ? "" : ": ", rows.reason,
                     Places(rows));
}

void AddSeries(std::string& out, const SeriesReport& s, PlantTime interval) {
  const CellCounts& c = s.cells;
  out += fmt::format(
      "  {}{}: {} rows read, {} accepted, {} rejected, {} bad quality, {} duplicates, {} out of order\n",
      s.tag.empty() ? "(rows of no tag)" : s.tag, s.in_plant || s.tag.empty() ? "" : " (not of this plant)",
      s.rows_read, s.accepted, s.rejected, s.bad_quality.count, s.duplicates.count, s.out_of_order.count);
  if (s.accepted > 0) {
    const SeriesStatistics& t = s.statistics;
    out += fmt::format("    from {} to {}; min {}, max {}, mean {}, std {}, median {} {}\n", Time(s.first),
                       Time(s.last), Number(t.min), Number(t.max), Number(t.mean), Number(t.std),
                       Number(t.median), s.unit);
  }
  if (s.in_table) {
    out += fmt::format(
        "    cells: {} with readings; filled: {} forward, {} fixed, {} carried, {} interpolated, {} median; "
        "{} null\n",
        c.observed, c.forward, c.fixed, c.carried, c.interpolated, c.median, c.null);
  }
  if (s.gaps > 0) {
    out += fmt::format("    {} gaps, the longest of {} cells; first:", s.gaps, s.longest_gap);
    for (const ReportGap& gap : s.first_gaps) {
      out += fmt::format(" {} ({})", Time(gap.from),
                         FormatDuration(static_cast<PlantTime>(gap.cells) * interval));
    }
    out += "\n";
  }
  for (const ReportRows& rows : s.rejections) AddRows(out, rows, "rejected");
  AddRows(out, s.bad_quality, "of bad quality");
  AddRows(out, s.duplicates, "replaced by a later reading of the same time");
  AddRows(out, s.out_of_order, "out of order");
  for (const std::string& verdict : s.verdicts) out += "    ! " + verdict + "\n";
}

}  // namespace

std::string ReportText(const IngestReport& report) {
  std::string out =
      fmt::format("plant {}: {} file(s), {} rows of {} from {} to {}, {} columns\n", report.plant,
                  report.files.size(), report.rows, FormatDuration(report.interval), Time(report.from),
                  Time(report.to), report.columns.size());
  for (const std::string& note : report.notes) out += "note: " + note + "\n";
  out += "series\n";
  for (const SeriesReport& series : report.series) AddSeries(out, series, report.interval);
  out += fmt::format("anomalous periods: {}\n", report.periods.size());
  for (const AnomalousPeriod& period : report.periods) {
    out += fmt::format("  {} – {} ({} rows): {}\n", Time(period.from), Time(period.to), period.rows,
                       JoinNames(period.causes, "; "));
  }
  return out;
}

}  // namespace forewarn
