// Fields of a JSON object that came from elsewhere: the value where it is of the type asked for, else an
// empty one. Never throws. Pure; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace forewarn {

const nlohmann::json& FieldOf(const nlohmann::json& object, const char* key);  // null where there is none
std::string TextOf(const nlohmann::json& object, const char* key);
bool FlagOf(const nlohmann::json& object, const char* key);
// Numbers, and texts that are whole numbers (protobuf's JSON writes 64-bit integers as text); else 0.
int64_t IntegerOf(const nlohmann::json& object, const char* key);

}  // namespace forewarn
