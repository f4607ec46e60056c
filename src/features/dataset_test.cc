// The split, targets, look-ahead rows, SMOTE and rule state of BuildDataset.
#include "features/dataset.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace forewarn {
namespace dataset_testing {

Tag NamedTag(const char* id) {
  Tag tag;
  tag.id = id;
  return tag;
}

Plant LabelledPlant() {
  Plant plant;
  plant.name = "toy";
  plant.tags = {NamedTag("p"), NamedTag("q")};
  plant.features.window = 4;
  plant.features.horizons = {kHour, 3 * kHour};
  plant.features.rolling = {3, {"p"}};
  plant.features.point = {"p", "q", "p_roll_mean", "hour_of_day"};
  plant.label.periods = {{2 * kHour, 3 * kHour, "noted"}};
  plant.label.alarm = {*Rule::Parse("p_max > 20")};
  return plant;
}

Frame LabelledTable(size_t rows, uint64_t seed) {
  Random random(seed);
  std::vector<PlantTime> times;
  for (size_t r = 0; r < rows; ++r) times.push_back(static_cast<PlantTime>(r) * kHour);
  Frame frame(times);
  for (const char* name : {"p", "q"}) {
    for (double& cell : frame.Set(name, 0.0)) cell = random.Normal() * 5 + 10;
  }
  frame.Set("p_max", frame["p"]);
  frame.Set("anomaly_label", 0.0);
  frame.Set("regime", 0.0);
  for (size_t r = 0; r < rows; ++r) {
    const bool anomaly = frame["p_max"][r] > 15 || r == 2 || r == 3;
    frame["anomaly_label"][r] = anomaly ? 1 : 0;
    frame["regime"][r] = anomaly ? 2 : 0;
  }
  return frame;
}

FeatureDataset Built(const Plant& plant, const Frame& table) {
  auto set = BuildDataset(plant, table, {}, nullptr);
  EXPECT_TRUE(set.ok()) << set.message();
  return std::move(set).value();
}

}  // namespace dataset_testing

TEST(BuildDataset, SplitsByTimeAfterTheFeatures) {
  const Plant plant = dataset_testing::LabelledPlant();
  const Frame table = dataset_testing::LabelledTable(101, 1);
  const FeatureDataset set = dataset_testing::Built(plant, table);
  EXPECT_EQ(set.train.rows(), 80u);
  EXPECT_EQ(set.valid.rows(), 21u);
  EXPECT_EQ(set.valid.times().front(), table.times()[80]);
  EXPECT_DOUBLE_EQ(set.valid["p_roll_mean"][0], (table["p"][78] + table["p"][79] + table["p"][80]) / 3);
}

TEST(BuildDataset, TargetsAreTheLabelAtAndWithinTheHorizon) {
  const Plant plant = dataset_testing::LabelledPlant();
  const Frame table = dataset_testing::LabelledTable(100, 2);
  const FeatureDataset set = dataset_testing::Built(plant, table);
  const std::vector<double>& label = table["anomaly_label"];
  ASSERT_EQ(set.horizons.size(), 2u);
  for (const HorizonWindows& h : set.horizons) {
    const auto steps = static_cast<size_t>(h.steps);
    EXPECT_EQ(h.train.end_row.front(), 4u);
    EXPECT_EQ(h.train.end_row.back() + steps - 1, 79u);
    EXPECT_EQ(h.valid.end_row.front() + steps - 1, 80u);
    EXPECT_EQ(h.valid.end_row.back() + steps - 1, 99u);
    for (const bool train : {true, false}) {
      const WindowMatrix& windows = train ? h.train : h.valid;
      const auto& at = train ? h.train_at : h.valid_at;
      const auto& within = train ? h.train_within : h.valid_within;
      ASSERT_EQ(at.size(), windows.rows());
      ASSERT_EQ(within.size(), windows.rows());
      for (size_t r = 0; r < windows.rows(); ++r) {
        const size_t end = windows.end_row[r];
        EXPECT_EQ(at[r], label[end + steps - 1]);
        bool any = false;
        for (size_t i = end; i < end + steps; ++i) any = any || label[i] == 1;
        EXPECT_EQ(within[r], any ? 1 : 0);
        EXPECT_EQ(windows.row(r)[0], static_cast<float>(table["p"][end - 4]));
      }
    }
  }
}

TEST(BuildDataset, LeavesOutWindowsThatTouchRowsFilledFromTheFuture) {
  const Plant plant = dataset_testing::LabelledPlant();
  Frame table = dataset_testing::LabelledTable(100, 3);
  table.Set("filled", 0.0)[30] = 4;
  const FeatureDataset set = dataset_testing::Built(plant, table);
  for (const HorizonWindows& h : set.horizons) {
    const std::vector<size_t>& ends = h.train.end_row;
    const auto steps = static_cast<size_t>(h.steps);
    // Row 30 is a window row for ends 31 … 34 and one of the next h rows for ends 31 − h … 30.
    for (size_t end = 4; end + steps - 1 < 80; ++end) {
      const bool touches = end >= 31 - steps && end <= 34;
      EXPECT_EQ(std::find(ends.begin(), ends.end(), end) == ends.end(), touches) << "end " << end;
    }
  }
  EXPECT_EQ(set.notes.size(), 2u);
}

TEST(BuildDataset, SmoteTouchesTheTrainingPartAlone) {
  const Plant plant = dataset_testing::LabelledPlant();
  const FeatureDataset set = dataset_testing::Built(plant, dataset_testing::LabelledTable(200, 4));
  ASSERT_TRUE(set.smote_applied);
  const Frame& smote = set.train_smote;
  EXPECT_EQ(smote.names(), set.train.names());
  EXPECT_TRUE(smote.Slice(0, set.train.rows()) == set.train);
  double ones = 0;
  for (const double label : smote["anomaly_label"]) ones += label;
  EXPECT_EQ(ones * 2, static_cast<double>(smote.rows()));
  for (size_t r = set.train.rows(); r < smote.rows(); ++r) {
    EXPECT_EQ(smote.times()[r], kNoTime);
    EXPECT_EQ(smote["regime"][r], 2);
    EXPECT_EQ(smote["anomaly_label"][r], 1);
  }
}

TEST(BuildDataset, SaysWhySmoteWasSkipped) {
  const Plant plant = dataset_testing::LabelledPlant();
  Frame table = dataset_testing::LabelledTable(100, 5);
  for (double& label : table["anomaly_label"]) label = 0;
  const FeatureDataset set = dataset_testing::Built(plant, table);
  EXPECT_FALSE(set.smote_applied);
  EXPECT_NE(set.smote_note, "");
  EXPECT_TRUE(set.train_smote == set.train);
}

TEST(BuildDataset, RuleAlarmIsTheRulesWithoutOperatorPeriods) {
  const Plant plant = dataset_testing::LabelledPlant();
  Frame table = dataset_testing::LabelledTable(100, 6);
  table["p_max"][50] = kNull;  // a null never fires a rule
  FeatureDataset set = dataset_testing::Built(plant, table);
  Frame all = set.train;
  ASSERT_TRUE(all.Append(set.valid).ok());
  for (size_t r = 0; r < 100; ++r) EXPECT_EQ(all["rule_alarm"][r], table["p_max"][r] > 20 ? 1 : 0) << r;
  EXPECT_TRUE(set.notes.empty());

  table.Drop("p_max");
  set = dataset_testing::Built(plant, table);
  all = set.train;
  ASSERT_TRUE(all.Append(set.valid).ok());
  for (size_t r = 0; r < 100; ++r) {
    EXPECT_EQ(all["rule_alarm"][r], r == 2 || r == 3 ? 0 : table["anomaly_label"][r]) << r;
  }
  EXPECT_EQ(set.notes.size(), 1u);
}

TEST(BuildDataset, APlantWithoutLabelsHasNoTargets) {
  Plant plant = dataset_testing::LabelledPlant();
  plant.label = {};
  Frame table = dataset_testing::LabelledTable(100, 7);
  table.Drop("anomaly_label");
  table.Drop("regime");
  const FeatureDataset set = dataset_testing::Built(plant, table);
  EXPECT_FALSE(set.labelled);
  EXPECT_TRUE(set.horizons.empty());
  EXPECT_EQ(set.train_smote.rows(), 0u);
  EXPECT_FALSE(set.train.Has("rule_alarm"));
  EXPECT_TRUE(set.train.Has("p_roll_mean"));
}

TEST(BuildDataset, RejectsAnUnlabelledTableOfALabelledPlant) {
  Frame table = dataset_testing::LabelledTable(100, 8);
  table.Drop("anomaly_label");
  const auto set = BuildDataset(dataset_testing::LabelledPlant(), table, {}, nullptr);
  ASSERT_FALSE(set.ok());
  EXPECT_NE(set.message().find("forewarn label"), std::string::npos);
}

TEST(BuildDataset, RejectsLabelsThatAreNeitherZeroNorOneAndCellsTooLarge) {
  Frame table = dataset_testing::LabelledTable(100, 9);
  table["anomaly_label"][7] = 3;
  EXPECT_NE(BuildDataset(dataset_testing::LabelledPlant(), table, {}, nullptr)
                .message()
                .find("1970-01-01 07:00:00"),
            std::string::npos);
  table["anomaly_label"][7] = 0;
  table["q"][9] = 1e300;
  EXPECT_NE(BuildDataset(dataset_testing::LabelledPlant(), table, {}, nullptr).message().find("q is 1e+300"),
            std::string::npos);
  EXPECT_FALSE(BuildDataset(dataset_testing::LabelledPlant(), table.Slice(0, 1), {}, nullptr).ok());
}

TEST(TableDigest, ChangesWithEveryCellNameAndTime) {
  const Frame table = dataset_testing::LabelledTable(20, 10);
  const std::string digest = TableDigest(table);
  EXPECT_EQ(TableDigest(table), digest);
  Frame other = table;
  other["q"][3] = kNull;
  const std::string with_null = TableDigest(other);
  EXPECT_NE(with_null, digest);
  other["q"][3] = -std::numeric_limits<double>::quiet_NaN();  // the same null in other bits
  EXPECT_EQ(TableDigest(other), with_null);
  other = table;
  other.Drop("q");
  EXPECT_NE(TableDigest(other), digest);
  EXPECT_NE(TableDigest(table.Slice(0, 19)), digest);
}

}  // namespace forewarn
