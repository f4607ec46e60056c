#include "api/infer_input.h"

#include "scoring/parse_json.h"

namespace forewarn {

namespace dom = simdjson::dom;

std::optional<PredictInput> ReadPredictInput(std::string_view body, const std::string& history_sum) {
  const Result<dom::element> root = ParseRequestJson(body);
  if (!root.ok()) return std::nullopt;
  dom::object features;
  if ((*root)["features"].get(features) != simdjson::SUCCESS && root->get(features) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  PredictInput input;
  input.features = simdjson::minify(features);
  double count = 0;
  if (!history_sum.empty() && features[history_sum].get(count) == simdjson::SUCCESS) {
    input.failure_frequency = count;
  }
  return input;
}

std::optional<ForecastInput> ReadForecastInput(std::string_view body, size_t keep) {
  const Result<dom::element> root = ParseRequestJson(body);
  if (!root.ok()) return std::nullopt;
  dom::array rows;
  if ((*root)["recent_observations"].get(rows) != simdjson::SUCCESS && root->get(rows) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  ForecastInput input;
  const size_t all = rows.size();
  input.window = "[";
  for (const dom::element row : rows) {
    if (input.rows++ + keep < all) continue;
    if (input.window.size() > 1) input.window += ',';
    input.window += simdjson::minify(row);
  }
  input.window += ']';
  return input;
}

}  // namespace forewarn
