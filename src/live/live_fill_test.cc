#include "live/live_fill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "live/live_test_plant.h"

namespace forewarn {
namespace {

using live_test::SmallPlant;
using ::testing::ElementsAre;

// Any pattern of gaps: the same cells as ingest's FillColumn gives live, series by series.
TEST(LiveFill, EqualsIngestsFillingRowByRow) {
  const Plant plant = SmallPlant();
  const std::vector<std::string> series = plant.SeriesNames();
  Random random(5);
  for (int round = 0; round < 200; ++round) {
    constexpr size_t kRows = 60;
    std::vector<std::vector<double>> columns(series.size(), std::vector<double>(kRows, kNull));
    for (auto& column : columns) {
      const double share = random.Uniform();
      for (double& cell : column) cell = random.Uniform() < share ? kNull : random.Normal();
    }
    LiveFill live(plant);
    std::vector<std::vector<double>> got = columns;
    for (size_t r = 0; r < kRows; ++r) {
      std::vector<double> cells;
      for (const auto& column : columns) cells.push_back(column[r]);
      std::vector<uint8_t> filled(series.size());
      live.Step(cells, filled);
      for (size_t s = 0; s < series.size(); ++s) got[s][r] = cells[s];
    }
    for (size_t s = 0; s < series.size(); ++s) {
      std::vector<bool> ahead(kRows);
      FillColumn(columns[s], FillRuleOf(plant, series[s], true), ahead);
      for (size_t r = 0; r < kRows; ++r) {
        ASSERT_EQ(IsValid(got[s][r]), IsValid(columns[s][r])) << series[s] << " row " << r;
        if (!IsValid(got[s][r])) continue;
        ASSERT_EQ(got[s][r], columns[s][r]) << series[s] << " row " << r;
      }
    }
  }
}

TEST(LiveFill, MarksWhatIsOldButNotASetpointThatHolds) {
  const Plant plant = SmallPlant();  // a, idle, c_pv, c_op, c_sp
  LiveFill fill(plant);
  std::vector<uint8_t> filled(5);
  std::vector<double> cells = {1, 2, 3, 4, 80};
  fill.Step(cells, filled);
  EXPECT_THAT(filled, ElementsAre(0, 0, 0, 0, 0));
  for (int row = 1; row <= 8; ++row) {
    cells.assign(5, kNull);
    fill.Step(cells, filled);
    EXPECT_EQ(cells[4], 80);
    EXPECT_EQ(filled[4], 0);
    EXPECT_EQ(IsValid(cells[0]), row <= 6) << row;
    EXPECT_EQ(filled[0], row <= 6 ? 1 : 0) << row;
  }
  EXPECT_EQ(fill.last(0), 1);
}

TEST(NeededSeries, AreThoseTheFeaturesAreMadeOf) {
  EXPECT_THAT(NeededSeries(SmallPlant()), ElementsAre(0, 2, 3, 4));  // all but the tag that is no sensor
}

}  // namespace
}  // namespace forewarn
