#include "live/alarm_watch.h"

#include <algorithm>

namespace forewarn {

Result<AlarmHour> EvaluateAlarm(const Plant& plant, const Frame& table) {
  AlarmHour out;
  const size_t last = table.rows() - 1;
  bool null = false;
  for (const Rule& rule : plant.label.alarm) {
    const Result<std::vector<bool>> holds = rule.Evaluate(table);
    if (!holds.ok()) return holds.status().WithPrefix("alarm rule '" + rule.text() + "'");
    if ((*holds)[last]) out.rules.push_back(rule.text());
    for (const std::string& column : rule.columns()) null = null || !IsValid(table[column][last]);
  }
  out.known = !null || !out.rules.empty();
  return out;
}

AlarmWatch::Change AlarmWatch::Step(PlantTime hour, const std::vector<std::string>& rules) {
  Change out;
  const PlantTime end = hour + options_.interval;
  const bool alarm = !rules.empty();
  // the hour that could still join it is the next one, or this one where it is in alarm
  const PlantTime next = alarm ? hour : end;
  if (open_ && next - last_end_ >= options_.merge) {
    open_->ended = last_end_;
    out.ended = std::move(open_);
    open_.reset();
  }
  if (!alarm) return out;
  last_end_ = end;
  if (open_) {
    for (const std::string& rule : rules) {
      const bool known = std::find(open_->rules.begin(), open_->rules.end(), rule) != open_->rules.end();
      if (!known) open_->rules.push_back(rule);
    }
    return out;
  }
  open_ = LiveAlarm{hour, kNoTime, rules, std::nullopt};
  out.began = open_;
  return out;
}

}  // namespace forewarn
