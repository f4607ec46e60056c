#include "ingest/periods.h"

#include <fmt/format.h>

namespace forewarn {

void FindPeriods(const Plant& plant, const Frame& table, IngestReport& report) {
  struct Cause {
    std::string text;
    std::vector<bool> rows;
  };
  std::vector<Cause> causes;
  for (const LabelPeriod& period : plant.label.periods) {
    Cause cause{period.note.empty() ? "known period" : "known period: " + period.note, {}};
    for (const PlantTime time : table.times()) cause.rows.push_back(time >= period.from && time <= period.to);
    causes.push_back(std::move(cause));
  }
  for (const Rule& rule : plant.label.alarm) {
    Status known = rule.Check(table.names());
    auto rows = known.ok() ? rule.Evaluate(table) : Result<std::vector<bool>>(known);
    if (rows.ok()) {
      causes.push_back({rule.text(), std::move(*rows)});
    } else {
      report.notes.push_back(fmt::format("rule '{}' was not evaluated: {}", rule.text(), rows.message()));
    }
  }
  AnomalousPeriod* open = nullptr;
  for (size_t r = 0; r < table.rows(); ++r) {
    bool any = false;
    for (const Cause& cause : causes) {
      if (!cause.rows[r]) continue;
      if (!any && open == nullptr)
        open = &report.periods.emplace_back(AnomalousPeriod{table.times()[r], 0, 0, {}});
      any = true;
      if (std::find(open->causes.begin(), open->causes.end(), cause.text) == open->causes.end()) {
        open->causes.push_back(cause.text);
      }
    }
    if (!any) {
      open = nullptr;
      continue;
    }
    open->to = table.times()[r];
    ++open->rows;
  }
}

}  // namespace forewarn
