#include "accounts/history_csv.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "core/plant_time.h"

namespace forewarn {
namespace {

using Json = nlohmann::json;

constexpr int kRowsAPiece = 500;

void AppendQuoted(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

// A number or text of the result; nothing where it is absent or of another kind.
void AppendCell(std::string& out, const Json& object, const char* key) {
  out += ',';
  if (!object.is_object()) return;
  const auto it = object.find(key);
  if (it == object.end()) return;
  if (it->is_number()) out += it->dump();
  if (it->is_string()) AppendQuoted(out, it->get_ref<const std::string&>());
}

void AppendRow(std::string& out, const HistoryRow& row) {
  const Json result = Json::parse(row.result, nullptr, /*allow_exceptions=*/false);
  const auto model = result.is_object() ? result.find("model") : result.end();
  const Json none;
  const Json& of_model = result.is_object() && model != result.end() ? *model : none;
  fmt::format_to(std::back_inserter(out), "{},{},{}", row.id, FormatIsoUtc(row.ts_us), row.type);
  AppendCell(out, result,
             result.is_object() && result.contains("risk_score") ? "risk_score" : "anomaly_probability");
  for (const char* key : {"alarm", "threshold", "status"}) AppendCell(out, result, key);
  for (const char* key : {"name", "version"}) AppendCell(out, of_model, key);
  out += ',';
  AppendQuoted(out, row.input);
  out += ',';
  AppendQuoted(out, row.result);
  out += "\r\n";
}

}  // namespace

HistoryCsv::HistoryCsv(Store& store, HistoryQuery query) : store_(store), query_(std::move(query)) {
  query_.before = 0;
  query_.limit = kRowsAPiece;
}

Result<std::string> HistoryCsv::Next() {
  std::string out;
  if (ended_) return out;
  FW_ASSIGN_OR_RETURN(const std::vector<HistoryRow> rows, store_.ListHistory(query_));
  if (!begun_) out = "id,ts,type,risk,alarm,threshold,status,model,version,input,result\r\n";
  begun_ = true;
  for (const HistoryRow& row : rows) AppendRow(out, row);
  ended_ = rows.size() < static_cast<size_t>(kRowsAPiece);
  if (!rows.empty()) query_.before = rows.back().id;
  return out;
}

}  // namespace forewarn
