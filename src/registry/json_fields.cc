#include "registry/json_fields.h"

#include <charconv>

namespace forewarn {

using Json = nlohmann::json;

const Json& FieldOf(const Json& object, const char* key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto it = object.find(key);
  return it == object.end() ? kNothing : *it;
}

std::string TextOf(const Json& object, const char* key) {
  const Json& field = FieldOf(object, key);
  return field.is_string() ? field.get<std::string>() : std::string();
}

bool FlagOf(const Json& object, const char* key) {
  const Json& field = FieldOf(object, key);
  return field.is_boolean() && field.get<bool>();
}

int64_t IntegerOf(const Json& object, const char* key) {
  const Json& field = FieldOf(object, key);
  if (field.is_number_integer()) return field.get<int64_t>();
  int64_t value = 0;
  if (field.is_string()) {
    const std::string& text = field.get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) value = 0;
  }
  return value;
}

}  // namespace forewarn
