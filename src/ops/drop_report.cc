#include "ops/drop_report.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostBytes = size_t{16} << 20;
constexpr int kMostDepth = 32;

bool IsText(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string();
}

}  // namespace

std::string DropReportLine(const DropReport& report) {
  const Json json = {{"report", report.report}, {"text", report.text}, {"summary", report.summary}};
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::optional<DropReport> ParseDropReport(std::string_view line) {
  if (line.size() > kMostBytes) return std::nullopt;
  bool too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMostDepth;
    return !too_deep;
  };
  Json json = Json::parse(line, watch, false);
  if (too_deep || !json.is_object() || !IsText(json, "text") || !IsText(json, "summary")) return std::nullopt;
  const auto report = json.find("report");
  if (report == json.end() || !report->is_object() || !IsText(*report, "outcome")) return std::nullopt;
  return DropReport{std::move(*report), json["text"].get<std::string>(), json["summary"].get<std::string>()};
}

}  // namespace forewarn
