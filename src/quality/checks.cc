#include "quality/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "core/names.h"
#include "quality/column_checks.h"
#include "quality/column_view.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

CheckOutcome Raise(std::string why, std::string metric) {
  CheckOutcome out;
  out.raised = std::move(why);
  out.metric = std::move(metric);
  return out;
}

Json Value(const Expectation& expectation, const char* name) {
  const auto it = expectation.kwargs.find(name);
  return it == expectation.kwargs.end() ? Json(nullptr) : *it;
}

bool Flag(const Expectation& expectation, const char* name, bool fallback) {
  const Json value = Value(expectation, name);
  return value.is_boolean()                                     ? value.get<bool>()
         : value.is_null() && expectation.kwargs.contains(name) ? false
                                                                : fallback;
}

bool Within(double value, const std::optional<double>& low, bool strict_low,
            const std::optional<double>& high, bool strict_high) {
  if (low && !(strict_low ? value > *low : value >= *low)) return false;
  return !(high && !(strict_high ? value < *high : value <= *high));
}

CheckOutcome ColumnExists(const Table& table, const Expectation& expectation) {
  const std::string column = Value(expectation, "column").get<std::string>();
  const Json index = Value(expectation, "column_index");
  const std::vector<std::string> names = table.Names();
  CheckOutcome out;
  if (index.is_null() || index.get<int64_t>() == 0) {  // Great Expectations takes 0 for "anywhere"
    out.success = std::find(names.begin(), names.end(), column) != names.end();
    return out;
  }
  const auto size = static_cast<int64_t>(names.size());
  const int64_t place = index.get<int64_t>() < 0 ? index.get<int64_t>() + size : index.get<int64_t>();
  out.success = place >= 0 && place < size && names[static_cast<size_t>(place)] == column;
  return out;
}

CheckOutcome RowCount(const Table& table, const Expectation& expectation) {
  const auto bound = [&](const char* name) -> std::optional<double> {
    const Json value = Value(expectation, name);
    return value.is_null() ? std::nullopt : std::optional<double>(std::trunc(value.get<double>()));
  };
  CheckOutcome out;
  out.success =
      Within(static_cast<double>(table.rows()), bound("min_value"), Flag(expectation, "strict_min", false),
             bound("max_value"), Flag(expectation, "strict_max", false));
  out.result["observed_value"] = table.rows();
  return out;
}

CheckOutcome ColumnCount(const Table& table, const Expectation& expectation) {
  CheckOutcome out;
  out.success =
      static_cast<double>(table.columns.size()) == std::trunc(Value(expectation, "value").get<double>());
  out.result["observed_value"] = table.columns.size();
  return out;
}

CheckOutcome ColumnsMatchSet(const Table& table, const Expectation& expectation) {
  const std::vector<std::string> names = table.Names();
  const std::set<std::string> actual(names.begin(), names.end());
  std::set<std::string> expected;
  for (const Json& name : Value(expectation, "column_set")) expected.insert(name.get<std::string>());
  std::vector<std::string> unexpected;
  std::vector<std::string> missing;
  std::set_difference(actual.begin(), actual.end(), expected.begin(), expected.end(),
                      std::back_inserter(unexpected));
  std::set_difference(expected.begin(), expected.end(), actual.begin(), actual.end(),
                      std::back_inserter(missing));
  CheckOutcome out;
  out.result["observed_value"] = actual;
  Json mismatched = Json::object();
  if (!unexpected.empty()) mismatched["unexpected"] = unexpected;
  if (!missing.empty()) mismatched["missing"] = missing;
  if (!mismatched.empty()) out.result["details"] = {{"mismatched", mismatched}};
  out.success = missing.empty() && (unexpected.empty() || !Flag(expectation, "exact_match", true));
  return out;
}

// The bounds of a mean over numbers, or why they do not fit.
CheckOutcome MeanOfNumbers(const ColumnView& column, const Expectation& expectation, const Bound& low,
                           const Bound& high) {
  CheckOutcome out;
  if (column.valid_rows() == 0) {
    out.result["observed_value"] = nullptr;
    return out;
  }
  long double sum = 0;  // numpy adds pairwise; this is at least as exact
  for (size_t r = 0; r < column.rows(); ++r) sum += column.Valid(r) ? column.Number(r) : 0;
  const auto mean = static_cast<double>(sum / static_cast<long double>(column.valid_rows()));
  for (const Bound& bound : {low, high}) {
    if (bound.kind == Bound::Kind::kDate || bound.kind == Bound::Kind::kTime) {
      return Raise("the column holds numbers, but a bound is a time", "column.mean");
    }
  }
  const auto number = [](const Bound& bound) {
    return bound.kind == Bound::Kind::kNone ? std::nullopt : std::optional<double>(bound.number);
  };
  out.success = Within(mean, number(low), Flag(expectation, "strict_min", false), number(high),
                       Flag(expectation, "strict_max", false));
  out.result["observed_value"] = mean;
  return out;
}

CheckOutcome MeanOfTimes(const ColumnView& column, const Expectation& expectation, const Bound& low,
                         const Bound& high) {
  CheckOutcome out;
  for (const Bound& bound : {low, high}) {
    if (bound.kind == Bound::Kind::kNumber)
      return Raise("the column holds times, but a bound is a number", "column.mean");
    if (bound.kind == Bound::Kind::kDate)
      return Raise("a bound is a date; write it with a time of day", "column.mean");
  }
  if (column.valid_rows() == 0) {
    out.result["observed_value"] = nullptr;
    return out;
  }
  long double sum = 0;
  for (size_t r = 0; r < column.rows(); ++r)
    sum += column.Valid(r) ? static_cast<long double>(column.Time(r)) : 0;
  const auto mean = static_cast<PlantTime>(sum / static_cast<long double>(column.valid_rows()));
  const auto since = [](const Bound& bound) {
    return bound.kind == Bound::Kind::kNone ? std::nullopt
                                            : std::optional<double>(static_cast<double>(bound.time));
  };
  out.success = Within(static_cast<double>(mean), since(low), Flag(expectation, "strict_min", false),
                       since(high), Flag(expectation, "strict_max", false));
  std::string text = FormatPlantTime(mean);
  text[10] = 'T';
  out.result["observed_value"] = text;
  return out;
}

CheckOutcome ColumnMean(const ColumnView& column, const Expectation& expectation) {
  const auto low = ParseBound(Value(expectation, "min_value"));
  const auto high = ParseBound(Value(expectation, "max_value"));
  if (!low.ok() || !high.ok()) return Raise("a bound is neither a number nor a time", "column.mean");
  if (column.type() == ColumnView::Type::kTime) return MeanOfTimes(column, expectation, *low, *high);
  if (column.type() == ColumnView::Type::kText && column.valid_rows() > 0) {
    return Raise("the column holds text; a mean is of numbers", "column.mean");
  }
  return MeanOfNumbers(column, expectation, *low, *high);
}

}  // namespace

CheckOutcome CheckExpectation(const Table& table, const Expectation& expectation) {
  const std::string& type = expectation.type;
  if (type == "expect_column_to_exist") return ColumnExists(table, expectation);
  if (type == "expect_table_row_count_to_be_between") return RowCount(table, expectation);
  if (type == "expect_table_column_count_to_equal") return ColumnCount(table, expectation);
  if (type == "expect_table_columns_to_match_set") return ColumnsMatchSet(table, expectation);
  const std::string name = Value(expectation, "column").get<std::string>();
  const TableColumn* found = table.Find(name);
  if (found == nullptr) {
    const bool mean = type == "expect_column_mean_to_be_between";
    return Raise(fmt::format("The column \"{}\" in BatchData does not exist.", name),
                 mean ? "column.mean" : "column_values.nonnull.condition");
  }
  const ColumnView column(*found);
  if (type == "expect_column_mean_to_be_between") return ColumnMean(column, expectation);
  return CheckColumnValues(column, expectation);
}

}  // namespace forewarn
