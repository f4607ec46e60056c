// Bodies of any bytes, read field by field: what counts as JSON is JSON to nlohmann/json too, with the same
// numbers and texts, and nothing with a fault passes.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/names.h"
#include "http/json_body.h"

namespace forewarn::http {
namespace {

void Check(bool good) {
  if (!good) std::abort();
}

void CheckAgainstTwin(const JsonBody& body, const nlohmann::json& twin) {
  if (!twin.is_object()) return Check(!body.faults().empty());
  const JsonObject& root = body.root();
  for (const std::string& key : root.keys()) {
    const auto found = twin.find(key);
    if (found == twin.end()) return Check(!IsValidUtf8(key));  // a lone surrogate in a name
    if (!body.faults().empty()) return;
    if (found->is_number()) Check(root.Number(key) == found->get<double>());
    if (found->is_string()) {
      const std::string text = root.Text(key, {0, 1 << 20});
      if (body.faults().empty()) Check(text == found->get<std::string>() && IsValidUtf8(text));
    }
    if (found->is_boolean()) Check(root.Flag(key) == found->get<bool>());
    if (found->is_array()) (void)root.Objects(key, 100);
    if (found->is_object()) {
      const JsonObject inner = root.Object(key);
      Check(inner.pointer().starts_with('/'));
      for (const std::string& name : inner.keys()) (void)inner.Number(name);
    }
  }
}

void Run(std::string_view text) {
  const JsonBody body(text);
  if (!body.is_json()) {
    Check(body.Finish()->status == 400);
    return;
  }
  Check(nlohmann::json::accept(text));
  const nlohmann::json twin = nlohmann::json::parse(text, nullptr, false);
  if (body.faults().empty()) CheckAgainstTwin(body, twin);
  const JsonObject& root = body.root();
  (void)root.Text("username", {3, 64, true});
  (void)root.Integer("n", {1, 600}, 60);
  (void)root.Number("risk_score", {0, 1}, 0.0);
  (void)root.Choice("verdict", {"true", "false", "known"});
  (void)root.Numbers("numbers", 10);
  (void)root.Texts("texts", 10, {0, 5});
  for (const JsonObject& each : root.Objects("rows", 10)) (void)each.Flag("x", true);
  (void)root.Object("object").Object("object").Integer("i");
  const auto refusal = body.Finish(UnknownKeys::kRefuse);
  Check(refusal.has_value() || body.faults().empty());
  if (refusal) Check(refusal->status == 422 && nlohmann::json::accept(refusal->body));
}

}  // namespace
}  // namespace forewarn::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  forewarn::http::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
