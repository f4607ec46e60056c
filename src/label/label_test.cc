#include "label/label.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/names.h"
#include "frame/table.h"
#include "plant/plant_file.h"

namespace forewarn {
namespace label_test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Plant SmallPlant(const std::string& label) {
  auto plant = ParsePlant(
      "[plant]\nname = 'p'\n[[tag]]\nid = 'a'\n[[tag]]\nid = 'b'\n"
      "[features]\nvolatility = { rows = 3, of = ['a'] }\n" +
          label,
      "p.toml");
  EXPECT_TRUE(plant.ok()) << plant.status().message();
  return *std::move(plant);
}

Frame Rows() {
  Frame frame({0, kHour, 2 * kHour, 3 * kHour});
  frame.Set("a", {1, 2, kNull, 9});
  frame.Set("b", {1, 1, 5, 5});
  return frame;
}

TEST(LabelReport, PeriodsOutsideTheTableAreToldTogether) {
  const Plant plant = SmallPlant(
      "[label]\nalarm = ['a > 5']\n"
      "[[label.period]]\nfrom = '1970-01-01 00:00'\nto = '1970-01-01 01:00'\n"
      "[[label.period]]\nfrom = '1980-01-01 00:00'\nto = '1980-01-01 01:00'\n"
      "[[label.period]]\nfrom = '1990-01-01 00:00'\nto = '1990-01-01 01:00'\n");
  const auto result = LabelTable(plant, Rows());
  ASSERT_TRUE(result.ok()) << result.message();
  const std::string text = LabelReportText(result->report);
  EXPECT_THAT(text, HasSubstr("2 rows (2 by it alone)  1970-01-01 00:00:00 to"));
  EXPECT_THAT(text, HasSubstr("0 rows  2 marked periods hold no row of this table"));
  EXPECT_THAT(text, testing::Not(HasSubstr("1980")));
}

// A plain reader for the shared tables: no quotes, no escapes.
Frame ReadPlainCsv(const fs::path& path) {
  std::ifstream file(path);
  Table table;
  std::vector<TextColumn> cells;
  for (std::string line; std::getline(file, line);) {
    std::istringstream row(line);
    size_t c = 0;
    for (std::string cell; std::getline(row, cell, ','); ++c) {
      if (cells.size() == c) cells.emplace_back();
      cells[c].values.push_back(cell);
      cells[c].valid.push_back(!cell.empty());
    }
  }
  for (TextColumn& column : cells) {
    const std::string name = column.values.front();
    column.values.erase(column.values.begin());
    column.valid.erase(column.valid.begin());
    table.columns.push_back({name, std::move(column)});
  }
  auto frame = ToFrame(table, "timestamp", nullptr);
  EXPECT_TRUE(frame.ok()) << frame.status().message();
  return *std::move(frame);
}

TEST(Label, LabelTable_JoinsPeriodsAndRules) {
  const Plant plant = SmallPlant(
      "[label]\nalarm = ['a > 5', 'b > 100']\ntransition = ['b > 2']\n"
      "[[label.period]]\nfrom = '1970-01-01 00:00'\nto = '1970-01-01 01:00'\nnote = 'n'\n");
  const auto result = LabelTable(plant, Rows());
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_THAT(result->table["anomaly_label"], ElementsAre(1, 1, 0, 1));
  EXPECT_THAT(result->table["regime"], ElementsAre(2, 2, 1, 2));
  EXPECT_THAT(result->rule_alarm, ElementsAre(0, 0, 0, 1));
  EXPECT_EQ(result->report.anomalies, 3u);
  EXPECT_EQ(result->report.events, 2u);
  EXPECT_EQ(result->report.rule_alarms, 1u);
  EXPECT_EQ(result->report.periods[0].rows, 2u);
  EXPECT_EQ(result->report.alarm[0].rows, 1u);
  EXPECT_EQ(result->report.alarm[0].undecided, 1u);
  EXPECT_EQ(result->report.alarm[1].rows, 0u);
}

TEST(Label, LabelTable_CountsWhatAReasonDoesAlone) {
  const Plant plant = SmallPlant("[label]\nalarm = ['b > 2', 'a > 5']\n");
  const auto result = LabelTable(plant, Rows());
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->report.alarm[0].rows, 2u);
  EXPECT_EQ(result->report.alarm[0].alone, 1u);
  EXPECT_EQ(result->report.alarm[1].rows, 1u);
  EXPECT_EQ(result->report.alarm[1].alone, 0u);
}

TEST(Label, LabelTable_ComputesMissingDerivedColumns) {
  const Plant plant = SmallPlant("[label]\nalarm = ['a_roll3h_std > 2']\n");
  const auto result = LabelTable(plant, Rows());
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_THAT(result->report.computed, ElementsAre("a_roll3h_std"));
  EXPECT_THAT(result->table["anomaly_label"], ElementsAre(0, 0, 0, 1));
  EXPECT_EQ(result->table.names().back(), "regime");
}

TEST(Label, LabelTable_NamesRuleAndColumnThatIsMissing) {
  const Plant plant = SmallPlant("[label]\nalarm = ['a > 1 and a_max > 2']\n");
  const auto result = LabelTable(plant, Rows());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), Code::kNotFound);
  EXPECT_THAT(result.message(),
              HasSubstr("label rule 'a > 1 and a_max > 2': line 1, column 11: unknown column 'a_max'"));
}

TEST(Label, LabelTable_WithoutLabelsLeavesTheTableAlone) {
  const auto result = LabelTable(SmallPlant(""), Rows());
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->table == Rows());
  EXPECT_FALSE(result->report.labelled);
  EXPECT_THAT(LabelReportText(result->report), HasSubstr("no labels"));
}

TEST(Label, LabelTable_ReplacesEarlierLabelsAndSaysSo) {
  const Plant plant = SmallPlant("[label]\nalarm = ['b > 2']\n");
  Frame table = Rows();
  table.Set("anomaly_label", 1);
  const auto result = LabelTable(plant, table);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->report.replaced);
  EXPECT_THAT(result->table["anomaly_label"], ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(LabelReportText(result->report), HasSubstr("replaced"));
  const auto json = LabelReportJson(result->report);
  EXPECT_EQ(json["anomalies"], 2);
  EXPECT_EQ(json["alarm"][0]["rule"], "b > 2");
}

TEST(Label, GasTreatment_EqualsTheLabelledTableRowForRow) {
  const fs::path data = fs::path(FOREWARN_SHARED_DATA) / "gas-treatment";
  if (!fs::exists(data)) GTEST_SKIP() << "the shared tables are not here";
  const auto plant = LoadPlantFile(fs::path(FOREWARN_SOURCE_DIR) / "plants" / "gas-treatment.toml");
  ASSERT_TRUE(plant.ok()) << plant.message();
  const Frame expected = ReadPlainCsv(data / "labeled_dataset.csv");
  const Frame cleaned = ReadPlainCsv(data / "cleaned_dataset.csv");
  const auto result = LabelTable(*plant, cleaned);
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(result->report.rows, 673u);
  EXPECT_EQ(result->report.anomalies, 263u);
  EXPECT_THAT(result->report.regimes, ElementsAre(386, 24, 263));
  EXPECT_TRUE(result->report.computed.empty());
  EXPECT_EQ(result->table.names(), expected.names());
  EXPECT_EQ(result->table.times(), expected.times());
  EXPECT_EQ(result->table["anomaly_label"], expected["anomaly_label"]);
  EXPECT_EQ(result->table["regime"], expected["regime"]);
  for (const std::string& name : expected.names()) {
    for (size_t r = 0; r < expected.rows(); ++r) {
      EXPECT_NEAR(result->table[name][r], expected[name][r], 1e-12) << name << " row " << r;
    }
  }
}

// The same labels where the table has lost its derived columns: they are computed from what is left.
TEST(Label, GasTreatment_ComputedColumnsGiveTheSameLabels) {
  const fs::path data = fs::path(FOREWARN_SHARED_DATA) / "gas-treatment";
  if (!fs::exists(data)) GTEST_SKIP() << "the shared tables are not here";
  const auto plant = LoadPlantFile(fs::path(FOREWARN_SOURCE_DIR) / "plants" / "gas-treatment.toml");
  ASSERT_TRUE(plant.ok()) << plant.message();
  Frame table = ReadPlainCsv(data / "cleaned_dataset.csv");
  const Frame expected = ReadPlainCsv(data / "labeled_dataset.csv");
  for (const char* name : {"lic31002_deviation_max", "lt301031_roll3h_std", "pdt31008_roll3h_std"})
    table.Drop(name);
  const auto result = LabelTable(*plant, table);
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(result->report.computed.size(), 3u);
  EXPECT_EQ(result->table["anomaly_label"], expected["anomaly_label"]);
  EXPECT_EQ(result->table["regime"], expected["regime"]);
  for (size_t r = 0; r < table.rows(); ++r) {
    EXPECT_NEAR(result->table["pdt31008_roll3h_std"][r], expected["pdt31008_roll3h_std"][r], 1e-9) << r;
  }
}

}  // namespace
}  // namespace label_test
}  // namespace forewarn
