#include "api/warning_log.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "live/json_text.h"
#include "live/live_json.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

std::optional<PlantTime> Known(PlantTime time) {
  return time == kNoTime ? std::nullopt : std::optional<PlantTime>(time);
}

std::optional<double> Hours(const std::optional<PlantTime>& duration) {
  if (!duration) return std::nullopt;
  return static_cast<double>(*duration) / static_cast<double>(kHour);
}

Warning RowOf(const LiveWarning& warning, int64_t now_us) {
  Warning row;
  row.horizon = warning.horizon;
  row.horizon_hours = warning.horizon_hours;
  row.plant_rise = warning.rise;
  row.plant_told = warning.told;
  row.rise_us = now_us;
  row.plant_end = Known(warning.end);
  row.plant_alarm = Known(warning.alarm);
  row.lead_hours = Hours(warning.lead());
  row.outcome = WarningOutcomeName(warning.outcome);
  row.probability = warning.probability;
  row.peak_probability = warning.peak;
  row.threshold = warning.threshold;
  row.drivers = DriversText(warning.drivers);
  row.model = warning.model.name;
  row.version = warning.model.version;
  row.skill = warning.model.skill;
  return row;
}

Alarm RowOf(const LiveAlarm& alarm, int64_t now_us) {
  Alarm row;
  row.plant_start = alarm.began;
  row.plant_end = Known(alarm.ended);
  row.rules = nlohmann::json(alarm.rules).dump();
  row.lead_hours = Hours(alarm.lead);
  row.start_us = now_us;
  return row;
}

std::string TimeOrNull(const std::optional<PlantTime>& time, const PlantZone& zone) {
  return time ? fmt::format("\"{}\"", zone.Iso(*time)) : "null";
}

// What a person added: {"by","at","note"}, with the verdict in front where there is one.
std::string Remark(const std::string& by, int64_t at_us, const std::string& note,
                   const std::string& verdict) {
  if (by.empty()) return "null";
  const std::string front = verdict.empty() ? "" : fmt::format("\"verdict\":{},", JsonText(verdict));
  return fmt::format(R"({{{}"by":{},"at":"{}","note":{}}})", front, JsonText(by), IsoUtc(at_us),
                     JsonText(note));
}

}  // namespace

Result<WatchRecord> StoreWarningLog::Load() {
  FW_ASSIGN_OR_RETURN(WatchState state, store_.GetWatchState());
  return WatchRecord{state.last_hour, std::move(state.state)};
}

Status StoreWarningLog::Commit(const WatchStep& step) {
  const int64_t now_us = clock_();
  RecordWatch write;
  for (const LiveWarning& warning : step.warnings) write.warnings.push_back(RowOf(warning, now_us));
  for (const LiveAlarm& alarm : step.alarms) write.alarms.push_back(RowOf(alarm, now_us));
  for (const HourRiskPtr& hour : step.hours) {
    const std::optional<bool> in_alarm =
        hour->alarm_known ? std::optional<bool>(!hour->alarm_rules.empty()) : std::nullopt;
    write.hours.push_back({hour->time, in_alarm, RiskText(*hour, zone_), now_us});
  }
  write.state = WatchState{step.record.last_hour, step.record.state};
  return store_.Apply(std::move(write)).status();
}

std::string WarningJson(const Warning& w, std::string_view change, const PlantZone& zone) {
  const std::string changed = change.empty() ? "" : fmt::format("\"change\":\"{}\",", change);
  return fmt::format(
      R"({{"id":{},{}"horizon":{},"horizon_hours":{},"rise":"{}","told":"{}","end":{},"probability":{},"threshold":{},"peak":{},"drivers":{},"model":{{"name":{},"version":{},"skill":{}}},"outcome":"{}","alarm":{},"lead_hours":{},"ack":{},"verdict":{}}})",
      w.id, changed, JsonText(w.horizon), NumberText(w.horizon_hours), zone.Iso(w.plant_rise),
      zone.Iso(w.plant_told), TimeOrNull(w.plant_end, zone), NumberText(w.probability),
      NumberText(w.threshold), NumberText(w.peak_probability), w.drivers, JsonText(w.model), w.version,
      JsonText(w.skill), w.outcome, TimeOrNull(w.plant_alarm, zone),
      w.lead_hours ? NumberText(*w.lead_hours) : "null", Remark(w.ack_by, w.ack_us, w.ack_note, ""),
      Remark(w.verdict_by, w.verdict_us, w.verdict_note, w.verdict));
}

}  // namespace forewarn
