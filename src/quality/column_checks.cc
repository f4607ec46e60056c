#include "quality/column_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/names.h"
#include "quality/pattern.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;
using Type = ColumnView::Type;

constexpr size_t kPartial = 20;  // unexpected values listed, Great Expectations' default

// 1 a row whose value is as expected; only rows that are considered count.
using Expected = std::vector<uint8_t>;

struct Raised {
  std::string why;
};

CheckOutcome RaisedOutcome(const Raised& raised, const std::string& metric) {
  CheckOutcome out;
  out.raised = raised.why;
  out.metric = metric;
  return out;
}

double Percent(size_t part, size_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole) * 100;
}

Json PercentOrNull(size_t part, size_t whole) {
  return whole > 0 ? Json(Percent(part, whole)) : Json(nullptr);
}

// The first unexpected values, each with how often it is among them, most frequent first.
Json PartialCounts(const ColumnView& column, const std::vector<size_t>& rows) {
  struct Entry {
    Json value;
    size_t row;
    size_t count;
  };
  std::vector<Entry> entries;
  for (const size_t r : rows) {
    const Json value = column.Json(r);
    const auto same = [&](const Entry& e) { return e.value == value; };
    // not-a-number equals nothing, itself included: each missing number stands alone, as in Python
    const bool alone = value.is_null() && column.IsNumber();
    const auto it = alone ? entries.end() : std::find_if(entries.begin(), entries.end(), same);
    if (it == entries.end()) {
      entries.push_back({value, r, 1});
    } else {
      ++it->count;
    }
  }
  std::stable_sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    if (a.count != b.count) return a.count > b.count;
    if (!column.Valid(a.row) || !column.Valid(b.row)) return false;
    return column.IsNumber()              ? column.Number(a.row) < column.Number(b.row)
           : column.type() == Type::kTime ? column.Time(a.row) < column.Time(b.row)
                                          : column.Text(a.row) < column.Text(b.row);
  });
  Json out = Json::array();
  for (const Entry& entry : entries) out.push_back({{"value", entry.value}, {"count", entry.count}});
  return out;
}

// nulls_count: null cells are judged like any other (not_be_null, be_null), not left out.
CheckOutcome Summarise(const ColumnView& column, const Expected& expected, double mostly, bool nulls_count) {
  size_t unexpected = 0;
  std::vector<size_t> first;
  Json values = Json::array();
  for (size_t r = 0; r < column.rows(); ++r) {
    if (expected[r] != 0 || (!nulls_count && !column.Valid(r))) continue;
    if (unexpected++ < kPartial) {
      first.push_back(r);
      values.push_back(column.Json(r));
    }
  }
  const size_t rows = column.rows();
  const size_t considered = nulls_count ? rows : column.valid_rows();
  CheckOutcome out;
  out.success = considered == 0 ||
                static_cast<double>(considered - unexpected) / static_cast<double>(considered) >= mostly;
  out.result = {{"element_count", rows},
                {"unexpected_count", unexpected},
                {"unexpected_percent", PercentOrNull(unexpected, considered)},
                {"partial_unexpected_list", std::move(values)}};
  if (!nulls_count) {
    out.result["missing_count"] = rows - considered;
    out.result["missing_percent"] = PercentOrNull(rows - considered, rows);
    out.result["unexpected_percent_total"] = PercentOrNull(unexpected, rows);
    out.result["unexpected_percent_nonmissing"] = PercentOrNull(unexpected, considered);
  }
  out.result["partial_unexpected_counts"] = PartialCounts(column, first);
  out.result["partial_unexpected_index_list"] = first;
  return out;
}

std::variant<Expected, Raised> Unique(const ColumnView& column) {
  Expected out(column.rows(), 1);
  const auto mark = [&](auto&& key_of) {
    std::unordered_map<std::decay_t<decltype(key_of(0))>, size_t> first;
    for (size_t r = 0; r < column.rows(); ++r) {
      if (!column.Valid(r)) continue;
      const auto [it, fresh] = first.emplace(key_of(r), r);
      if (!fresh) out[r] = out[it->second] = 0;
    }
  };
  if (column.IsNumber()) mark([&](size_t r) { return column.Number(r) + 0.0; });  // −0 equals 0
  if (column.type() == Type::kTime) mark([&](size_t r) { return column.Time(r); });
  if (column.type() == Type::kText) mark([&](size_t r) { return std::string_view(column.Text(r)); });
  return out;
}

// pandas' isin: numbers match numbers (true is 1), text matches text, times match ISO texts if all of them
// are times.
std::variant<Expected, Raised> InSet(const ColumnView& column, const Json& set) {
  std::vector<double> numbers;
  std::vector<PlantTime> times;
  std::vector<std::string> texts;
  bool all_times = true;
  for (const Json& value : set) {
    if (value.is_number()) numbers.push_back(value.get<double>());
    if (value.is_boolean()) numbers.push_back(value.get<bool>() ? 1 : 0);
    if (value.is_string()) texts.push_back(value.get<std::string>());
    if (value.is_null()) continue;
    const auto time =
        value.is_string() ? ParsePlantTime(value.get_ref<const std::string&>()) : Status::Invalid("");
    all_times = all_times && time.ok();
    if (time.ok()) times.push_back(*time);
  }
  if (!all_times) times.clear();
  const bool only_flags = !set.empty() && std::all_of(set.begin(), set.end(),
                                                      [](const Json& value) { return value.is_boolean(); });
  if (column.type() == Type::kTime && only_flags)
    return Raised{"the column holds times, but the set true or false"};
  std::sort(numbers.begin(), numbers.end());
  std::sort(times.begin(), times.end());
  std::sort(texts.begin(), texts.end());
  Expected out(column.rows(), 0);
  for (size_t r = 0; r < column.rows(); ++r) {
    if (!column.Valid(r)) continue;
    out[r] = column.IsNumber() ? std::binary_search(numbers.begin(), numbers.end(), column.Number(r))
             : column.type() == Type::kTime ? std::binary_search(times.begin(), times.end(), column.Time(r))
                                            : std::binary_search(texts.begin(), texts.end(), column.Text(r));
  }
  return out;
}

// Why these bounds cannot be compared with the column; "" where they can.
std::string BoundsProblem(const ColumnView& column, const Bound& low, const Bound& high) {
  using BoundKind = Bound::Kind;
  if (low.kind == BoundKind::kNone && high.kind == BoundKind::kNone)
    return "min_value and max_value cannot both be None";
  if (low.kind == high.kind) {
    if (low.kind == BoundKind::kNumber ? low.number > high.number : low.time > high.time) {
      return "min_value cannot be greater than max_value";
    }
  } else if (low.kind != BoundKind::kNone && high.kind != BoundKind::kNone) {
    return "min_value and max_value are of different types";
  }
  // a column of times refuses other bounds by its type, the others only once there is a value to compare
  if (column.valid_rows() == 0 && column.type() != Type::kTime) return "";
  if (column.type() == Type::kText)
    return "the column holds text, which cannot be compared with a number or a time";
  const BoundKind kind = low.kind == BoundKind::kNone ? high.kind : low.kind;
  if (column.IsNumber() && kind != BoundKind::kNumber)
    return "the column holds numbers, but a bound is a time";
  if (column.type() == Type::kTime && kind == BoundKind::kNumber)
    return "the column holds times, but a bound is a number";
  if (kind == BoundKind::kDate) return "a bound is a date; write it with a time of day (2020-01-31T00:00:00)";
  return "";
}

template <typename T>
bool Inside(T value, const std::optional<T>& low, bool strict_low, const std::optional<T>& high,
            bool strict_high) {
  if (low && !(strict_low ? value > *low : value >= *low)) return false;
  return !(high && !(strict_high ? value < *high : value <= *high));
}

std::variant<Expected, Raised> Between(const ColumnView& column, const Json& kwargs) {
  const auto bound = [&](const char* name) {
    return ParseBound(kwargs.contains(name) ? kwargs[name] : Json(nullptr));
  };
  const auto low = bound("min_value");
  const auto high = bound("max_value");
  if (!low.ok() || !high.ok()) return Raised{"a bound is neither a number nor a time"};
  const std::string problem = BoundsProblem(column, *low, *high);
  if (!problem.empty()) return Raised{problem};
  const bool strict_low = kwargs.value("strict_min", false);
  const bool strict_high = kwargs.value("strict_max", false);
  const auto number = [](const Bound& b) {
    return b.kind == Bound::Kind::kNone ? std::nullopt : std::optional<double>(b.number);
  };
  const auto time = [](const Bound& b) {
    return b.kind == Bound::Kind::kNone ? std::nullopt : std::optional<PlantTime>(b.time);
  };
  Expected out(column.rows(), 1);
  for (size_t r = 0; r < column.rows(); ++r) {
    if (!column.Valid(r)) continue;
    out[r] = column.IsNumber()
                 ? Inside(column.Number(r), number(*low), strict_low, number(*high), strict_high)
                 : Inside(column.Time(r), time(*low), strict_low, time(*high), strict_high);
  }
  return out;
}

std::variant<Expected, Raised> Increasing(const ColumnView& column, bool strictly) {
  Expected out(column.rows(), 1);
  if (column.type() == Type::kText) {
    if (column.valid_rows() > 1) return Raised{"the column holds text, which has no order here"};
    return out;
  }
  std::optional<size_t> last;
  for (size_t r = 0; r < column.rows(); ++r) {
    if (!column.Valid(r)) continue;
    if (last) {
      const bool up =
          column.IsNumber() ? column.Number(r) > column.Number(*last) : column.Time(r) > column.Time(*last);
      const bool same =
          column.IsNumber() ? column.Number(r) == column.Number(*last) : column.Time(r) == column.Time(*last);
      out[r] = up || (same && !strictly);
    }
    last = r;
  }
  return out;
}

std::variant<Expected, Raised> MatchesRegex(const ColumnView& column, const std::string& regex) {
  Expected out(column.rows(), 1);
  const auto pattern = Pattern::Compile(regex);
  if (!pattern.ok()) return Raised{pattern.message()};
  for (size_t r = 0; r < column.rows(); ++r) {
    if (!column.Valid(r)) continue;
    const auto found =
        column.type() == Type::kText ? pattern->Search(column.Text(r)) : pattern->Search(column.AsText(r));
    if (!found.ok()) return Raised{found.message()};
    out[r] = *found;
  }
  return out;
}

// Names of numpy's, pandas' and Python's types, by what they accept of this product's columns.
bool Contains(std::initializer_list<std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool AcceptsType(Type type, std::string_view name) {
  switch (type) {
    case Type::kInt:
      return Contains({"int64", "int", "long", "int_", "intp", "int0", "i8", "<i8", "=i8", ">i8", "l", "p"},
                      name);
    case Type::kFloat:
      return Contains({"float64", "float", "float_", "double", "f8", "<f8", "d"}, name);
    case Type::kTime:
      return Contains({"datetime64", "datetime64[ns]", "datetime64[us]", "M8", "M8[ns]", "<M8[ns]", "M"},
                      name);
    case Type::kText:
      return Contains({"str"}, ToLower(name)) || Contains({"str_type", "string_types"}, ToLower(name));
  }
  return false;
}

bool IsKnownTypeName(std::string_view name) {
  for (const Type type : {Type::kInt, Type::kFloat, Type::kTime, Type::kText}) {
    if (AcceptsType(type, name)) return true;
  }
  const std::string lower = ToLower(name);
  if (Contains({"none", "bool", "int", "long", "float", "bytes", "complex", "list", "dict"}, lower))
    return true;
  return Contains({"bool_",
                   "bool8",
                   "?",
                   "b1",
                   "int8",
                   "int16",
                   "int32",
                   "uint8",
                   "uint16",
                   "uint32",
                   "uint64",
                   "uint",
                   "float16",
                   "float32",
                   "float128",
                   "complex64",
                   "complex128",
                   "timedelta64",
                   "timedelta64[ns]",
                   "str_",
                   "bytes_",
                   "unicode",
                   "unicode_",
                   "S",
                   "U",
                   "i4",
                   "f4",
                   "datetime",
                   "date",
                   "time",
                   "timedelta",
                   "Timestamp",
                   "Timedelta",
                   "StringDtype",
                   "DatetimeTZDtype",
                   "CategoricalDtype"},
                  name);
}

CheckOutcome OfType(const ColumnView& column, const std::string& name, double mostly) {
  const bool object = column.type() == Type::kText;
  if (object && !Contains({"object", "object_", "O"}, name)) {
    if (!IsKnownTypeName(name)) {
      return RaisedOutcome({"Unrecognized numpy/python type: " + name}, "column_values.of_type.condition");
    }
    return Summarise(column, Expected(column.rows(), AcceptsType(Type::kText, name)), mostly, false);
  }
  CheckOutcome out;
  out.success = object || AcceptsType(column.type(), name);
  out.result["observed_value"] = column.TypeName();
  return out;
}

}  // namespace

CheckOutcome CheckColumnValues(const ColumnView& column, const Expectation& expectation) {
  const Json& kwargs = expectation.kwargs;
  const double mostly = kwargs.value("mostly", 1.0);
  const std::string kind = expectation.type.substr(std::string("expect_column_values_to_").size());
  if (kind == "not_be_null" || kind == "be_null") {
    Expected expected(column.rows());
    for (size_t r = 0; r < column.rows(); ++r) expected[r] = column.Valid(r) == (kind == "not_be_null");
    return Summarise(column, expected, mostly, true);
  }
  if (kind == "be_of_type") return OfType(column, kwargs["type_"].get<std::string>(), mostly);
  std::variant<Expected, Raised> found = Raised{"no such expectation"};
  std::string metric;
  if (kind == "be_unique") {
    metric = "unique";
    found = Unique(column);
  } else if (kind == "be_in_set") {
    metric = "in_set";
    found = InSet(column, kwargs["value_set"]);
  } else if (kind == "be_between") {
    metric = "between";
    found = Between(column, kwargs);
  } else if (kind == "be_increasing") {
    metric = "increasing";
    found = Increasing(column, kwargs.contains("strictly") && kwargs["strictly"].is_boolean() &&
                                   kwargs["strictly"].get<bool>());
  } else if (kind == "match_regex") {
    metric = "match_regex";
    found = MatchesRegex(column, kwargs.value("regex", std::string("(?s).*")));
  }
  if (const auto* raised = std::get_if<Raised>(&found)) {
    return RaisedOutcome(*raised, "column_values." + metric + ".condition");
  }
  return Summarise(column, std::get<Expected>(found), mostly, false);
}

}  // namespace forewarn
