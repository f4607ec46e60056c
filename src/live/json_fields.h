// Strict reading of JSON that another process wrote: every accessor checks presence, type and range, and its
// failure names the key. For src/live's parsers; requests of people are read by scoring/request.h and
// http/json_body.h, which name every fault at once. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/plant_time.h"
#include "core/status.h"

namespace forewarn {

// The text as a JSON object; Invalid, in words, for anything else.
Result<nlohmann::json> ParseObject(std::string_view text);

// Members of an object. Invalid where missing or of another type.
Result<const nlohmann::json*> Member(const nlohmann::json& object, const char* key);
Result<double> NumberAt(const nlohmann::json& object, const char* key);        // finite
Result<double> NumberOrNullAt(const nlohmann::json& object, const char* key);  // null → kNull
Result<int64_t> WholeAt(const nlohmann::json& object, const char* key);
Result<bool> TruthAt(const nlohmann::json& object, const char* key);  // true, false, 0, 1
Result<std::string> TextAt(const nlohmann::json& object, const char* key);
Result<const nlohmann::json*> ListAt(const nlohmann::json& object, const char* key);
Result<const nlohmann::json*> ObjectAt(const nlohmann::json& object, const char* key);
// An ISO 8601 time with its offset (none: UTC), as UTC.
Result<PlantTime> UtcAt(const nlohmann::json& object, const char* key);

}  // namespace forewarn
