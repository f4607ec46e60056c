// A strict reader of JSON request bodies: asks for fields by name, notes every fault by JSON pointer, and
// answers with all of them at once. Nothing is coerced: "107.2" and true are no numbers, 1.5 is no integer; a
// key given twice is a fault. Text is valid UTF-8 without NUL. Values keep nothing of the body.
//
//   JsonBody body(request.body);
//   const std::string name = body.root().Text("username", {.min = 3, .max = 64});
//   const double risk = body.root().Number("risk_score", {0, 1}, 0.0);  // 0.0 when absent
//   if (auto refusal = body.Finish()) return *refusal;                  // 400 or 422
//
// A reader of a field that has a fault gives the default or an empty value; Finish must be asked before any
// of them is used. One thread.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "http/message.h"

namespace forewarn::http {

struct TextLimits {
  size_t min = 0;  // characters (code points)
  size_t max = 1000;
  bool trimmed = false;  // no white space at either end
};
struct Range {
  double low = std::numeric_limits<double>::lowest();
  double high = std::numeric_limits<double>::max();
};
struct IntegerRange {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();
};

enum class UnknownKeys { kIgnore, kRefuse };

// An object of the body (of a fault: an object without fields, of which nothing more is told). Valid as long
// as its JsonBody. The forms with a default are for fields that may be absent (null counts as absent).
class JsonObject {
 public:
  std::string Text(std::string_view key, TextLimits limits = {}) const;
  std::string Text(std::string_view key, TextLimits limits, std::string absent) const;
  double Number(std::string_view key, Range range = {}) const;
  double Number(std::string_view key, Range range, double absent) const;
  int64_t Integer(std::string_view key, IntegerRange range = {}) const;
  int64_t Integer(std::string_view key, IntegerRange range, int64_t absent) const;
  bool Flag(std::string_view key) const;
  bool Flag(std::string_view key, bool absent) const;
  // One of a set of words; the fault lists them.
  std::string Choice(std::string_view key, const std::vector<std::string>& known) const;
  JsonObject Object(std::string_view key) const;
  std::vector<JsonObject> Objects(std::string_view key, size_t max) const;  // a list of objects
  std::vector<double> Numbers(std::string_view key, size_t max) const;      // a list of numbers
  std::vector<std::string> Texts(std::string_view key, size_t max, TextLimits limits = {}) const;

  bool Has(std::string_view key) const;  // and not null
  std::vector<std::string> keys() const;
  const std::string& pointer() const { return pointer_; }
  void AddFault(std::string_view key, std::string detail) const;  // for rules beyond shape ("" the object)

 private:
  friend class JsonBody;
  struct Value;
  struct Core;
  JsonObject(Core* core, int node, std::string pointer)
      : core_(core), node_(node), pointer_(std::move(pointer)) {}
  std::optional<Value> Take(std::string_view key, bool needed) const;
  template <typename Each>
  void ForEach(std::string_view key, size_t max, Each each) const;  // entries of a list

  Core* core_;
  int node_;  // -1: of a fault
  std::string pointer_;
};

class JsonBody {
 public:
  explicit JsonBody(std::string_view body);
  ~JsonBody();
  JsonBody(const JsonBody&) = delete;
  JsonBody& operator=(const JsonBody&) = delete;

  const JsonObject& root() const { return root_; }
  // Nothing when the body is well. 400: not JSON at all (also NaN, bad UTF-8, deeper than 64); 422: faults,
  // those of keys nobody asked for included if they are refused.
  std::optional<Response> Finish(UnknownKeys unknown = UnknownKeys::kIgnore) const;
  bool is_json() const;
  const std::vector<Fault>& faults() const;
  std::vector<std::string> unknown() const;  // pointers of keys nobody asked for

 private:
  std::unique_ptr<JsonObject::Core> core_;
  JsonObject root_;
};

}  // namespace forewarn::http
