// Blocks of a table, put together, are the table's data set bit for bit.
#include "features/block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/random.h"
#include "frame/statistics.h"
#include "plant/derived.h"

namespace forewarn {
namespace block_testing {

Plant EverythingPlant() {
  Plant plant;
  plant.name = "toy";
  for (const char* id : {"p", "q"}) {
    Tag tag;
    tag.id = id;
    plant.tags.push_back(tag);
  }
  plant.features.window = 4;
  plant.features.horizons = {kHour, 3 * kHour};
  plant.features.rolling = {5, {"p", "q"}};
  plant.features.volatility = {3, {"q"}};
  plant.features.delta = {"p"};
  plant.features.history_sum = HistorySum{"history", "anomaly_label", 9};
  plant.features.point = {"p", "q", "p_roll_std", "hour_of_day"};
  plant.label.alarm = {*Rule::Parse("p_max > 20"),
                       *Rule::Parse("q_roll3h_std > quantile(q_roll3h_std, 0.9)")};
  return plant;
}

Frame EverythingTable(size_t rows) {
  Random random(7);
  std::vector<PlantTime> times;
  PlantTime time = 0;
  for (size_t r = 0; r < rows; ++r) times.push_back(time += kHour * (r % 11 == 3 ? 5 : 1));  // with holes
  Frame frame(times);
  for (const char* name : {"p", "q", "p_max"}) {
    for (double& cell : frame.Set(name, 0.0)) {
      cell = random.Uniform() < 0.05 ? kNull : random.Normal() * 5 + 10;
    }
  }
  for (double& cell : frame.Set("filled", 0.0)) cell = random.Uniform() < 0.04 ? 2 : 0;
  for (double& cell : frame.Set("anomaly_label", 0.0)) cell = random.Uniform() < 0.2 ? 1 : 0;
  return frame;
}

// The quantiles the plant's rules read, of the whole table.
std::vector<RuleQuantile> QuantilesOf(const Plant& plant, Frame table) {
  std::vector<RuleQuantile> out;
  for (const Rule& rule : plant.label.alarm) {
    for (RuleQuantile quantile : rule.Quantiles()) {
      if (!table.Has(quantile.column)) AddDerivedColumn(plant, quantile.column, table);
      quantile.value = Quantile(table[quantile.column], quantile.share);
      out.push_back(quantile);
    }
  }
  return out;
}

FeatureBlock Build(const Plant& plant, const Frame& table, size_t begin, size_t end, size_t train_rows) {
  const size_t first = begin - std::min(begin, HaloBefore(plant));
  const size_t last = std::min(table.rows(), end + HaloAfter(plant));
  auto block = BuildBlock(plant, table.Slice(first, last), {first, begin, end, table.rows(), train_rows},
                          QuantilesOf(plant, table), nullptr);
  EXPECT_TRUE(block.ok()) << block.message();
  return std::move(block).value();
}

void Join(const HorizonWindows& from, HorizonWindows& to) {
  const auto windows = [](const WindowMatrix& a, WindowMatrix& b) {
    b.values.insert(b.values.end(), a.values.begin(), a.values.end());
    b.end_row.insert(b.end_row.end(), a.end_row.begin(), a.end_row.end());
  };
  const auto labels = [](const auto& a, auto& b) { b.insert(b.end(), a.begin(), a.end()); };
  windows(from.train, to.train);
  windows(from.valid, to.valid);
  labels(from.train_at, to.train_at);
  labels(from.train_within, to.train_within);
  labels(from.valid_at, to.valid_at);
  labels(from.valid_within, to.valid_within);
}

void ExpectSame(const HorizonWindows& a, const HorizonWindows& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.train.values, b.train.values);
  EXPECT_EQ(a.valid.values, b.valid.values);
  EXPECT_EQ(a.train.end_row, b.train.end_row);
  EXPECT_EQ(a.valid.end_row, b.valid.end_row);
  EXPECT_EQ(a.train_at, b.train_at);
  EXPECT_EQ(a.train_within, b.train_within);
  EXPECT_EQ(a.valid_at, b.valid_at);
  EXPECT_EQ(a.valid_within, b.valid_within);
}

}  // namespace block_testing

using block_testing::Build;
using ::testing::HasSubstr;

TEST(BuildBlock, BlocksOfAnySizeTogetherAreTheWholeTable) {
  const Plant plant = block_testing::EverythingPlant();
  const Frame table = block_testing::EverythingTable(157);
  const auto set = BuildDataset(plant, table, {}, nullptr);
  ASSERT_TRUE(set.ok()) << set.message();
  Frame whole = set->train;
  ASSERT_TRUE(whole.Append(set->valid).ok());
  for (const size_t size : {size_t{1}, size_t{2}, size_t{7}, size_t{40}, size_t{157}}) {
    Frame joined;
    std::vector<HorizonWindows> horizons;
    for (size_t begin = 0; begin < table.rows(); begin += size) {
      const FeatureBlock block =
          Build(plant, table, begin, std::min(begin + size, table.rows()), set->train.rows());
      if (begin == 0) {
        joined = block.features;
        horizons = block.horizons;
        continue;
      }
      ASSERT_TRUE(joined.Append(block.features).ok());
      for (size_t h = 0; h < horizons.size(); ++h) block_testing::Join(block.horizons[h], horizons[h]);
    }
    EXPECT_TRUE(joined == whole) << "blocks of " << size;
    ASSERT_EQ(horizons.size(), set->horizons.size());
    for (size_t h = 0; h < horizons.size(); ++h) block_testing::ExpectSame(horizons[h], set->horizons[h]);
  }
}

TEST(BuildBlock, RefusesAHaloThatIsTooShort) {
  const Plant plant = block_testing::EverythingPlant();
  const Frame table = block_testing::EverythingTable(60);
  EXPECT_EQ(HaloBefore(plant), 8u);  // the history of nine rows
  EXPECT_EQ(HaloAfter(plant), 2u);
  const auto build = [&](size_t first, size_t begin, size_t end, size_t last) {
    return BuildBlock(plant, table.Slice(first, last), {first, begin, end, 60, 48},
                      block_testing::QuantilesOf(plant, table), nullptr);
  };
  EXPECT_TRUE(build(12, 20, 30, 32).ok());
  EXPECT_THAT(build(13, 20, 30, 32).message(), HasSubstr("8 and 2 are needed"));
  EXPECT_FALSE(build(12, 20, 30, 31).ok());
  EXPECT_FALSE(build(21, 20, 30, 32).ok());
  EXPECT_TRUE(build(0, 3, 60, 60).ok());
}

TEST(BuildBlock, AQuantileOfTheWholeTableMustBeGiven) {
  const Plant plant = block_testing::EverythingPlant();
  const Frame table = block_testing::EverythingTable(60);
  const auto block = BuildBlock(plant, table.Slice(0, 32), {0, 0, 30, 60, 48}, {}, nullptr);
  ASSERT_FALSE(block.ok());
  EXPECT_THAT(block.message(), HasSubstr("quantile(q_roll3h_std, 0.9) of the whole table"));
}

}  // namespace forewarn
