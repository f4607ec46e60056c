#include "live/plant_state.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "live/json_fields.h"
#include "live/live_event.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

constexpr int kVersion = 1;
constexpr std::string_view kHead = "{\"clock\":\"";
constexpr int64_t kMostPastHours = 10'000'000;

Result<PlantTime> PlantTimeAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const std::string text, TextAt(object, key));
  return ParsePlantTime(text);
}

}  // namespace

std::string PlantStateText(const PlantState& state) {
  std::string activations;
  for (const PlantState::Activation& a : state.activations) {
    activations += fmt::format(R"({}{{"hour":"{}","scenario":{}}})", activations.empty() ? "" : ",",
                               EventId(a.hour), JsonText(a.scenario));
  }
  return fmt::format(
      "{}{}\",\"version\":{},\"plant\":{},\"past_hours\":{},\"activations\":[{}],\"simulator\":{}}}\n", kHead,
      EventId(state.clock), kVersion, JsonText(state.plant), state.past_hours, activations, state.simulator);
}

Result<PlantState> ParsePlantState(std::string_view text) {
  // ordered: the simulator's part must come out as it went in
  const auto parsed = nlohmann::ordered_json::parse(text, nullptr, false);
  FW_ASSIGN_OR_RETURN(const nlohmann::json object, ParseObject(text));
  FW_ASSIGN_OR_RETURN(const int64_t version, WholeAt(object, "version"));
  if (version != kVersion) return Status::Invalid("another version of the program wrote it");
  PlantState out;
  FW_ASSIGN_OR_RETURN(out.clock, PlantTimeAt(object, "clock"));
  FW_ASSIGN_OR_RETURN(out.plant, TextAt(object, "plant"));
  FW_ASSIGN_OR_RETURN(out.past_hours, WholeAt(object, "past_hours"));
  if (out.past_hours < 0 || out.past_hours > kMostPastHours) {
    return Status::Invalid("'past_hours' is out of range");
  }
  FW_ASSIGN_OR_RETURN(const nlohmann::json* list, ListAt(object, "activations"));
  for (const nlohmann::json& item : *list) {
    PlantState::Activation activation;
    FW_ASSIGN_OR_RETURN(activation.hour, PlantTimeAt(item, "hour"));
    FW_ASSIGN_OR_RETURN(activation.scenario, TextAt(item, "scenario"));
    out.activations.push_back(std::move(activation));
  }
  FW_RETURN_IF_ERROR(ObjectAt(object, "simulator").status());
  out.simulator = parsed["simulator"].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return out;
}

PlantTime SalvageClock(std::string_view text) {
  if (!text.starts_with(kHead)) return kNoTime;
  text.remove_prefix(kHead.size());
  const size_t end = text.find('"');
  if (end == std::string_view::npos) return kNoTime;
  const Result<PlantTime> clock = ParsePlantTime(text.substr(0, end));
  return clock.ok() ? *clock : kNoTime;
}

}  // namespace forewarn
