#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/names.h"
#include "label/label.h"

namespace forewarn {
namespace {

// `silent`: what is said of those that hold for no row, all together; "" = each on a line of its own.
std::string ReasonLines(std::string_view title, const std::vector<LabelReason>& reasons,
                        std::string_view silent = "") {
  std::string out;
  if (reasons.empty()) return out;
  out += fmt::format("{}:\n", title);
  size_t unseen = 0;
  for (const LabelReason& reason : reasons) {
    if (!silent.empty() && reason.rows == 0) {
      ++unseen;
      continue;
    }
    out += fmt::format("  {:>6} rows ({} by it alone)  {}", reason.rows, reason.alone, reason.text);
    if (!reason.note.empty()) out += fmt::format("  [{}]", reason.note);
    if (reason.undecided > 0) out += fmt::format("  ({} rows undecided: a cell is empty)", reason.undecided);
    out += "\n";
  }
  if (unseen > 0) out += fmt::format("  {:>6} rows  {} {}\n", 0, unseen, silent);
  return out;
}

nlohmann::ordered_json ReasonsJson(const std::vector<LabelReason>& reasons, const char* name) {
  auto out = nlohmann::ordered_json::array();
  for (const LabelReason& reason : reasons) {
    nlohmann::ordered_json row = {{name, reason.text}, {"rows", reason.rows}, {"alone", reason.alone}};
    if (!reason.note.empty()) row["note"] = reason.note;
    if (reason.undecided > 0) row["undecided"] = reason.undecided;
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

std::string LabelReportText(const LabelReport& report) {
  if (!report.labelled)
    return fmt::format("{} rows; the plant has no labels, nothing was added\n", report.rows);
  const double share =
      report.rows > 0 ? 100.0 * static_cast<double>(report.anomalies) / static_cast<double>(report.rows) : 0;
  std::string out = fmt::format(
      "{} rows, {} anomalies ({:.1f} %) in {} events; regimes: {} normal, {} transition, {} alarm\n",
      report.rows, report.anomalies, share, report.events, report.regimes[kRegimeNormal],
      report.regimes[kRegimeTransition], report.regimes[kRegimeAlarm]);
  out += ReasonLines("periods", report.periods, "marked periods hold no row of this table");
  out += ReasonLines(fmt::format("alarm rules ({} rows)", report.rule_alarms), report.alarm);
  out += ReasonLines("transition rules", report.transition);
  if (!report.computed.empty())
    out += fmt::format("computed for the rules: {}\n", JoinNames(report.computed));
  if (report.replaced) out += "labels that were in the table have been replaced\n";
  return out;
}

nlohmann::ordered_json LabelReportJson(const LabelReport& report) {
  return {{"labelled", report.labelled},
          {"rows", report.rows},
          {"anomalies", report.anomalies},
          {"events", report.events},
          {"rule_alarms", report.rule_alarms},
          {"regimes",
           {{"normal", report.regimes[kRegimeNormal]},
            {"transition", report.regimes[kRegimeTransition]},
            {"alarm", report.regimes[kRegimeAlarm]}}},
          {"periods", ReasonsJson(report.periods, "period")},
          {"alarm", ReasonsJson(report.alarm, "rule")},
          {"transition", ReasonsJson(report.transition, "rule")},
          {"computed", report.computed},
          {"replaced", report.replaced}};
}

}  // namespace forewarn
