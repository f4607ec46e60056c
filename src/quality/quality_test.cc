#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "quality/column_view.h"
#include "quality/pattern.h"
#include "quality/suite.h"
#include "quality/validate.h"

namespace forewarn {
namespace quality_test {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

TableColumn Numbers(std::string name, std::vector<double> values, bool integer = false) {
  NumberColumn column;
  column.values = std::move(values);
  column.integer = integer;
  return {std::move(name), std::move(column)};
}

TableColumn Texts(std::string name, const std::vector<std::string>& values) {
  TextColumn column;
  for (const std::string& value : values) {
    column.values.push_back(value);
    column.valid.push_back(value != "null");
  }
  return {std::move(name), std::move(column)};
}

Table Sample() {
  Table table;
  table.columns.push_back({"timestamp", TimeColumn{{0, kHour, kHour, kNoTime}}});
  table.columns.push_back(Numbers("level", {1, kNull, 3.5, 3.5}));
  table.columns.push_back(Numbers("label", {0, 1, 1, 2}, true));
  table.columns.push_back(Texts("note", {"a1", "null", "b", "a2"}));
  return table;
}

Suite MakeSuite(const std::string& expectations) {
  auto suite = ParseSuite("{\"name\":\"s\",\"expectations\":[" + expectations + "],\"meta\":{}}", "s.json");
  EXPECT_TRUE(suite.ok()) << suite.status().message();
  return *std::move(suite);
}

// The only result of a suite of one expectation.
Json One(const std::string& type, const std::string& kwargs) {
  const auto result =
      ValidateTable(Sample(), MakeSuite("{\"type\":\"" + type + "\",\"kwargs\":" + kwargs + "}"), "t.csv");
  return result.json["results"][0];
}

std::string SuiteError(const std::string& text) {
  const auto suite = ParseSuite(text, "s.json");
  return suite.ok() ? "" : suite.message();
}

TEST(Quality, ResultHasTheShapeOfGreatExpectations) {
  const auto result = ValidateTable(
      Sample(),
      MakeSuite(R"({"type":"expect_column_values_to_be_in_set","kwargs":{"column":"label","value_set":[0,1]},
                    "meta":{"why":"x"},"id":"7"},
                   {"type":"expect_column_to_exist","kwargs":{"column":"note"}})"),
      "t.csv");
  EXPECT_EQ(
      result.json.dump(),
      R"({"success":false,"results":[{"success":false,"expectation_config":{"type":)"
      R"("expect_column_values_to_be_in_set","kwargs":{"column":"label","value_set":[0,1],"batch_id":"t.csv"},)"
      R"("meta":{"why":"x"},"id":"7","severity":"critical"},"result":{"element_count":4,"unexpected_count":1,)"
      R"("unexpected_percent":25.0,"partial_unexpected_list":[2],"missing_count":0,"missing_percent":0.0,)"
      R"("unexpected_percent_total":25.0,"unexpected_percent_nonmissing":25.0,"partial_unexpected_counts":)"
      R"([{"value":2,"count":1}],"partial_unexpected_index_list":[3]},"meta":{},"exception_info":)"
      R"({"raised_exception":false,"exception_traceback":null,"exception_message":null}},{"success":true,)"
      R"("expectation_config":{"type":"expect_column_to_exist","kwargs":{"column":"note","batch_id":"t.csv"},)"
      R"("meta":{},"severity":"critical"},"result":{},"meta":{},"exception_info":{"raised_exception":false,)"
      R"("exception_traceback":null,"exception_message":null}}],"suite_name":"s","suite_parameters":{},)"
      R"("statistics":{"evaluated_expectations":2,"successful_expectations":1,"unsuccessful_expectations":1,)"
      R"("success_percent":50.0},"meta":{"great_expectations_version":"","forewarn_version":"0.1.0","batch_spec":)"
      R"({"path":"t.csv"},"batch_markers":{},"active_batch_definition":{"datasource_name":"forewarn",)"
      R"("data_connector_name":"file","data_asset_name":"t.csv","batch_identifiers":{}}},"id":null})");
  EXPECT_EQ(result.Summary(),
            "1 of 2 expectations hold; expect_column_values_to_be_in_set label: 1 of 4 rows (25 %), first "
            "row 4: 2");
}

TEST(Quality, NullsAreLeftOutOfEveryCheckButTheirOwn) {
  const Json between = One("expect_column_values_to_be_between", R"({"column":"level","min_value":2})");
  EXPECT_EQ(between["result"]["missing_count"], 1);
  EXPECT_EQ(between["result"]["unexpected_count"], 1);
  EXPECT_DOUBLE_EQ(between["result"]["unexpected_percent"].get<double>(), 100.0 / 3);
  const Json null = One("expect_column_values_to_not_be_null", R"({"column":"timestamp"})");
  EXPECT_EQ(null["result"]["unexpected_count"], 1);
  EXPECT_FALSE(null["result"].contains("missing_count"));
  EXPECT_EQ(null["result"]["partial_unexpected_list"][0], "NaT");
}

TEST(Quality, MostlyIsAShareOfTheConsideredRows) {
  EXPECT_TRUE(One("expect_column_values_to_not_be_null", R"({"column":"level","mostly":0.75})")["success"]);
  EXPECT_FALSE(One("expect_column_values_to_not_be_null", R"({"column":"level","mostly":0.76})")["success"]);
  EXPECT_TRUE(One("expect_column_values_to_be_between",
                  R"({"column":"level","min_value":2,"mostly":0.66})")["success"]);
}

TEST(Quality, MissingColumnFailsAndSaysSo) {
  const Json result = One("expect_column_values_to_be_unique", R"({"column":"zz"})");
  EXPECT_FALSE(result["success"]);
  EXPECT_TRUE(result["result"].empty());
  EXPECT_EQ(result["exception_info"].begin()->at("raised_exception"), true);
  EXPECT_THAT(result["exception_info"].dump(),
              HasSubstr("The column \\\"zz\\\" in BatchData does not exist."));
}

TEST(Quality, BoundsOfAnotherTypeFailAndSaySo) {
  const auto why = [](const std::string& kwargs) {
    return One("expect_column_values_to_be_between", kwargs)["exception_info"].dump();
  };
  EXPECT_THAT(why(R"({"column":"note","min_value":1})"), HasSubstr("holds text"));
  EXPECT_THAT(why(R"({"column":"level","min_value":"2020-01-01T00:00:00"})"), HasSubstr("a bound is a time"));
  EXPECT_THAT(why(R"({"column":"timestamp","min_value":4})"), HasSubstr("a bound is a number"));
  EXPECT_THAT(why(R"({"column":"timestamp","min_value":"1970-01-01"})"),
              HasSubstr("write it with a time of day"));
  EXPECT_THAT(why(R"({"column":"level","min_value":3,"max_value":1})"), HasSubstr("cannot be greater"));
}

TEST(Quality, UniqueCountsEveryTwin) {
  const Json times = One("expect_column_values_to_be_unique", R"({"column":"timestamp"})")["result"];
  EXPECT_EQ(times["unexpected_count"], 2);
  EXPECT_EQ(times["partial_unexpected_list"][0], "1970-01-01T01:00:00");
  EXPECT_EQ(times["partial_unexpected_counts"][0]["count"], 2);
  EXPECT_EQ(One("expect_column_values_to_be_unique", R"({"column":"note"})")["success"], true);
}

TEST(Quality, IncreasingSkipsNulls) {
  EXPECT_TRUE(One("expect_column_values_to_be_increasing", R"({"column":"level"})")["success"]);
  EXPECT_EQ(One("expect_column_values_to_be_increasing",
                R"({"column":"level","strictly":true})")["result"]["partial_unexpected_index_list"]
                .dump(),
            "[3]");
}

TEST(Quality, OfTypeKnowsPandasTypes) {
  const auto holds = [](const char* column, const char* type) {
    return One("expect_column_values_to_be_of_type",
               std::string("{\"column\":\"") + column + "\",\"type_\":\"" + type + "\"}")["success"]
        .get<bool>();
  };
  EXPECT_TRUE(holds("label", "int64"));
  EXPECT_TRUE(holds("label", "int"));
  EXPECT_FALSE(holds("label", "float"));
  EXPECT_TRUE(holds("level", "float64"));
  EXPECT_TRUE(holds("note", "str"));
  EXPECT_FALSE(holds("note", "int"));
  EXPECT_TRUE(holds("timestamp", "datetime64[ns]"));
  EXPECT_FALSE(holds("note", "nonsense"));
}

TEST(Quality, TableExpectations) {
  EXPECT_TRUE(One("expect_table_row_count_to_be_between", R"({"min_value":4,"max_value":4})")["success"]);
  EXPECT_FALSE(
      One("expect_table_row_count_to_be_between", R"({"min_value":4,"strict_min":true})")["success"]);
  const Json columns = One("expect_table_columns_to_match_set", R"({"column_set":["level","zz"]})");
  EXPECT_EQ(columns["result"]["details"].dump(),
            R"({"mismatched":{"unexpected":["label","note","timestamp"],"missing":["zz"]}})");
  EXPECT_TRUE(
      One("expect_table_columns_to_match_set", R"({"column_set":["level"],"exact_match":false})")["success"]);
  EXPECT_DOUBLE_EQ(
      One("expect_column_mean_to_be_between", R"({"column":"level"})")["result"]["observed_value"]
          .get<double>(),
      8.0 / 3);
}

TEST(Quality, EmptyTablePassesWhatItHasNoRowsFor) {
  Table table;
  table.columns.push_back(Numbers("a", {}));
  const auto result =
      ValidateTable(table, MakeSuite(R"({"type":"expect_column_values_to_be_unique","kwargs":{"column":"a"}},
                   {"type":"expect_table_row_count_to_be_between","kwargs":{"min_value":1}})"),
                    "t");
  EXPECT_TRUE(result.verdicts[0].success);
  EXPECT_FALSE(result.verdicts[1].success);
  EXPECT_TRUE(result.json["results"][0]["result"]["unexpected_percent"].is_null());
}

TEST(Quality, SuiteErrorsSayWhichExpectationAndWhatIsKnown) {
  const auto with = [](const std::string& e) {
    return SuiteError("{\"name\":\"s\",\"expectations\":[" + e + "]}");
  };
  EXPECT_THAT(
      with(R"({"type":"expect_column_values_to_be_unik","kwargs":{"column":"a"}})"),
      HasSubstr("s.json: expectation 1: unknown expectation 'expect_column_values_to_be_unik' (did you mean "
                "'expect_column_values_to_be_unique'?); known: expect_column_mean_to_be_between, "));
  EXPECT_THAT(with(R"({"type":"expect_column_to_exist","kwargs":{"colum":"a"}})"),
              HasSubstr("unknown argument 'colum' (did you mean 'column'?)"));
  EXPECT_THAT(with(R"({"type":"expect_column_to_exist","kwargs":{}})"),
              HasSubstr("argument 'column' is missing"));
  EXPECT_THAT(with(R"({"type":"expect_column_values_to_be_unique","kwargs":{"column":"a","mostly":2}})"),
              HasSubstr("argument 'mostly': wanted a number from 0 to 1"));
  EXPECT_THAT(
      with(R"({"type":"expect_column_values_to_be_unique","kwargs":{"column":"a","row_condition":"b>1"}})"),
      HasSubstr("'row_condition' is not supported"));
  EXPECT_THAT(with(R"({"type":"expect_column_values_to_be_unique","kwargs":{"column":{"$PARAMETER":"p"}}})"),
              HasSubstr("suite parameters are not supported"));
  EXPECT_THAT(with(R"({"expectation_type":"expect_column_to_exist"})"),
              HasSubstr("saved by Great Expectations 0.x"));
  EXPECT_THAT(with(R"({"type":"expect_column_values_to_be_between","kwargs":{"column":"a"}})"),
              HasSubstr("min_value and max_value are both missing"));
  EXPECT_THAT(with("3"), HasSubstr("wanted an object"));
  EXPECT_THAT(SuiteError("{"), HasSubstr("s.json: no JSON"));
  EXPECT_THAT(SuiteError("[]"), HasSubstr("no suite of expectations"));
  EXPECT_THAT(SuiteError(R"({"expectations":[]})"), HasSubstr("no \"name\""));
  EXPECT_FALSE(ParseSuite(std::string(200000, '['), "s.json").ok());
}

TEST(Quality, ShippedSuitesLoad) {
  const std::filesystem::path folder = std::filesystem::path(FOREWARN_SOURCE_DIR) / "plants" / "suites";
  const auto gas = LoadSuite(folder / "plant_alarm_ingestion_suite.json");
  ASSERT_TRUE(gas.ok()) << gas.message();
  EXPECT_EQ(gas->expectations.size(), 6u);
  EXPECT_TRUE(LoadSuite(folder / "tennessee_eastman_suite.json").ok());
  EXPECT_EQ(LoadSuite(folder / "absent.json").status().code(), Code::kIo);
}

bool Finds(const std::string& pattern, const std::string& text) {
  const auto compiled = Pattern::Compile(pattern);
  EXPECT_TRUE(compiled.ok()) << pattern << ": " << compiled.status().message();
  return compiled.ok() && *compiled->Search(text);
}

TEST(Quality, PatternReadsAsPythonDoes) {
  EXPECT_TRUE(Finds("b", "abc"));
  EXPECT_FALSE(Finds("^b", "abc"));
  EXPECT_TRUE(Finds("c$", "abc\n"));
  EXPECT_FALSE(Finds("c\\Z", "abc\n"));
  EXPECT_TRUE(Finds("^.$", "\xC3\xA9"));  // one character, two bytes
  EXPECT_TRUE(Finds("\\u00e9", "\xC3\xA9"));
  EXPECT_TRUE(Finds("^\\w$", "\xC3\xA9"));
  EXPECT_TRUE(Finds("[[:]", "["));  // no POSIX classes
  EXPECT_TRUE(Finds("[]]", "]"));
  EXPECT_TRUE(Finds("(?P<n>a)(?P=n)", "aa"));
  EXPECT_FALSE(Finds("^\\v$", "\n"));  // the vertical tab alone
  EXPECT_FALSE(Finds("x", "\xff\xfe"));
}

TEST(Quality, PatternRefusesWhatPythonRefuses) {
  for (const char* bad :
       {"(", "*", "a{2,1}", "[b-a]", "\\", "\\K", "\\R", "(?R)", "(*UTF)", "(?1)", "(?C1)", "\\u12", "(?"}) {
    EXPECT_FALSE(Pattern::Compile(bad).ok()) << bad;
  }
  EXPECT_THAT(Pattern::Compile("ab\\q").message(), HasSubstr("position 2: bad escape \\q"));
}

TEST(Quality, PatternThatExplodesIsStopped) {
  const auto pattern = Pattern::Compile("(a+)+$");
  ASSERT_TRUE(pattern.ok());
  const auto found = pattern->Search(std::string(5000, 'a') + "b");
  ASSERT_FALSE(found.ok());
  EXPECT_THAT(found.message(), HasSubstr("takes too long on a cell of 5001 bytes"));
}

TEST(Quality, ColumnViewPrintsAsPandasDoes) {
  EXPECT_EQ(PythonFloat(3), "3.0");
  EXPECT_EQ(PythonFloat(1e16), "1e+16");
  EXPECT_EQ(PythonFloat(1e15), "1000000000000000.0");
  EXPECT_EQ(PythonFloat(1e-5), "1e-05");
  EXPECT_EQ(PythonFloat(0.0001), "0.0001");
  EXPECT_EQ(PythonFloat(-0.0), "-0.0");
  const TableColumn days{"d", TimeColumn{{0, kDay}}};
  const TableColumn fine{"d", TimeColumn{{0, kHour + 250 * kMillisecond}}};
  EXPECT_EQ(ColumnView(days).AsText(1), "1970-01-02");
  EXPECT_EQ(ColumnView(fine).AsText(0), "1970-01-01 00:00:00.000");
  EXPECT_EQ(ColumnView(fine).AsText(1), "1970-01-01 01:00:00.250");
  EXPECT_EQ(ColumnView(fine).Json(1), "1970-01-01T01:00:00.250000");
  const TableColumn huge = Numbers("h", {1e300}, true);
  EXPECT_EQ(ColumnView(huge).type(), ColumnView::Type::kFloat);
}

}  // namespace
}  // namespace quality_test
}  // namespace forewarn
