#include "quality/suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "core/file.h"
#include "core/names.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxSuiteBytes = 16 << 20;

// What an argument may be.
enum class Kind { kColumn, kMostly, kBound, kCount, kIndex, kFlag, kNullableFlag, kSet, kColumnSet, kText };

struct Argument {
  const char* name;
  Kind kind;
  bool required = false;
};

using Arguments = std::vector<Argument>;

// Fields of Great Expectations' own 1.x classes.
const std::map<std::string, Arguments>& Specs() {
  static const auto* specs = [] {
    const Argument column{"column", Kind::kColumn, true};
    const Argument mostly{"mostly", Kind::kMostly};
    const Arguments bounds = {{"min_value", Kind::kBound},
                              {"max_value", Kind::kBound},
                              {"strict_min", Kind::kFlag},
                              {"strict_max", Kind::kFlag}};
    const auto with = [](Arguments list, const Arguments& more) {
      list.insert(list.end(), more.begin(), more.end());
      return list;
    };
    return new std::map<std::string, Arguments>{
        {"expect_column_to_exist", {column, {"column_index", Kind::kIndex}}},
        {"expect_column_values_to_not_be_null", {column, mostly}},
        {"expect_column_values_to_be_null", {column, mostly}},
        {"expect_column_values_to_be_unique", {column, mostly}},
        {"expect_column_values_to_be_in_set", {column, mostly, {"value_set", Kind::kSet, true}}},
        {"expect_column_values_to_be_between", with({column, mostly}, bounds)},
        {"expect_column_values_to_be_increasing", {column, mostly, {"strictly", Kind::kNullableFlag}}},
        {"expect_column_values_to_match_regex", {column, mostly, {"regex", Kind::kText}}},
        {"expect_column_values_to_be_of_type", {column, mostly, {"type_", Kind::kText, true}}},
        {"expect_column_mean_to_be_between", with({column}, bounds)},
        {"expect_table_row_count_to_be_between",
         {{"min_value", Kind::kCount},
          {"max_value", Kind::kCount},
          {"strict_min", Kind::kFlag},
          {"strict_max", Kind::kFlag}}},
        {"expect_table_column_count_to_equal", {{"value", Kind::kCount, true}}},
        {"expect_table_columns_to_match_set",
         {{"column_set", Kind::kColumnSet}, {"exact_match", Kind::kNullableFlag}}},
    };
  }();
  return *specs;
}

// Arguments every expectation has and that change no verdict.
bool IsCommonArgument(const std::string& name) {
  static const auto* names = new std::vector<std::string>{
      "batch_id", "result_format", "catch_exceptions", "condition_parser", "windows",         "description",
      "meta",     "notes",         "severity",         "rendered_content", "library_metadata"};
  return std::find(names->begin(), names->end(), name) != names->end();
}

// "" or what the value should have been.
std::string CheckValue(const Json& value, Kind kind) {
  if (value.is_object()) return "suite parameters are not supported; write the value itself";
  switch (kind) {
    case Kind::kColumn:
      return value.is_string() && !value.get_ref<const std::string&>().empty() ? ""
                                                                               : "wanted a column's name";
    case Kind::kText:
      return value.is_string() ? "" : "wanted a string";
    case Kind::kMostly: {
      const bool good = value.is_number() && value.get<double>() >= 0 && value.get<double>() <= 1;
      return good ? "" : "wanted a number from 0 to 1";
    }
    case Kind::kBound: {
      const auto bound = ParseBound(value);
      return bound.ok() ? "" : bound.message();
    }
    case Kind::kCount: {
      const bool good = value.is_null() || (value.is_number() && std::abs(value.get<double>()) < 9e15);
      return good ? "" : "wanted a whole number or null";
    }
    case Kind::kIndex: {
      const bool good = value.is_null() || (value.is_number_integer() && std::abs(value.get<double>()) < 1e6);
      return good ? "" : "wanted a whole number or null";
    }
    case Kind::kFlag:
      return value.is_boolean() ? "" : "wanted true or false";
    case Kind::kNullableFlag:
      return value.is_boolean() || value.is_null() ? "" : "wanted true, false or null";
    case Kind::kSet: {
      const bool good = value.is_array() && std::none_of(value.begin(), value.end(),
                                                         [](const Json& v) { return v.is_structured(); });
      return good ? "" : "wanted an array of values";
    }
    case Kind::kColumnSet: {
      const bool good =
          value.is_null() || (value.is_array() && std::all_of(value.begin(), value.end(),
                                                              [](const Json& v) { return v.is_string(); }));
      return good ? "" : "wanted an array of column names";
    }
  }
  return "";
}

Status CheckArguments(const Json& kwargs, const Arguments& arguments) {
  std::vector<std::string> known;
  for (const Argument& argument : arguments) known.push_back(argument.name);
  for (const auto& [name, value] : kwargs.items()) {
    const auto it =
        std::find_if(arguments.begin(), arguments.end(), [&](const Argument& a) { return a.name == name; });
    if (it != arguments.end()) {
      const std::string wrong = CheckValue(value, it->kind);
      if (!wrong.empty()) return Status::Invalid(fmt::format("argument '{}': {}", name, wrong));
    } else if (name == "row_condition") {
      if (!value.is_null())
        return Status::Invalid("argument 'row_condition' is not supported; filter the table instead");
    } else if (!IsCommonArgument(name)) {
      return Status::Invalid(UnknownName("argument", name, known));
    }
  }
  for (const Argument& argument : arguments) {
    if (argument.required && (!kwargs.contains(argument.name) || kwargs[argument.name].is_null())) {
      return Status::Invalid(fmt::format("argument '{}' is missing", argument.name));
    }
  }
  return Status::Ok();
}

// What Great Expectations refuses when it reads a suite; bounds that are wrong otherwise fail when they are
// run.
Status CheckBounds(const std::string& type, const Json& kwargs) {
  const auto bound = [&](const char* name) { return kwargs.contains(name) ? kwargs[name] : Json(nullptr); };
  const Json low = bound("min_value");
  const Json high = bound("max_value");
  if (type == "expect_column_values_to_be_between" && low.is_null() && high.is_null()) {
    return Status::Invalid("min_value and max_value are both missing; give one");
  }
  if (type == "expect_table_row_count_to_be_between" && !low.is_null() && !high.is_null() &&
      low.get<double>() > high.get<double>()) {
    return Status::Invalid(fmt::format("min_value {} is above max_value {}", low.dump(), high.dump()));
  }
  return Status::Ok();
}

Result<Expectation> ParseExpectation(const Json& entry) {
  if (!entry.is_object()) return Status::Invalid("wanted an object with \"type\" and \"kwargs\"");
  if (!entry.contains("type") && entry.contains("expectation_type")) {
    return Status::Invalid(
        "it has \"expectation_type\", so it was saved by Great Expectations 0.x; save it with 1.x");
  }
  const auto type = entry.find("type");
  if (type == entry.end() || !type->is_string())
    return Status::Invalid("wanted a \"type\", the expectation's name");
  Expectation out;
  out.type = type->get<std::string>();
  const auto spec = Specs().find(out.type);
  if (spec == Specs().end())
    return Status::NotFound(UnknownName("expectation", out.type, KnownExpectations()));
  out.kwargs = entry.value("kwargs", Json::object());
  if (!out.kwargs.is_object()) return Status::Invalid("\"kwargs\" is no object");
  const Status checked = CheckArguments(out.kwargs, spec->second);
  if (!checked.ok()) return checked.WithPrefix(out.type);
  FW_RETURN_IF_ERROR(CheckBounds(out.type, out.kwargs).WithPrefix(out.type));
  out.config = {{"type", out.type}, {"kwargs", out.kwargs}, {"meta", Json::object()}};
  if (entry.contains("meta") && entry["meta"].is_object()) out.config["meta"] = entry["meta"];
  if (entry.contains("id") && entry["id"].is_string()) out.config["id"] = entry["id"];
  out.config["severity"] =
      entry.contains("severity") && entry["severity"].is_string() ? entry["severity"] : "critical";
  return out;
}

}  // namespace

Result<Bound> ParseBound(const Json& value) {
  Bound out;
  if (value.is_null()) return out;
  if (value.is_boolean() || value.is_number()) {
    out.kind = Bound::Kind::kNumber;
    out.number = value.is_boolean() ? (value.get<bool>() ? 1 : 0) : value.get<double>();
    return out;
  }
  if (!value.is_string()) return Status::Invalid("wanted a number, a time or null");
  const auto& text = value.get_ref<const std::string&>();
  const std::string_view trimmed = Trim(text);
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), out.number);
  if (error == std::errc() && end == trimmed.data() + trimmed.size() && std::isfinite(out.number)) {
    out.kind = Bound::Kind::kNumber;
    return out;
  }
  const auto time = ParsePlantTime(text);
  if (!time.ok()) {
    return Status::Invalid(
        fmt::format("'{}' is neither a number nor a time (YYYY-MM-DDTHH:MM:SS)", text.substr(0, 80)));
  }
  out.kind = text.find(':') == std::string::npos ? Bound::Kind::kDate : Bound::Kind::kTime;
  out.time = *time;
  return out;
}

std::vector<std::string> KnownExpectations() {
  std::vector<std::string> out;
  for (const auto& [name, arguments] : Specs()) out.push_back(name);
  return out;
}

Result<Suite> ParseSuite(std::string_view text, const std::string& file_name) {
  Json root;
  try {
    root = Json::parse(text);
  } catch (const Json::exception& error) {
    std::string what = error.what();
    std::replace_if(
        what.begin(), what.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return Status::Invalid(fmt::format("{}: no JSON: {}", file_name, what.substr(0, 300)));
  }
  const auto expectations = root.is_object() ? root.find("expectations") : root.end();
  if (!root.is_object() || expectations == root.end() || !expectations->is_array()) {
    return Status::Invalid(file_name +
                           ": no suite of expectations; wanted an object with an \"expectations\" array");
  }
  Suite suite;
  if (root.contains("name") && root["name"].is_string()) suite.name = root["name"].get<std::string>();
  if (suite.name.empty()) return Status::Invalid(file_name + ": the suite has no \"name\"");
  if (root.contains("meta") && root["meta"].is_object() &&
      root["meta"].contains("great_expectations_version") &&
      root["meta"]["great_expectations_version"].is_string()) {
    suite.gx_version = root["meta"]["great_expectations_version"].get<std::string>();
  }
  for (size_t i = 0; i < expectations->size(); ++i) {
    auto expectation = ParseExpectation((*expectations)[i]);
    if (!expectation.ok()) {
      return expectation.status().WithPrefix(fmt::format("{}: expectation {}", file_name, i + 1));
    }
    suite.expectations.push_back(*std::move(expectation));
  }
  return suite;
}

Result<Suite> LoadSuite(const std::filesystem::path& path) {
  FW_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxSuiteBytes));
  return ParseSuite(text, path.string());
}

}  // namespace forewarn
