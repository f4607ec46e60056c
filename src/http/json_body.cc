#include "http/json_body.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/json_text.h"
#include "core/names.h"
#include "http/problem.h"
#include "http/text_limits.h"

namespace forewarn::http {

namespace dom = simdjson::dom;

namespace {

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxFaults = 100;                    // more say nothing new and make the reply large
constexpr double kLargestExact = 9007199254740992.0;  // 2^53

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
      return "a number";
  }
}

}  // namespace

struct JsonObject::Value {
  dom::element element;
  std::string pointer;
};

struct JsonObject::Core {
  struct Node {
    dom::object object;
    std::set<std::string, std::less<>> asked;
    std::string pointer;
  };

  dom::parser parser;
  std::vector<Node> nodes;
  std::vector<Fault> faults;
  std::string not_json;  // why; "" when it is

  void AddFault(std::string pointer, std::string detail) {
    if (faults.size() < kMaxFaults) faults.push_back({std::move(pointer), std::move(detail)});
  }
  void Expected(const Value& value, const char* what) {
    AddFault(value.pointer, fmt::format("must be {}, not {}", what, KindOf(value.element)));
  }
  simdjson::error_code Parse(std::string_view body, dom::element* root) {
    if (const auto error = parser.allocate(body.size(), kMaxDepth); error != simdjson::SUCCESS) return error;
    return parser.parse(body.data(), body.size()).get(*root);
  }
  // The node's index; its keys are checked for being there once.
  int AddNode(dom::object object, std::string pointer) {
    std::vector<std::string_view> keys;
    for (const auto field : object) keys.push_back(field.key);
    std::sort(keys.begin(), keys.end());
    for (size_t i = 1; i < keys.size(); ++i) {
      if (keys[i] != keys[i - 1] || (i > 1 && keys[i] == keys[i - 2])) continue;
      AddFault(pointer + "/" + PointerToken(keys[i]), "given more than once");
    }
    nodes.push_back({object, {}, std::move(pointer)});
    return static_cast<int>(nodes.size()) - 1;
  }

  std::string ReadText(const Value& value, const TextLimits& limits) {
    std::string_view text;
    if (value.element.get(text) != simdjson::SUCCESS) {
      Expected(value, "a text");
      return "";
    }
    if (std::string fault = TextFault(text, limits); !fault.empty())
      AddFault(value.pointer, std::move(fault));
    return std::string(text);
  }
  double ReadNumber(const Value& value, const Range& range) {
    double number = 0;
    if (value.element.get(number) != simdjson::SUCCESS) {
      Expected(value, "a number");
    } else if (!(number >= range.low && number <= range.high)) {
      AddFault(value.pointer, RangeFault(number, range));
    }
    return number;
  }
  int64_t ReadInteger(const Value& value, const IntegerRange& range) {
    int64_t number = 0;
    double real = 0;
    if (value.element.get(number) == simdjson::SUCCESS) {
      if (number < range.low || number > range.high) {
        AddFault(value.pointer, RangeFault(fmt::format("{}", number), range));
      }
    } else if (value.element.get(real) != simdjson::SUCCESS) {
      Expected(value, "a whole number");
    } else if (real != std::floor(real)) {
      AddFault(value.pointer, fmt::format("is {}; a whole number is needed", real));
    } else if (std::abs(real) > kLargestExact || static_cast<int64_t>(real) < range.low ||
               static_cast<int64_t>(real) > range.high) {
      AddFault(value.pointer, RangeFault(fmt::format("{}", real), range));
    } else {
      number = static_cast<int64_t>(real);
    }
    return number;
  }
};

std::optional<JsonObject::Value> JsonObject::Take(std::string_view key, bool needed) const {
  if (node_ < 0) return std::nullopt;
  Core::Node& node = core_->nodes[static_cast<size_t>(node_)];
  node.asked.emplace(key);
  Value value{{}, pointer_ + "/" + PointerToken(key)};
  if (node.object.at_key(key).get(value.element) == simdjson::SUCCESS && !value.element.is_null())
    return value;
  if (needed) core_->AddFault(value.pointer, "is missing");
  return std::nullopt;
}

std::string JsonObject::Text(std::string_view key, TextLimits limits) const {
  const auto value = Take(key, true);
  return value ? core_->ReadText(*value, limits) : "";
}

std::string JsonObject::Text(std::string_view key, TextLimits limits, std::string absent) const {
  const auto value = Take(key, false);
  return value ? core_->ReadText(*value, limits) : absent;
}

double JsonObject::Number(std::string_view key, Range range) const {
  const auto value = Take(key, true);
  return value ? core_->ReadNumber(*value, range) : 0;
}

double JsonObject::Number(std::string_view key, Range range, double absent) const {
  const auto value = Take(key, false);
  return value ? core_->ReadNumber(*value, range) : absent;
}

int64_t JsonObject::Integer(std::string_view key, IntegerRange range) const {
  const auto value = Take(key, true);
  return value ? core_->ReadInteger(*value, range) : 0;
}

int64_t JsonObject::Integer(std::string_view key, IntegerRange range, int64_t absent) const {
  const auto value = Take(key, false);
  return value ? core_->ReadInteger(*value, range) : absent;
}

bool JsonObject::Flag(std::string_view key) const {
  const auto value = Take(key, true);
  bool flag = false;
  if (value && value->element.get(flag) != simdjson::SUCCESS) core_->Expected(*value, "true or false");
  return flag;
}

bool JsonObject::Flag(std::string_view key, bool absent) const {
  return Take(key, false) ? Flag(key) : absent;
}

std::string JsonObject::Choice(std::string_view key, const std::vector<std::string>& known) const {
  const auto value = Take(key, true);
  if (!value) return "";
  std::string_view text;
  if (value->element.get(text) != simdjson::SUCCESS) {
    core_->Expected(*value, "a text");
  } else if (std::find(known.begin(), known.end(), text) == known.end()) {
    core_->AddFault(value->pointer, "must be one of: " + JoinNames(known));
  }
  return std::string(text);
}

JsonObject JsonObject::Object(std::string_view key) const {
  const auto value = Take(key, true);
  dom::object object;
  if (!value) return {core_, -1, pointer_ + "/" + PointerToken(key)};
  if (value->element.get(object) != simdjson::SUCCESS) {
    core_->Expected(*value, "an object");
    return {core_, -1, value->pointer};
  }
  return {core_, core_->AddNode(object, value->pointer), value->pointer};
}

template <typename Each>
void JsonObject::ForEach(std::string_view key, size_t max, Each each) const {
  const auto value = Take(key, true);
  if (!value) return;
  dom::array list;
  if (value->element.get(list) != simdjson::SUCCESS) return core_->Expected(*value, "a list");
  size_t i = 0;
  for (const dom::element element : list) {
    if (i == max) return core_->AddFault(value->pointer, fmt::format("has more than {} entries", max));
    each(Value{element, fmt::format("{}/{}", value->pointer, i++)});
  }
}

std::vector<JsonObject> JsonObject::Objects(std::string_view key, size_t max) const {
  std::vector<JsonObject> out;
  ForEach(key, max, [&](const Value& value) {
    dom::object object;
    if (value.element.get(object) != simdjson::SUCCESS) return core_->Expected(value, "an object");
    out.push_back({core_, core_->AddNode(object, value.pointer), value.pointer});
  });
  return out;
}

std::vector<double> JsonObject::Numbers(std::string_view key, size_t max) const {
  std::vector<double> out;
  ForEach(key, max, [&](const Value& value) { out.push_back(core_->ReadNumber(value, {})); });
  return out;
}

std::vector<std::string> JsonObject::Texts(std::string_view key, size_t max, TextLimits limits) const {
  std::vector<std::string> out;
  ForEach(key, max, [&](const Value& value) { out.push_back(core_->ReadText(value, limits)); });
  return out;
}

bool JsonObject::Has(std::string_view key) const {
  if (node_ < 0) return false;
  dom::element element;
  return core_->nodes[static_cast<size_t>(node_)].object.at_key(key).get(element) == simdjson::SUCCESS &&
         !element.is_null();
}

std::vector<std::string> JsonObject::keys() const {
  std::vector<std::string> out;
  if (node_ < 0) return out;
  for (const auto field : core_->nodes[static_cast<size_t>(node_)].object) out.emplace_back(field.key);
  return out;
}

void JsonObject::AddFault(std::string_view key, std::string detail) const {
  core_->AddFault(key.empty() ? pointer_ : pointer_ + "/" + PointerToken(key), std::move(detail));
}

JsonBody::JsonBody(std::string_view body)
    : core_(std::make_unique<JsonObject::Core>()), root_(core_.get(), -1, "") {
  dom::element root;
  simdjson::error_code error = core_->Parse(body, &root);
  if (error == simdjson::NUMBER_ERROR) {
    if (const auto widened = WidenIntegers(body)) error = core_->Parse(*widened, &root);
  }
  if (error != simdjson::SUCCESS) {
    core_->not_json = error == simdjson::EMPTY
                          ? "the body is empty; a JSON object is needed"
                          : fmt::format("the body is not JSON: {}", simdjson::error_message(error));
    return;
  }
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    core_->AddFault("", fmt::format("must be a JSON object, not {}", KindOf(root)));
    return;
  }
  root_.node_ = core_->AddNode(object, "");
}

JsonBody::~JsonBody() = default;

bool JsonBody::is_json() const { return core_->not_json.empty(); }

const std::vector<Fault>& JsonBody::faults() const { return core_->faults; }

std::vector<std::string> JsonBody::unknown() const {
  std::vector<std::string> out;
  for (const JsonObject::Core::Node& node : core_->nodes) {
    for (const auto field : node.object) {
      if (!node.asked.contains(field.key)) out.push_back(node.pointer + "/" + PointerToken(field.key));
    }
  }
  return out;
}

std::optional<Response> JsonBody::Finish(UnknownKeys unknown_keys) const {
  if (!is_json()) return Problem(400, core_->not_json);
  std::vector<Fault> all = core_->faults;
  if (unknown_keys == UnknownKeys::kRefuse) {
    for (std::string& pointer : unknown()) {
      if (all.size() < kMaxFaults) all.push_back({std::move(pointer), "is not known here"});
    }
  }
  if (all.empty()) return std::nullopt;
  return Problem(FaultStatus(all), all);
}

}  // namespace forewarn::http
