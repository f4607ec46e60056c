#include "live/json_fields.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "frame/frame.h"

namespace forewarn {
namespace {

Status Wrong(const char* key, const char* wanted) {
  return Status::Invalid(fmt::format("'{}' must be {}", key, wanted));
}

}  // namespace

Result<nlohmann::json> ParseObject(std::string_view text) {
  nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return Status::Invalid("it is not JSON");
  if (!parsed.is_object()) return Status::Invalid("it is not a JSON object");
  return parsed;
}

Result<const nlohmann::json*> Member(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return Status::Invalid(fmt::format("an object with '{}' was expected", key));
  const auto it = object.find(key);
  if (it == object.end()) return Status::Invalid(fmt::format("'{}' is missing", key));
  return &*it;
}

Result<double> NumberAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json* value, Member(object, key));
  if (!value->is_number() || !std::isfinite(value->get<double>())) return Wrong(key, "a number");
  return value->get<double>();
}

Result<double> NumberOrNullAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json* value, Member(object, key));
  if (value->is_null()) return kNull;
  if (!value->is_number() || !std::isfinite(value->get<double>())) return Wrong(key, "a number or null");
  return value->get<double>();
}

Result<int64_t> WholeAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json* value, Member(object, key));
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  if (!value->is_number_integer() || (value->is_number_unsigned() && value->get<uint64_t>() > kMost)) {
    return Wrong(key, "a whole number");
  }
  return value->get<int64_t>();
}

Result<bool> TruthAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json* value, Member(object, key));
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number_integer() && (*value == 0 || *value == 1)) return *value == 1;
  return Wrong(key, "true, false, 0 or 1");
}

Result<std::string> TextAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json* value, Member(object, key));
  if (!value->is_string()) return Wrong(key, "a text");
  return value->get<std::string>();
}

Result<const nlohmann::json*> ListAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json* value, Member(object, key));
  if (!value->is_array()) return Wrong(key, "a list");
  return value;
}

Result<const nlohmann::json*> ObjectAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json* value, Member(object, key));
  if (!value->is_object()) return Wrong(key, "an object");
  return value;
}

Result<PlantTime> UtcAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const std::string text, TextAt(object, key));
  PlantTime offset = 0;
  const Result<PlantTime> time = ParsePlantTime(text, &offset);
  if (!time.ok()) return Wrong(key, "an ISO 8601 time");
  return *time - offset;
}

}  // namespace forewarn
