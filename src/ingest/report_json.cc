#include "ingest/report.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

Json Time(PlantTime time) { return time == kNoTime ? Json(nullptr) : Json(FormatPlantTime(time)); }
Json Number(double value) { return IsValid(value) ? Json(value) : Json(nullptr); }

Json Rows(const ReportRows& rows) {
  Json places = Json::array();
  for (const ReportPlace& place : rows.places) {
    Json one = {{"file", place.file}, {"row", place.row}};
    if (!place.text.empty()) one["text"] = place.text;
    places.push_back(std::move(one));
  }
  Json out = Json::object();
  if (!rows.reason.empty()) out["reason"] = rows.reason;
  out["count"] = rows.count;
  out["places"] = std::move(places);
  return out;
}

Json Series(const SeriesReport& s) {
  Json rejections = Json::array();
  for (const ReportRows& rows : s.rejections) rejections.push_back(Rows(rows));
  Json gaps = Json::array();
  for (const ReportGap& gap : s.first_gaps) gaps.push_back({{"from", Time(gap.from)}, {"cells", gap.cells}});
  return {{"tag", s.tag},
          {"unit", s.unit},
          {"in_plant", s.in_plant},
          {"in_table", s.in_table},
          {"rows_read", s.rows_read},
          {"accepted", s.accepted},
          {"rejected", s.rejected},
          {"rejections", std::move(rejections)},
          {"bad_quality", Rows(s.bad_quality)},
          {"duplicates", Rows(s.duplicates)},
          {"out_of_order", Rows(s.out_of_order)},
          {"uncertain", s.uncertain},
          {"first", Time(s.first)},
          {"last", Time(s.last)},
          {"min", Number(s.statistics.min)},
          {"max", Number(s.statistics.max)},
          {"mean", Number(s.statistics.mean)},
          {"std", Number(s.statistics.std)},
          {"median", Number(s.statistics.median)},
          {"gaps", {{"count", s.gaps}, {"longest_cells", s.longest_gap}, {"first", std::move(gaps)}}},
          {"cells",
           {{"observed", s.cells.observed},
            {"forward", s.cells.forward},
            {"sp_fixed", s.cells.fixed},
            {"carried", s.cells.carried},
            {"interpolated", s.cells.interpolated},
            {"median", s.cells.median},
            {"null", s.cells.null}}},
          {"verdicts", s.verdicts}};
}

}  // namespace

Json ReportJson(const IngestReport& report) {
  Json series = Json::array();
  for (const SeriesReport& one : report.series) series.push_back(Series(one));
  Json periods = Json::array();
  for (const AnomalousPeriod& period : report.periods) {
    periods.push_back({{"from", Time(period.from)},
                       {"to", Time(period.to)},
                       {"rows", period.rows},
                       {"causes", period.causes}});
  }
  return {{"plant", report.plant},
          {"files", report.files},
          {"interval", FormatDuration(report.interval)},
          {"from", Time(report.from)},
          {"to", Time(report.to)},
          {"rows", report.rows},
          {"columns", report.columns},
          {"notes", report.notes},
          {"series", std::move(series)},
          {"anomalous_periods", std::move(periods)}};
}

}  // namespace forewarn
