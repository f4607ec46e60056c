#include "scoring/table_scoring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "scoring/engine_fixture.h"

namespace forewarn::scoring_test {
namespace {

using ::testing::ElementsAre;

class TableScoringTest : public EngineTest {};

TableColumn NumberedColumn(const std::string& name, std::vector<double> values) {
  return {name, NumberColumn{std::move(values), false}};
}

TEST_F(TableScoringTest, ATableWithEveryInputIsScoredAsItStandsNullsIncluded) {
  Add("x_champion", PointModel(1));
  const auto engine = Loaded();
  Table table;
  for (const std::string& name : EnginePlant().features.point) {
    table.columns.push_back(NumberedColumn(name == "q" ? "Q" : name, {0.5, kNull, -2}));
  }
  const auto scores = PredictTable(*engine, **engine->Find(""), table);
  ASSERT_TRUE(scores.ok()) << scores.message();
  EXPECT_THAT(scores->names, ElementsAre("risk_score", "alarm"));
  const Result<Predictor> predictor = Predictor::Build(PointModel(1));
  for (const size_t r : {0, 1, 2}) {
    const double v[3] = {0.5, kNull, -2};
    const std::vector<double> row(6, v[r]);
    EXPECT_EQ(scores->columns[0][r], predictor->Score(row.data())) << "row " << r;
  }
}

TEST_F(TableScoringTest, APlantTableGetsItsFeaturesComputedWhateverItsOrder) {
  Add("x_champion", PointModel(1));
  const auto engine = Loaded();
  Table table;
  table.columns.push_back({"timestamp", TimeColumn{{2 * kHour, 0, kHour, kNoTime}}});
  table.columns.push_back(NumberedColumn("P", {7, 1, 4, 9}));
  table.columns.push_back(NumberedColumn("q", {3, 3, 3, 3}));
  table.columns.push_back(NumberedColumn("anomaly_label", {0, 0, 0, 0}));
  const auto scores = PredictTable(*engine, **engine->Find(""), table);
  ASSERT_TRUE(scores.ok()) << scores.message();
  const double last[6] = {7, 3, 2, 4, 3, 3};  // hour 2; mean and deviation of 1, 4, 7; delta 3
  EXPECT_EQ(scores->columns[0][0], Predictor::Build(PointModel(1))->Score(last));
  EXPECT_TRUE(std::isnan(scores->columns[0][3])) << "no time, no features";
}

TEST_F(TableScoringTest, RollingForecastsEqualSingleOnesAndAreEmptyWithoutAFullWindow) {
  Add("x_forecaster_1h", WindowModel(2, 1));
  const auto engine = Loaded();
  const ServedPtr model = *engine->FindForecaster(1, nullptr);
  Table table;
  const std::vector<double> p = {1, 2, 3, 4, kNull, 6, 7, 8, 9};
  const std::vector<double> q = {9, 8, 7, 6, 5, 4, 3, 2, 1};
  table.columns = {NumberedColumn("p", p), NumberedColumn("q", q)};
  const auto scores = ForecastTable(*engine, *model, table);
  ASSERT_TRUE(scores.ok()) << scores.message();
  for (size_t r = 0; r < p.size(); ++r) {
    const bool full = r == 2 || r == 3 || r >= 7;
    EXPECT_EQ(IsValid(scores->columns[0][r]), full) << "row " << r;
    if (!full) continue;
    Table head;
    head.columns = {NumberedColumn("p", {p.begin(), p.begin() + static_cast<long>(r) + 1}),
                    NumberedColumn("q", {q.begin(), q.begin() + static_cast<long>(r) + 1})};
    std::vector<Fault> faults;
    const auto request = ForecastRequestOf(*model, head);
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(engine->Forecast(*request, &faults)->probability, scores->columns[0][r]) << "row " << r;
  }
  Table missing;
  missing.columns = {NumberedColumn("p", p)};
  EXPECT_EQ(ForecastTable(*engine, *model, missing).status().code(), Code::kNotFound);
}

TEST_F(TableScoringTest, AppendedColumnsReplaceThoseOfTheSameName) {
  Table table;
  table.columns = {NumberedColumn("a", {1}), NumberedColumn("Alarm", {0})};
  const Table out = AppendColumns(table, {{"risk_score", "alarm"}, {{0.5}, {1}}, {}});
  EXPECT_THAT(out.Names(), ElementsAre("a", "risk_score", "alarm"));
}

}  // namespace
}  // namespace forewarn::scoring_test
