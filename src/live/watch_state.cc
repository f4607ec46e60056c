#include "live/watch_state.h"

#include <nlohmann/json.hpp>

#include "live/json_fields.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr WarningOutcome kOutcomes[] = {WarningOutcome::kPending, WarningOutcome::kTrue,
                                        WarningOutcome::kFalse, WarningOutcome::kRepeated};

Json TimeJson(PlantTime time) { return time == kNoTime ? Json() : Json(time); }
Json NumberJson(double value) { return IsValid(value) ? Json(value) : Json(); }

Result<PlantTime> TimeAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json* value, Member(object, key));
  if (value->is_null()) return kNoTime;
  return WholeAt(object, key);
}

Json WarningJson(const LiveWarning& w) {
  Json drivers = Json::array();
  for (const Driver& d : w.drivers) drivers.push_back({d.feature, NumberJson(d.value), d.shap_value});
  return {{"horizon", w.horizon},
          {"horizon_hours", w.horizon_hours},
          {"rise", w.rise},
          {"told", w.told},
          {"end", TimeJson(w.end)},
          {"probability", w.probability},
          {"threshold", w.threshold},
          {"peak", w.peak},
          {"drivers", drivers},
          {"model", {{"name", w.model.name}, {"version", w.model.version}, {"skill", w.model.skill}}},
          {"outcome", WarningOutcomeName(w.outcome)},
          {"alarm", TimeJson(w.alarm)}};
}

Result<Driver> ReadDriver(const nlohmann::json& item) {
  const bool sound = item.is_array() && item.size() == 3 && item[0].is_string() &&
                     (item[1].is_number() || item[1].is_null()) && item[2].is_number();
  if (!sound) return Status::Invalid("a driver must be [name, value, share]");
  return Driver{item[0].get<std::string>(), item[1].is_null() ? kNull : item[1].get<double>(),
                item[2].get<double>()};
}

Result<WarningOutcome> OutcomeAt(const nlohmann::json& object) {
  FW_ASSIGN_OR_RETURN(const std::string text, TextAt(object, "outcome"));
  for (const WarningOutcome outcome : kOutcomes) {
    if (text == WarningOutcomeName(outcome)) return outcome;
  }
  return Status::Invalid("'outcome' is not known");
}

Result<LiveWarning> ReadWarning(const nlohmann::json& object) {
  LiveWarning w;
  FW_ASSIGN_OR_RETURN(w.horizon, TextAt(object, "horizon"));
  FW_ASSIGN_OR_RETURN(w.horizon_hours, NumberAt(object, "horizon_hours"));
  FW_ASSIGN_OR_RETURN(w.rise, WholeAt(object, "rise"));
  FW_ASSIGN_OR_RETURN(w.told, WholeAt(object, "told"));
  FW_ASSIGN_OR_RETURN(w.end, TimeAt(object, "end"));
  FW_ASSIGN_OR_RETURN(w.probability, NumberAt(object, "probability"));
  FW_ASSIGN_OR_RETURN(w.threshold, NumberAt(object, "threshold"));
  FW_ASSIGN_OR_RETURN(w.peak, NumberAt(object, "peak"));
  FW_ASSIGN_OR_RETURN(const nlohmann::json* drivers, ListAt(object, "drivers"));
  for (const nlohmann::json& item : *drivers) {
    FW_ASSIGN_OR_RETURN(Driver driver, ReadDriver(item));
    w.drivers.push_back(std::move(driver));
  }
  FW_ASSIGN_OR_RETURN(const nlohmann::json* model, ObjectAt(object, "model"));
  FW_ASSIGN_OR_RETURN(w.model.name, TextAt(*model, "name"));
  FW_ASSIGN_OR_RETURN(const int64_t version, WholeAt(*model, "version"));
  w.model.version = static_cast<int>(version);
  FW_ASSIGN_OR_RETURN(w.model.skill, TextAt(*model, "skill"));
  FW_ASSIGN_OR_RETURN(w.outcome, OutcomeAt(object));
  FW_ASSIGN_OR_RETURN(w.alarm, TimeAt(object, "alarm"));
  return w;
}

Result<LiveAlarm> ReadAlarm(const nlohmann::json& object) {
  LiveAlarm alarm;
  FW_ASSIGN_OR_RETURN(alarm.began, WholeAt(object, "began"));
  FW_ASSIGN_OR_RETURN(const nlohmann::json* rules, ListAt(object, "rules"));
  for (const nlohmann::json& rule : *rules) {
    if (!rule.is_string()) return Status::Invalid("'rules' must hold texts");
    alarm.rules.push_back(rule.get<std::string>());
  }
  FW_ASSIGN_OR_RETURN(const PlantTime lead, TimeAt(object, "lead"));
  if (lead != kNoTime) alarm.lead = lead;
  return alarm;
}

}  // namespace

std::string WatchStateText(const WatchState& state) {
  Json warnings = Json::array();
  for (const LiveWarning& warning : state.warnings.warnings) warnings.push_back(WarningJson(warning));
  Json alarm;
  if (state.alarm) {
    alarm = {{"began", state.alarm->began},
             {"rules", state.alarm->rules},
             {"lead", state.alarm->lead ? Json(*state.alarm->lead) : Json()}};
  }
  const Json out = {{"version", kVersion},
                    {"on", state.warnings.on},
                    {"open", state.warnings.open},
                    {"above", state.warnings.above},
                    {"warnings", warnings},
                    {"alarm", alarm},
                    {"alarm_last_end", TimeJson(state.alarm_last_end)},
                    {"blend", state.blend_smoothed ? Json(*state.blend_smoothed) : Json()}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<WatchState> ParseWatchState(std::string_view text) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json object, ParseObject(text));
  FW_ASSIGN_OR_RETURN(const int64_t version, WholeAt(object, "version"));
  if (version != kVersion) return Status::Invalid("another version of the program wrote it");
  WatchState out;
  FW_ASSIGN_OR_RETURN(out.warnings.on, TruthAt(object, "on"));
  FW_ASSIGN_OR_RETURN(out.warnings.open, TruthAt(object, "open"));
  if (object.contains("above")) {  // states written before it was kept lack it
    FW_ASSIGN_OR_RETURN(out.warnings.above, TruthAt(object, "above"));
  }
  FW_ASSIGN_OR_RETURN(const nlohmann::json* warnings, ListAt(object, "warnings"));
  for (const nlohmann::json& item : *warnings) {
    FW_ASSIGN_OR_RETURN(LiveWarning warning, ReadWarning(item));
    out.warnings.warnings.push_back(std::move(warning));
  }
  FW_ASSIGN_OR_RETURN(const nlohmann::json* alarm, Member(object, "alarm"));
  if (!alarm->is_null()) {
    FW_ASSIGN_OR_RETURN(out.alarm, ReadAlarm(*alarm));
  }
  FW_ASSIGN_OR_RETURN(out.alarm_last_end, TimeAt(object, "alarm_last_end"));
  FW_ASSIGN_OR_RETURN(const double blend, NumberOrNullAt(object, "blend"));
  if (IsValid(blend)) out.blend_smoothed = blend;
  return out;
}

}  // namespace forewarn
