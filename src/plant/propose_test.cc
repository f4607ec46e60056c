#include "plant/propose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plant/plant_file.h"

namespace forewarn {
namespace propose_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Frame Rows() {
  std::vector<PlantTime> times;
  for (int i = 0; i < 40; ++i) times.push_back(i * 15 * kMinute);
  Frame frame(std::move(times));
  std::vector<double> ramp;
  std::vector<double> over;
  for (int i = 0; i < 40; ++i) {
    ramp.push_back(i);
    over.push_back(104 + 0.01 * i);
  }
  frame.Set("flow", ramp);
  frame.Set("flow_max", ramp);
  frame.Set("flow_roll3h_std", ramp);
  frame.Set("dead", 7.5);
  frame.Set("gone");
  frame.Set("level", over);
  frame.Set("lic1_pv", ramp);
  frame.Set("lic1_sp", 80);
  frame.Set("lic1_op", ramp);
  frame.Set("lic1_deviation", ramp);
  frame.Set("feed flow (t/h)", ramp);
  frame.Set("hour_of_day", ramp);
  return frame;
}

TEST(Propose, FindsTagsLoopsAndFailedSensors) {
  const auto proposal = ProposePlant(Rows(), "My Plant 2", "table.csv");
  ASSERT_TRUE(proposal.ok()) << proposal.message();
  EXPECT_THAT(proposal->tags, ElementsAre("flow", "dead", "gone", "level"));
  EXPECT_THAT(proposal->controllers, ElementsAre("lic1"));
  EXPECT_THAT(proposal->derived, ElementsAre("flow_max", "flow_roll3h_std", "lic1_deviation", "hour_of_day"));
  EXPECT_THAT(proposal->unusable, ElementsAre("feed flow (t/h)"));
  ASSERT_EQ(proposal->doubtful.size(), 3u);
  EXPECT_THAT(proposal->doubtful[0].second, HasSubstr("stuck at 7.5"));
  EXPECT_THAT(proposal->doubtful[2].second, HasSubstr("percent scale"));
}

TEST(Propose, TextIsAPlantFileThatPassesItsChecks) {
  const auto proposal = ProposePlant(Rows(), "My Plant 2", "table.csv");
  ASSERT_TRUE(proposal.ok());
  const auto plant = ParsePlant(proposal->toml, "new.toml");
  ASSERT_TRUE(plant.ok()) << plant.message() << "\n" << proposal->toml;
  EXPECT_EQ(plant->name, "my-plant-2");
  EXPECT_EQ(plant->interval, 15 * kMinute);
  EXPECT_THAT(plant->Sensors(), ElementsAre("flow", "lic1_pv"));
  EXPECT_EQ(plant->FindController("lic1")->sp_fixed, 80);
  EXPECT_EQ(plant->FindTag("level")->saturated_above, 100);
  EXPECT_EQ(plant->FindTag("flow")->low, 0.39);
}

// The commented lines are an example that must hold, too.
TEST(Propose, CommentedLabelsPassTheChecks) {
  std::string text = ProposePlant(Rows(), "p", "table.csv")->toml;
  for (const char* key :
       {"[label]", "alarm =", "transition =", "[[label.period]]", "from =", "to =", "note =", "false_"}) {
    const size_t at = text.find("\n# " + std::string(key));
    ASSERT_NE(at, std::string::npos) << key;
    text.erase(at + 1, 2);
  }
  const auto plant = ParsePlant(text, "new.toml");
  ASSERT_TRUE(plant.ok()) << plant.message();
  EXPECT_EQ(plant->label.alarm[0].text(), "flow > 39");
}

TEST(Propose, HostileNamesStayComments) {
  Frame table({0, kHour});
  table.Set("a", {1, 2});
  table.Set("x\n[plant]\nname = \"evil\"", {1, 2});
  table.Set("\xff\xfe", {1, 2});
  const auto proposal = ProposePlant(table, "9", "f\n[oops]");
  ASSERT_TRUE(proposal.ok());
  const auto plant = ParsePlant(proposal->toml, "new.toml");
  ASSERT_TRUE(plant.ok()) << plant.message() << "\n" << proposal->toml;
  EXPECT_EQ(plant->name, "9");
}

TEST(Propose, RefusesATableWithoutSensors) {
  Frame table({0, kHour});
  table.Set("a", 3);
  const auto proposal = ProposePlant(table, "p", "t.csv");
  ASSERT_FALSE(proposal.ok());
  EXPECT_THAT(proposal.message(), HasSubstr("no column of 't.csv' can be a sensor"));
}

TEST(Propose, JudgeSensor_NeedsMoreThanAPeakToCallItSaturated) {
  std::vector<double> cells;
  for (int i = 0; i < 100; ++i) cells.push_back(i % 10);
  EXPECT_EQ(JudgeSensor(cells).kind, SensorVerdict::Kind::kFine);
  for (int i = 0; i < 60; ++i) cells[static_cast<size_t>(i)] = 9;
  EXPECT_EQ(JudgeSensor(cells).kind, SensorVerdict::Kind::kSaturated);
}

}  // namespace
}  // namespace propose_test
}  // namespace forewarn
