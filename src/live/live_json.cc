#include "live/live_json.h"

#include <fmt/format.h>

#include "live/json_text.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

std::string TimeText(PlantTime local, const PlantZone& zone) {
  return local == kNoTime ? "null" : fmt::format("\"{}\"", zone.Iso(local));
}

std::string HoursText(const std::optional<PlantTime>& duration) {
  if (!duration) return "null";
  return NumberText(static_cast<double>(*duration) / static_cast<double>(kHour));
}

std::string OptionalText(const std::optional<double>& value) { return value ? NumberText(*value) : "null"; }

std::string TextsText(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? "," : "") + JsonText(text);
  return out + "]";
}

std::string ChangeText(const char* change) {
  return *change == '\0' ? "" : fmt::format("\"change\":\"{}\",", change);
}

std::string ForecastText(const HorizonForecast& f) {
  const ForecastAnswer& a = f.answer;
  return fmt::format(
      R"({{"horizon":{},"horizon_hours":{},"probability":{},"threshold":{},"alarm":{},"status":"{}","model":{},"base_value":{},"output_value":{},"output":{},"drivers":{}}})",
      JsonText(f.horizon), NumberText(a.horizon_hours), NumberText(a.probability), NumberText(a.threshold),
      a.alarm ? 1 : 0, InputStatusName(a.status), ModelText(a.model), NumberText(f.why.base_value),
      NumberText(f.why.output_value), JsonText(f.why.output), DriversText(f.why.drivers));
}

}  // namespace

std::string RiskText(const HourRisk& risk, const PlantZone& zone) {
  std::string forecasts = "[";
  for (const HorizonForecast& f : risk.forecasts) {
    forecasts += (forecasts.size() > 1 ? "," : "") + ForecastText(f);
  }
  forecasts += "]";
  const std::string blend = risk.blend_smoothed
                                ? fmt::format(R"({{"raw":{},"smoothed":{}}})", OptionalText(risk.blend),
                                              NumberText(*risk.blend_smoothed))
                                : "null";
  return fmt::format(
      R"({{"timestamp":{},"known_at":{},"status":"{}","forecasts":{},"blend":{},"index":{},"warning":{},"alarm":{},"alarm_rules":{},"alarm_known":{},"reason":{},"replayed":{}}})",
      TimeText(risk.time, zone), TimeText(risk.known_at, zone), InputStatusName(risk.status), forecasts,
      blend, OptionalText(risk.index), risk.warning ? WarningText(*risk.warning, "", zone) : "null",
      risk.alarm ? AlarmText(*risk.alarm, "", zone) : "null", TextsText(risk.alarm_rules), risk.alarm_known,
      JsonText(risk.reason), risk.replayed);
}

std::string WarningText(const LiveWarning& w, const char* change, const PlantZone& zone) {
  return fmt::format(
      R"({{{}"horizon":{},"horizon_hours":{},"rise":{},"told":{},"end":{},"probability":{},"threshold":{},"peak":{},"drivers":{},"model":{},"outcome":"{}","alarm":{},"lead_hours":{}}})",
      ChangeText(change), JsonText(w.horizon), NumberText(w.horizon_hours), TimeText(w.rise, zone),
      TimeText(w.told, zone), TimeText(w.end, zone), NumberText(w.probability), NumberText(w.threshold),
      NumberText(w.peak), DriversText(w.drivers), ModelText(w.model), WarningOutcomeName(w.outcome),
      TimeText(w.alarm, zone), HoursText(w.lead()));
}

std::string AlarmText(const LiveAlarm& alarm, const char* change, const PlantZone& zone) {
  return fmt::format(R"({{{}"began":{},"ended":{},"rules":{},"lead_hours":{}}})", ChangeText(change),
                     TimeText(alarm.began, zone), TimeText(alarm.ended, zone), TextsText(alarm.rules),
                     HoursText(alarm.lead));
}

std::string StatusText(const MonitorStatus& status, const PlantZone& zone) {
  return fmt::format(R"({{"model":"{}","source":"{}","log":"{}","detail":{},"last_hour":{}}})",
                     status.model ? "ok" : "no model", status.source ? "ok" : "away",
                     status.log ? "ok" : "failing", JsonText(status.detail),
                     TimeText(status.last_hour.value_or(kNoTime), zone));
}

}  // namespace forewarn
