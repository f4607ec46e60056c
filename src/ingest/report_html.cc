#include <fmt/format.h>

#include "core/names.h"
#include "ingest/report.h"

namespace forewarn {
namespace {

constexpr char kHead[] = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ingest report</title><style>
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#1b2430;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
div.wide{overflow-x:auto}th,td{padding:.3rem .55rem;border-bottom:1px solid #dde3ea;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}th{background:#f3f6f9}
.bad{color:#a4262c;font-weight:600}.muted{color:#5b6775}
@media(prefers-color-scheme:dark){body{background:#14191f;color:#dfe6ee}th{background:#1f2730}th,td{border-color:#2d3742}
.bad{color:#ff8a80}.muted{color:#9aa7b5}}
</style></head><body>
)";

// Text of a file must not become markup. Bytes that are no UTF-8 are shown as '?'.
std::string Escape(std::string_view text) {
  const bool utf8 = IsValidUtf8(text);
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += !utf8 && (static_cast<unsigned char>(c) & 0x80) != 0 ? '?' : c;
    }
  }
  return out;
}

std::string Time(PlantTime time) { return time == kNoTime ? "" : FormatPlantTime(time); }
std::string Cell(std::string_view text) { return "<td>" + Escape(text) + "</td>"; }
std::string Count(uint64_t n) { return fmt::format("<td class=n>{}</td>", n); }
std::string Number(double value) {
  return IsValid(value) ? fmt::format("<td class=n>{:.6g}</td>", value) : std::string("<td class=n></td>");
}

// One table: the names of the columns ("#x" is a number's), then rows made by the caller.
std::string Table(std::initializer_list<const char*> names, const std::string& rows) {
  std::string out = "<div class=wide><table><thead><tr>";
  for (const char* name : names) {
    out += *name == '#' ? fmt::format("<th class=n>{}</th>", name + 1) : fmt::format("<th>{}</th>", name);
  }
  return out + "</tr></thead><tbody>\n" + rows + "</tbody></table></div>\n";
}

std::string Name(const SeriesReport& series) {
  if (series.tag.empty()) return "<td class=muted>rows of no tag</td>";
  return series.in_plant ? Cell(series.tag)
                         : "<td>" + Escape(series.tag) + " <span class=bad>not of this plant</span></td>";
}

std::string Places(const ReportRows& rows) {
  std::string out;
  for (const ReportPlace& place : rows.places) {
    out += fmt::format("{}{}:{}", out.empty() ? "" : ", ", Escape(place.file), place.row);
    if (!place.text.empty()) out += " “" + Escape(place.text) + "”";
  }
  return rows.count > rows.places.size() && !out.empty() ? out + ", …" : out;
}

std::string RowsTable(const IngestReport& report) {
  std::string rows;
  for (const SeriesReport& s : report.series) {
    rows += "<tr>" + Name(s) + Count(s.rows_read) + Count(s.accepted) + Count(s.rejected) +
            Count(s.bad_quality.count) + Count(s.duplicates.count) + Count(s.out_of_order.count) +
            Count(s.uncertain) + Cell(Time(s.first)) + Cell(Time(s.last)) + "</tr>\n";
  }
  return Table({"series", "#rows read", "#accepted", "#rejected", "#bad quality", "#duplicates",
                "#out of order", "#uncertain", "first", "last"},
               rows);
}

std::string FateTable(const IngestReport& report) {
  std::string rows;
  const auto add = [&](const SeriesReport& s, const ReportRows& fate, const std::string& what) {
    if (fate.count == 0) return;
    rows += "<tr>" + Name(s) + Cell(what) + Count(fate.count) + "<td>" + Places(fate) + "</td></tr>\n";
  };
  for (const SeriesReport& s : report.series) {
    for (const ReportRows& rejected : s.rejections) add(s, rejected, "rejected: " + rejected.reason);
    add(s, s.bad_quality, "rejected: bad quality");
    add(s, s.duplicates, "replaced by a later reading of the same time");
    add(s, s.out_of_order, "out of order (kept)");
  }
  if (rows.empty()) return "<p>Every row became a reading, in order.</p>\n";
  return Table({"series", "what happened", "#rows", "first places (file:row)"}, rows);
}

std::string StatisticsTable(const IngestReport& report) {
  std::string rows;
  for (const SeriesReport& s : report.series) {
    if (s.accepted == 0) continue;
    rows += "<tr>" + Name(s) + Cell(s.unit) + Number(s.statistics.min) + Number(s.statistics.max) +
            Number(s.statistics.mean) + Number(s.statistics.std) + Number(s.statistics.median) + "</tr>\n";
  }
  return Table({"series", "unit", "#min", "#max", "#mean", "#std", "#median"}, rows);
}

std::string CellsTable(const IngestReport& report) {
  std::string rows;
  for (const SeriesReport& s : report.series) {
    if (!s.in_table) continue;
    std::string gaps;
    for (const ReportGap& gap : s.first_gaps) {
      gaps += fmt::format("{}{} ({})", gaps.empty() ? "" : ", ", Time(gap.from),
                          FormatDuration(static_cast<PlantTime>(gap.cells) * report.interval));
    }
    rows += "<tr>" + Name(s) + Count(s.cells.observed) + Count(s.cells.forward) + Count(s.cells.fixed) +
            Count(s.cells.carried) + Count(s.cells.interpolated) + Count(s.cells.median) +
            Count(s.cells.null) + Count(s.gaps) + Count(s.longest_gap) + Cell(gaps) + "</tr>\n";
  }
  return Table({"series", "#with readings", "#forward", "#fixed setpoint", "#carried", "#interpolated",
                "#median", "#null", "#gaps", "#longest (cells)", "first gaps"},
               rows);
}

std::string Verdicts(const IngestReport& report) {
  std::string out;
  for (const SeriesReport& s : report.series) {
    for (const std::string& verdict : s.verdicts) {
      out += "<li><b>" + Escape(s.tag) + "</b>: <span class=bad>" + Escape(verdict) + "</span></li>\n";
    }
  }
  return out.empty() ? "<p>No stuck, saturated or silent sensor.</p>\n" : "<ul>\n" + out + "</ul>\n";
}

std::string PeriodsTable(const IngestReport& report) {
  if (report.periods.empty()) return "<p>None: no rule fired and no known period overlaps.</p>\n";
  std::string rows;
  for (const AnomalousPeriod& period : report.periods) {
    rows += "<tr>" + Cell(Time(period.from)) + Cell(Time(period.to)) + Count(period.rows) +
            Cell(JoinNames(period.causes, "; ")) + "</tr>\n";
  }
  return Table({"from", "to", "#rows", "why"}, rows);
}

}  // namespace

std::string ReportHtml(const IngestReport& report) {
  std::string out = kHead;
  out += fmt::format(
      "<h1>Ingest report: {}</h1>\n<p>{} rows of {} from {} to {}, {} columns, from {} file(s): {}</p>\n",
      Escape(report.plant), report.rows, FormatDuration(report.interval), Time(report.from), Time(report.to),
      report.columns.size(), report.files.size(), Escape(JoinNames(report.files)));
  if (!report.notes.empty()) {
    out += "<h2>Notes</h2><ul>\n";
    for (const std::string& note : report.notes) out += "<li>" + Escape(note) + "</li>\n";
    out += "</ul>\n";
  }
  out += "<h2>Verdicts</h2>\n" + Verdicts(report);
  out += "<h2>Rows</h2>\n" + RowsTable(report);
  out += "<h2>Rows that did not become readings as they stood</h2>\n" + FateTable(report);
  out += "<h2>Statistics of the readings</h2>\n" + StatisticsTable(report);
  out += "<h2>Cells of the table</h2>\n" + CellsTable(report);
  out += "<h2>Anomalous periods</h2>\n" + PeriodsTable(report);
  return out + "</body></html>\n";
}

}  // namespace forewarn
