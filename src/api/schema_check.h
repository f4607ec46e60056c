// For tests: whether a JSON value is what a schema of an OpenAPI document says. The keywords the documents
// use; an unknown keyword that would constrain is a failure, so that nothing is passed over.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace forewarn::api_test {

using Json = nlohmann::json;

class SchemaCheck {
 public:
  explicit SchemaCheck(const Json& document) : document_(document) {}

  // "" or what is wrong and where.
  std::string Check(const Json& schema, const Json& value) const { return At(schema, value, ""); }
  std::string CheckComponent(const std::string& name, const Json& value) const {
    return Check(document_["components"]["schemas"].at(name), value);
  }
  // The reply's schema of an operation; "" too where the reply is documented by `default` only.
  std::string CheckReply(const std::string& path, const std::string& method, int status,
                         const std::string& content_type, const std::string& body) const {
    if (!document_["paths"].contains(path)) return path + " is not documented";
    const Json& item = document_["paths"][path];
    if (!item.contains(method)) return method + " of " + path + " is not documented";
    const Json& responses = item[method]["responses"];
    const std::string code = std::to_string(status);
    const Json& response = Resolve(responses.contains(code) ? responses[code] : responses.at("default"));
    const std::string type = content_type.substr(0, content_type.find(';'));
    if (!response.contains("content")) return "";
    if (!response["content"].contains(type)) return code + " has undocumented content " + content_type;
    if (type.find("json") == std::string::npos) return "";
    const Json value = Json::parse(body, nullptr, false);
    if (value.is_discarded()) return code + " is not JSON: " + body;
    const std::string wrong = Check(response["content"][type]["schema"], value);
    return wrong.empty() ? "" : code + " " + wrong + " in " + body.substr(0, 400);
  }

 private:
  const Json& Resolve(const Json& node) const {
    if (!node.is_object() || !node.contains("$ref")) return node;
    return document_.at(Json::json_pointer(node["$ref"].get<std::string>().substr(1)));
  }

  static bool IsType(const std::string& type, const Json& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "number") return value.is_number();
    if (type == "integer")
      return value.is_number_integer() || (value.is_number() && value == value.get<int64_t>());
    if (type == "boolean") return value.is_boolean();
    return type == "null" && value.is_null();
  }

  static bool IsOfType(const Json& type, const Json& value) {
    if (type.is_string()) return IsType(type, value);
    for (const Json& each : type) {
      if (IsType(each, value)) return true;
    }
    return false;
  }

  std::string At(const Json& unresolved, const Json& value, const std::string& where) const {
    const Json& schema = Resolve(unresolved);
    static const std::set<std::string> kKnown = {"type",
                                                 "description",
                                                 "properties",
                                                 "required",
                                                 "additionalProperties",
                                                 "items",
                                                 "enum",
                                                 "minimum",
                                                 "maximum",
                                                 "examples",
                                                 "example",
                                                 "default",
                                                 "anyOf",
                                                 "allOf",
                                                 "format",
                                                 "minItems",
                                                 "maxItems",
                                                 "pattern",
                                                 "exclusiveMinimum",
                                                 "minLength",
                                                 "maxLength",
                                                 "minProperties",
                                                 "maxProperties",
                                                 "$ref",
                                                 "x-events"};
    for (const auto& [key, ignored] : schema.items()) {
      if (kKnown.count(key) == 0) return where + ": the check knows no '" + key + "'";
    }
    if (schema.contains("type") && !IsOfType(schema["type"], value)) {
      return where + " is no " + schema["type"].dump() + ": " + value.dump().substr(0, 80);
    }
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end()) {
      return where + " is none of " + schema["enum"].dump() + ": " + value.dump();
    }
    for (const std::string& wrong : {Numbers(schema, value, where), Members(schema, value, where),
                                     Items(schema, value, where), Combined(schema, value, where)}) {
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  static std::string Numbers(const Json& schema, const Json& value, const std::string& where) {
    if (!value.is_number()) return "";
    const double number = value.get<double>();
    if (schema.contains("minimum") && number < schema["minimum"].get<double>())
      return where + " is too small";
    if (schema.contains("maximum") && number > schema["maximum"].get<double>())
      return where + " is too large";
    if (schema.contains("exclusiveMinimum") && number <= schema["exclusiveMinimum"].get<double>())
      return where + " is too small";
    return "";
  }

  std::string Members(const Json& schema, const Json& value, const std::string& where) const {
    if (!value.is_object()) return "";
    for (const Json& name : schema.value("required", Json::array())) {
      if (!value.contains(name.get<std::string>())) return where + " lacks '" + name.get<std::string>() + "'";
    }
    const Json properties = schema.value("properties", Json::object());
    const Json extra = schema.value("additionalProperties", Json(true));
    for (const auto& [name, member] : value.items()) {
      std::string wrong;
      if (properties.contains(name)) {
        wrong = At(properties[name], member, where + "/" + name);
      } else if (extra == false) {
        wrong = where + " has an undocumented '" + name + "'";
      } else if (extra.is_object()) {
        wrong = At(extra, member, where + "/" + name);
      }
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  std::string Items(const Json& schema, const Json& value, const std::string& where) const {
    if (!value.is_array()) return "";
    if (value.size() < schema.value("minItems", 0U)) return where + " has too few items";
    if (schema.contains("maxItems") && value.size() > schema["maxItems"].get<size_t>())
      return where + " has too many items";
    for (size_t i = 0; schema.contains("items") && i < value.size(); ++i) {
      const std::string wrong = At(schema["items"], value[i], where + "/" + std::to_string(i));
      if (!wrong.empty()) return wrong;
    }
    return "";
  }

  std::string Combined(const Json& schema, const Json& value, const std::string& where) const {
    for (const Json& each : schema.value("allOf", Json::array())) {
      const std::string wrong = At(each, value, where);
      if (!wrong.empty()) return wrong;
    }
    if (!schema.contains("anyOf")) return "";
    std::string first;
    for (const Json& each : schema["anyOf"]) {
      const std::string wrong = At(each, value, where);
      if (wrong.empty()) return "";
      if (first.empty()) first = wrong;
    }
    return first;
  }

  const Json document_;
};

}  // namespace forewarn::api_test
