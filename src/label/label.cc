#include "label/label.h"

#include <algorithm>

#include "plant/columns.h"
#include "plant/derived.h"

namespace forewarn {
namespace {

// Adds the columns the rules read and the table lacks, where its other columns give them.
std::vector<std::string> AddMissingColumns(const Plant& plant, Frame& table) {
  std::vector<std::string> computed;
  for (const auto* rules : {&plant.label.alarm, &plant.label.transition}) {
    for (const Rule& rule : *rules) {
      for (const std::string& column : rule.columns()) {
        if (!table.Has(column) && AddDerivedColumn(plant, column, table)) computed.push_back(column);
      }
    }
  }
  return computed;
}

// Evaluates reasons of one kind; any[r] says whether one of them holds.
struct ReasonCounter {
  explicit ReasonCounter(size_t rows) : any(rows), holding(rows) {}

  void Add(LabelReason reason, std::vector<bool> hits) {
    for (size_t r = 0; r < any.size(); ++r) {
      if (!hits[r]) continue;
      ++reason.rows;
      ++holding[r];
      any[r] = true;
    }
    reasons.push_back(std::move(reason));
    hits_of.push_back(std::move(hits));
  }

  std::vector<LabelReason> Finish() {
    for (size_t i = 0; i < reasons.size(); ++i) {
      for (size_t r = 0; r < any.size(); ++r) reasons[i].alone += hits_of[i][r] && holding[r] == 1 ? 1 : 0;
    }
    return std::move(reasons);
  }

  std::vector<bool> any;
  std::vector<uint32_t> holding;  // reasons that hold, by row
  std::vector<LabelReason> reasons;
  std::vector<std::vector<bool>> hits_of;
};

size_t RowsWithNull(const Rule& rule, const Frame& table) {
  std::vector<bool> null(table.rows());
  for (const std::string& column : rule.columns()) {
    const auto& cells = table[column];
    for (size_t r = 0; r < cells.size(); ++r) null[r] = null[r] || !IsValid(cells[r]);
  }
  return static_cast<size_t>(std::count(null.begin(), null.end(), true));
}

Result<ReasonCounter> CountRules(const std::vector<Rule>& rules, const Frame& table) {
  ReasonCounter counter(table.rows());
  for (const Rule& rule : rules) {
    auto hits = rule.Evaluate(table);
    if (!hits.ok()) return hits.status().WithPrefix("label rule '" + rule.text() + "'");
    LabelReason reason;
    reason.text = rule.text();
    reason.undecided = RowsWithNull(rule, table);
    counter.Add(std::move(reason), *std::move(hits));
  }
  return counter;
}

ReasonCounter CountPeriods(const std::vector<LabelPeriod>& periods, const Frame& table) {
  ReasonCounter counter(table.rows());
  for (const LabelPeriod& period : periods) {
    std::vector<bool> hits(table.rows());
    for (size_t r = 0; r < hits.size(); ++r) {
      hits[r] = table.times()[r] >= period.from && table.times()[r] <= period.to;
    }
    LabelReason reason;
    reason.text = FormatPlantTime(period.from) + " to " + FormatPlantTime(period.to);
    reason.note = period.note;
    counter.Add(std::move(reason), std::move(hits));
  }
  return counter;
}

}  // namespace

Result<LabelResult> LabelTable(const Plant& plant, const Frame& table) {
  LabelResult out;
  out.table = table;
  out.rule_alarm.assign(table.rows(), 0);
  LabelReport& report = out.report;
  report.rows = table.rows();
  if (plant.label.empty()) return out;
  report.labelled = true;
  report.replaced = table.Has(kLabelColumn) || table.Has(kRegimeColumn);
  out.table.Drop(kLabelColumn);
  out.table.Drop(kRegimeColumn);
  report.computed = AddMissingColumns(plant, out.table);

  ReasonCounter periods = CountPeriods(plant.label.periods, out.table);
  FW_ASSIGN_OR_RETURN(ReasonCounter alarm, CountRules(plant.label.alarm, out.table));
  FW_ASSIGN_OR_RETURN(ReasonCounter transition, CountRules(plant.label.transition, out.table));

  std::vector<double> label(table.rows());
  std::vector<double> regime(table.rows());
  for (size_t r = 0; r < table.rows(); ++r) {
    const bool anomaly = periods.any[r] || alarm.any[r];
    const Regime state = anomaly ? kRegimeAlarm : transition.any[r] ? kRegimeTransition : kRegimeNormal;
    label[r] = anomaly ? 1 : 0;
    regime[r] = state;
    out.rule_alarm[r] = alarm.any[r] ? 1 : 0;
    ++report.regimes[state];
    report.anomalies += anomaly ? 1 : 0;
    report.rule_alarms += alarm.any[r] ? 1 : 0;
    report.events += anomaly && (r == 0 || label[r - 1] == 0) ? 1 : 0;
  }
  out.table.Set(kLabelColumn, std::move(label));
  out.table.Set(kRegimeColumn, std::move(regime));
  report.periods = periods.Finish();
  report.alarm = alarm.Finish();
  report.transition = transition.Finish();
  return out;
}

}  // namespace forewarn
