#include "live/live_fill.h"

#include <algorithm>
#include <set>

#include "features/features.h"
#include "plant/derived.h"

namespace forewarn {

LiveFill::LiveFill(const Plant& plant) {
  for (const std::string& series : plant.SeriesNames()) rules_.push_back(FillRuleOf(plant, series, true));
  last_.assign(rules_.size(), kNull);
  since_.assign(rules_.size(), 0);
  for (size_t s = 0; s < rules_.size(); ++s) since_[s] = rules_[s].forward;
}

void LiveFill::Step(std::span<double> cells, std::span<uint8_t> filled) {
  for (size_t s = 0; s < cells.size(); ++s) {
    const FillRule& rule = rules_[s];
    const bool setpoint = rule.fixed || rule.carry;
    filled[s] = 0;
    if (IsValid(cells[s])) {
      last_[s] = cells[s];
      since_[s] = 0;
      continue;
    }
    const bool keeps = since_[s] < rule.forward;
    if (keeps) ++since_[s];
    if (IsValid(last_[s]) && (keeps || rule.carry)) {
      cells[s] = last_[s];
    } else if (rule.fixed) {
      cells[s] = *rule.fixed;
    }
    filled[s] = !setpoint && IsValid(cells[s]) ? 1 : 0;
  }
}

std::vector<size_t> NeededSeries(const Plant& plant) {
  std::set<std::string> columns(plant.features.point.begin(), plant.features.point.end());
  for (const std::string& sensor : plant.Sensors()) columns.insert(sensor);
  for (const std::string& of : plant.features.rolling.of) {
    if (columns.contains(RollMeanName(of)) || columns.contains(RollStdName(of))) columns.insert(of);
  }
  for (const std::string& of : plant.features.delta) {
    if (columns.contains(DeltaName(of))) columns.insert(of);
  }
  for (const Controller& controller : plant.controllers) {
    if (!columns.contains(DeviationName(controller.id))) continue;
    columns.insert(controller.id + "_pv");
    columns.insert(controller.id + "_sp");
  }
  const std::vector<std::string> series = plant.SeriesNames();
  std::vector<size_t> out;
  for (size_t s = 0; s < series.size(); ++s) {
    if (columns.contains(series[s])) out.push_back(s);
  }
  return out;
}

std::vector<uint8_t> SeriesWithExtremes(const Plant& plant) {
  std::vector<uint8_t> out;
  for (const std::string& series : plant.SeriesNames()) {
    const bool pv = std::any_of(plant.controllers.begin(), plant.controllers.end(),
                                [&](const Controller& c) { return series == c.id + "_pv"; });
    out.push_back(pv || plant.FindTag(series) != nullptr ? 1 : 0);
  }
  return out;
}

}  // namespace forewarn
