#include "quality/validate.h"

#include <fmt/format.h>

#include "core/version.h"
#include "quality/checks.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

Json ExceptionInfo(const CheckOutcome& outcome) {
  if (outcome.raised.empty()) {
    return {{"raised_exception", false}, {"exception_traceback", nullptr}, {"exception_message", nullptr}};
  }
  // Great Expectations keys what a metric raised by the metric
  const std::string id = fmt::format(
      "MetricConfigurationID(metric_name='{}', metric_domain_kwargs_id='', metric_value_kwargs_id=())",
      outcome.metric);
  return {{id,
           {{"exception_traceback", outcome.raised},
            {"exception_message", outcome.raised},
            {"raised_exception", true}}}};
}

std::string Shorten(std::string text) {
  if (text.size() <= 60) return text;
  size_t end = 57;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return text.substr(0, end) + "…";
}

// What went wrong, for a person.
std::string Finding(const CheckOutcome& outcome, const Expectation& expectation) {
  if (outcome.success) return "";
  if (!outcome.raised.empty()) return outcome.raised;
  const Json& result = outcome.result;
  if (result.contains("unexpected_count")) {
    std::string out = fmt::format("{} of {} rows", result["unexpected_count"].get<size_t>(),
                                  result["element_count"].get<size_t>());
    if (result["unexpected_percent"].is_number())
      out += fmt::format(" ({:.3g} %)", result["unexpected_percent"].get<double>());
    const Json& rows = result["partial_unexpected_index_list"];
    if (!rows.empty()) {
      const std::string value =
          result["partial_unexpected_list"][0].dump(-1, ' ', false, Json::error_handler_t::replace);
      out += fmt::format(", first row {}: {}", rows[0].get<size_t>() + 1, Shorten(value));
    }
    return out;
  }
  if (result.contains("details"))
    return Shorten(result["details"]["mismatched"].dump(-1, ' ', false, Json::error_handler_t::replace));
  if (result.contains("observed_value"))
    return "observed " +
           Shorten(result["observed_value"].dump(-1, ' ', false, Json::error_handler_t::replace));
  return expectation.type == "expect_column_to_exist" ? "there is no such column" : "not met";
}

}  // namespace

std::string ValidationResult::Summary() const {
  size_t good = 0;
  std::string first;
  for (const ExpectationVerdict& verdict : verdicts) {
    good += verdict.success ? 1 : 0;
    if (!verdict.success && first.empty()) first = verdict.what + ": " + verdict.finding;
  }
  std::string out = fmt::format("{} of {} expectations hold", good, verdicts.size());
  if (!first.empty()) out += "; " + first;
  return out;
}

ValidationResult ValidateTable(const Table& table, const Suite& suite, const std::string& batch_id) {
  ValidationResult out;
  Json results = Json::array();
  size_t good = 0;
  for (const Expectation& expectation : suite.expectations) {
    const CheckOutcome outcome = CheckExpectation(table, expectation);
    good += outcome.success ? 1 : 0;
    ExpectationVerdict verdict;
    verdict.success = outcome.success;
    verdict.what = expectation.type;
    const auto column = expectation.kwargs.find("column");
    if (column != expectation.kwargs.end()) verdict.what += " " + column->get<std::string>();
    verdict.finding = Finding(outcome, expectation);
    out.verdicts.push_back(std::move(verdict));
    Json config = expectation.config;
    config["kwargs"]["batch_id"] = batch_id;
    results.push_back({{"success", outcome.success},
                       {"expectation_config", std::move(config)},
                       {"result", outcome.result},
                       {"meta", Json::object()},
                       {"exception_info", ExceptionInfo(outcome)}});
  }
  const size_t all = suite.expectations.size();
  out.success = good == all;
  out.json = {{"success", out.success},
              {"results", std::move(results)},
              {"suite_name", suite.name},
              {"suite_parameters", Json::object()},
              {"statistics",
               {{"evaluated_expectations", all},
                {"successful_expectations", good},
                {"unsuccessful_expectations", all - good},
                {"success_percent", all > 0 ? Json(static_cast<double>(good) / static_cast<double>(all) * 100)
                                            : Json(nullptr)}}},
              {"meta",
               {{"great_expectations_version", suite.gx_version},
                {"forewarn_version", kVersion},
                {"batch_spec", {{"path", batch_id}}},
                {"batch_markers", Json::object()},
                {"active_batch_definition",
                 {{"datasource_name", "forewarn"},
                  {"data_connector_name", "file"},
                  {"data_asset_name", batch_id},
                  {"batch_identifiers", Json::object()}}}}},
              {"id", nullptr}};
  return out;
}

}  // namespace forewarn
