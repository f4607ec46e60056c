#include "plant/derived.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "plant/plant_file.h"

namespace forewarn {
namespace derived_test {
namespace {

using ::testing::ElementsAre;

Plant SmallPlant() {
  auto plant = ParsePlant(
      "[plant]\nname = 'p'\n[[tag]]\nid = 'a'\nsaturated_above = 100\n[[controller]]\nid = 'c'\n"
      "[features]\nvolatility = { rows = 3, of = ['a'] }\n",
      "p.toml");
  EXPECT_TRUE(plant.ok()) << plant.status().message();
  return *std::move(plant);
}

Frame Rows() {
  std::vector<PlantTime> times;
  for (int i = 0; i < 5; ++i) times.push_back((23 + i) * kHour);  // from Thursday 23:00
  Frame frame(std::move(times));
  frame.Set("a", {0.1, 0.1, 0.1, 104, kNull});
  frame.Set("c_pv", {10, 11, kNull, 13, 14});
  frame.Set("c_sp", {9, 9, 9, kNull, 9});
  return frame;
}

TEST(Derived, AddDerivedColumns_ComputesWhatItsInputsAllow) {
  Frame table = Rows();
  EXPECT_THAT(AddDerivedColumns(SmallPlant(), table, false),
              ElementsAre("a_saturated", "c_deviation", "a_roll3h_mean", "a_roll3h_std", "hour_of_day",
                          "day_of_week"));
  EXPECT_FALSE(table.Has("c_deviation_max"));  // no c_pv_max
  EXPECT_EQ(table["c_deviation"][1], 2);
  EXPECT_TRUE(std::isnan(table["c_deviation"][2]));
  EXPECT_TRUE(std::isnan(table["c_deviation"][3]));
  EXPECT_THAT(table["hour_of_day"], ElementsAre(23, 0, 1, 2, 3));
  EXPECT_THAT(table["day_of_week"], ElementsAre(3, 4, 4, 4, 4));
  EXPECT_EQ(table["a_saturated"][0], 0);
  EXPECT_EQ(table["a_saturated"][3], 1);
  EXPECT_TRUE(std::isnan(table["a_saturated"][4]));
}

TEST(Derived, Volatility_IsSampleStdOverThreeRows) {
  Frame table = Rows();
  AddDerivedColumns(SmallPlant(), table, false);
  const auto& mean = table["a_roll3h_mean"];
  const auto& spread = table["a_roll3h_std"];
  EXPECT_EQ(mean[2], 0.1);  // exactly, although 0.1 + 0.1 + 0.1 is not 0.3
  EXPECT_EQ(spread[0], 0);  // the first row has no spread
  EXPECT_EQ(spread[2], 0);
  EXPECT_DOUBLE_EQ(mean[3], (0.1 + 0.1 + 104) / 3);
  EXPECT_DOUBLE_EQ(spread[3], 103.9 / std::sqrt(3.0));
  EXPECT_DOUBLE_EQ(mean[4], (0.1 + 104) / 2);  // the null is skipped
}

TEST(Derived, AddDerivedColumns_KeepsWhatIsThereUnlessToldOtherwise) {
  Frame table = Rows();
  table.Set("c_deviation", 7);
  AddDerivedColumns(SmallPlant(), table, false);
  EXPECT_EQ(table["c_deviation"][0], 7);
  AddDerivedColumns(SmallPlant(), table, true);
  EXPECT_EQ(table["c_deviation"][0], 1);
}

TEST(Derived, AddDerivedColumn_IsFalseWhereNothingCanBeComputed) {
  Frame table = Rows();
  const Plant plant = SmallPlant();
  EXPECT_TRUE(AddDerivedColumn(plant, "a_roll3h_std", table));
  EXPECT_FALSE(AddDerivedColumn(plant, "c_deviation_max", table));
  EXPECT_FALSE(AddDerivedColumn(plant, "unheard_of", table));
  EXPECT_EQ(table.columns(), 4u);
}

TEST(Derived, VolatilityNames_CarryTheSpan) {
  Plant plant = SmallPlant();
  EXPECT_EQ(VolatilityMeanName(plant, "a"), "a_roll3h_mean");
  plant.features.volatility.rows = 24;
  EXPECT_EQ(VolatilityStdName(plant, "a"), "a_roll24h_std");
  plant.interval = 3 * kMinute;
  plant.features.volatility.rows = 3;
  EXPECT_EQ(VolatilityStdName(plant, "a"), "a_roll9min_std");
}

}  // namespace
}  // namespace derived_test
}  // namespace forewarn
