#include "scoring/request.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>

#include "core/json_text.h"
#include "core/names.h"
#include "scoring/parse_json.h"

namespace forewarn {
namespace {

namespace dom = simdjson::dom;

constexpr size_t kMaxKeys = 4096;  // in one object
constexpr size_t kMaxRows = 2000;  // in one forecast

const char* KindOf(dom::element value) {
  switch (value.type()) {
    case dom::element_type::STRING:
      return "a text";
    case dom::element_type::BOOL:
      return "a truth value";
    case dom::element_type::NULL_VALUE:
      return "null";
    case dom::element_type::ARRAY:
      return "a list";
    case dom::element_type::OBJECT:
      return "an object";
    default:
      return nullptr;
  }
}

NamedValue Read(std::string_view name, dom::element value) {
  NamedValue out{std::string(name), 0, KindOf(value)};
  if (out.problem == nullptr && value.get(out.value) != simdjson::SUCCESS) out.problem = "no number";
  if (out.problem == nullptr && std::abs(out.value) > kLargestInput) out.problem = "one beyond ±1e12";
  return out;
}

// A key twice would leave it to chance which one counts. The keys beside the inputs are told apart by case.
void FindDuplicates(const std::vector<NamedValue>& values, const std::string& base,
                    std::vector<Fault>* faults) {
  std::vector<std::string> names;
  names.reserve(values.size());
  for (const NamedValue& v : values) names.push_back(v.name);
  std::sort(names.begin(), names.end());
  for (size_t i = 1; i < names.size(); ++i) {
    if (names[i] == names[i - 1] && (i < 2 || names[i] != names[i - 2])) {
      faults->push_back({base + "/" + PointerToken(names[i]), "given more than once"});
    }
  }
}

// Feature values: a name given twice is found where names are looked up (engine.h).
std::vector<NamedValue> ReadValues(dom::object object, const std::string& base, std::vector<Fault>* faults) {
  std::vector<NamedValue> out;
  out.reserve(32);
  for (const auto [key, value] : object) {
    if (out.size() == kMaxKeys) {
      faults->push_back({base, fmt::format("more than {} values", kMaxKeys)});
      break;
    }
    out.push_back(Read(key, value));
  }
  return out;
}

std::vector<NamedValue> ReadObject(dom::object object, const std::string& base, std::vector<Fault>* faults) {
  std::vector<NamedValue> out = ReadValues(object, base, faults);
  FindDuplicates(out, base, faults);
  return out;
}

Status Wrong(std::vector<Fault>* faults, std::string pointer, std::string detail) {
  faults->push_back({std::move(pointer), std::move(detail)});
  return FaultStatus(*faults);
}

Result<dom::object> RootObject(std::string_view body, std::vector<Fault>* faults) {
  FW_ASSIGN_OR_RETURN(const dom::element root, ParseRequestJson(body));
  dom::object object;
  if (root.get(object) == simdjson::SUCCESS) return object;
  return Wrong(faults, "",
               fmt::format("must be a JSON object, not {}", KindOf(root) ? KindOf(root) : "a number"));
}

Status ReadRows(dom::element value, const std::string& base, ForecastRequest& request,
                std::vector<Fault>* faults) {
  dom::array rows;
  if (value.get(rows) != simdjson::SUCCESS)
    return Wrong(faults, base, "must be a list of rows, oldest first");
  size_t i = 0;
  for (const dom::element row : rows) {
    const std::string pointer = base + "/" + std::to_string(i++);
    if (i > kMaxRows) return Wrong(faults, base, fmt::format("more than {} rows", kMaxRows));
    dom::object object;
    if (row.get(object) != simdjson::SUCCESS) {
      faults->push_back({pointer, "must be an object of sensor values"});
      continue;
    }
    request.rows.push_back(ReadValues(object, pointer, faults));
  }
  return faults->empty() ? Status::Ok() : FaultStatus(*faults);
}

}  // namespace

// One parser a thread: its buffers are kept from request to request.
Result<dom::element> ParseRequestJson(std::string_view body) {
  thread_local dom::parser parser;
  dom::element root;
  simdjson::error_code error = parser.parse(body.data(), body.size()).get(root);
  if (error == simdjson::NUMBER_ERROR) {  // an integer beyond 64 bits is a number all the same
    if (const auto widened = WidenIntegers(body)) error = parser.parse(*widened).get(root);
  }
  if (error == simdjson::SUCCESS) return root;
  if (error == simdjson::EMPTY) return Status::Invalid("the body is empty; a JSON object is needed");
  return Status::Invalid(fmt::format("the body is not JSON: {}", simdjson::error_message(error)));
}

Result<PredictRequest> ParsePredict(std::string_view body, std::vector<Fault>* faults) {
  FW_ASSIGN_OR_RETURN(const dom::object root, RootObject(body, faults));
  PredictRequest request;
  dom::element inner;
  if (root.at_key("features").get(inner) != simdjson::SUCCESS) {
    request.base = "";
    request.features = ReadValues(root, "", faults);
  } else {
    dom::object features;
    if (inner.get(features) != simdjson::SUCCESS) {
      return Wrong(faults, "/features", "must be an object of feature values");
    }
    request.features = ReadValues(features, request.base, faults);
    for (const NamedValue& other : ReadObject(root, "", faults)) {
      if (other.name != "features") request.ignored.push_back(other.name);
    }
  }
  if (!faults->empty()) return FaultStatus(*faults);
  return request;
}

Result<std::vector<PredictRequest>> ParseBatch(std::string_view body, std::vector<Fault>* faults) {
  FW_ASSIGN_OR_RETURN(const dom::object root, RootObject(body, faults));
  for (const NamedValue& key : ReadObject(root, "", faults)) {
    if (key.name != "rows") faults->push_back({"/" + PointerToken(key.name), "is unknown; known: rows"});
  }
  dom::element value;
  if (root.at_key("rows").get(value) != simdjson::SUCCESS) {
    return Wrong(faults, "/rows", "is missing; it holds the features of each row");
  }
  dom::array rows;
  if (value.get(rows) != simdjson::SUCCESS) return Wrong(faults, "/rows", "must be a list of objects");
  if (rows.size() == 0 || rows.size() > kMaxBatchRows) {
    return Wrong(faults, "/rows", fmt::format("has {} rows; 1 to {} are needed", rows.size(), kMaxBatchRows));
  }
  std::vector<PredictRequest> requests;
  requests.reserve(rows.size());
  for (const dom::element row : rows) {
    PredictRequest request;
    request.base = fmt::format("/rows/{}", requests.size());
    dom::object object;
    if (row.get(object) != simdjson::SUCCESS) {
      faults->push_back({request.base, "must be an object of feature values"});
    } else {
      request.features = ReadValues(object, request.base, faults);
    }
    requests.push_back(std::move(request));
  }
  if (!faults->empty()) return FaultStatus(*faults);
  return requests;
}

Result<ForecastRequest> ParseForecast(std::string_view body, std::vector<Fault>* faults) {
  FW_ASSIGN_OR_RETURN(const dom::element root, ParseRequestJson(body));
  ForecastRequest request;
  if (root.is_array()) {
    FW_RETURN_IF_ERROR(ReadRows(root, "", request, faults));
    return request;
  }
  FW_ASSIGN_OR_RETURN(const dom::object object, RootObject(body, faults));
  bool rows_given = false;
  for (const NamedValue& each : ReadObject(object, "", faults)) {
    if (each.name == "recent_observations") {
      rows_given = true;
    } else if (each.name != "horizon") {
      request.ignored.push_back(each.name);
    } else if (each.problem != nullptr) {
      faults->push_back({"/horizon", fmt::format("must be a number, not {}", each.problem)});
    } else {
      request.horizon = each.value;
    }
  }
  if (!rows_given)
    return Wrong(faults, "/recent_observations", "is missing; it holds the rows, oldest first");
  FW_RETURN_IF_ERROR(
      ReadRows(object["recent_observations"].value(), "/recent_observations", request, faults));
  return request;
}

Result<RecommendRequest> ParseRecommend(std::string_view body, const std::string& failure_name,
                                        std::vector<Fault>* faults) {
  FW_ASSIGN_OR_RETURN(const dom::object root, RootObject(body, faults));
  RecommendRequest request;
  const auto take = [&](const NamedValue& given, double low, double high, const char* range, double* out) {
    const std::string pointer = "/" + PointerToken(given.name);
    if (given.problem != nullptr) {
      faults->push_back({pointer, fmt::format("must be a number, not {}", given.problem)});
    } else if (!(given.value >= low && given.value <= high)) {
      faults->push_back({pointer, fmt::format("is {}; {}", given.value, range)});
    } else {
      *out = given.value;
    }
  };
  for (const NamedValue& each : ReadObject(root, "", faults)) {
    if (each.name == failure_name) {
      take(each, 0, kLargestInput, "a count of 0 or more is needed", &request.failure_frequency);
    } else if (each.name == "risk_score") {
      take(each, 0, 1, "a risk from 0 to 1 is needed", &request.risk_score);
    } else {
      request.ignored.push_back(each.name);
    }
  }
  if (!faults->empty()) return FaultStatus(*faults);
  return request;
}

bool IsForecastBody(std::string_view body) {
  const Result<dom::element> root = ParseRequestJson(body);
  dom::element ignored;
  return root.ok() && root->is_object() && (*root)["recent_observations"].get(ignored) == simdjson::SUCCESS;
}

}  // namespace forewarn
