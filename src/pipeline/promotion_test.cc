#include "pipeline/promotion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "pipeline/register.h"
#include "registry/artifact.h"
#include "registry/local_registry.h"
#include "train/verdict.h"

namespace forewarn {
namespace {

using ::testing::HasSubstr;

// Ten validation rows; the label is 1 where x > 0.
FeatureDataset PromotionData() {
  FeatureDataset data;
  data.plant = "small";
  data.labelled = true;
  std::vector<PlantTime> times;
  std::vector<double> x;
  std::vector<double> label;
  for (int r = 0; r < 10; ++r) {
    times.push_back(r * kHour);
    x.push_back(r % 3 == 0 ? 1 : -1);
    label.push_back(r % 3 == 0 ? 1 : 0);
  }
  data.valid = Frame(times);
  data.valid.Set("x", x);
  data.valid.Set(kLabelColumn, label);
  return data;
}

Plant PromotionPlant() {
  Plant plant;
  plant.name = "small";
  plant.models.prefix = "m";
  return plant;
}

// p = 1 / (1 + exp(−(slope · x + intercept))): slope > 0 is right on every row, slope < 0 on none.
Model Slope(double slope, double intercept = 0) {
  Model model;
  model.info.run = "lr_soft_alarm";
  model.info.features = {"x"};
  model.info.medians = {0};
  model.body = LinearModel{{0}, {1}, {slope}, intercept, true};
  return model;
}

class PromotionTest : public ::testing::Test {
 protected:
  PromotionTest() : registry_(std::move(*LocalRegistry::Open(scratch_.path()))) {}

  std::pair<std::string, int> Add(const Model& model, const std::string& skill,
                                  const std::string& name = "m_champion") {
    const auto version = registry_->AddVersion({name, "", {{kSkillTag, skill}}, *PackModel(model)});
    EXPECT_TRUE(version.ok()) << version.message();
    return {name, version->version};
  }
  PromotionDecision Decide(const std::vector<std::pair<std::string, int>>& fresh,
                           PromotionPolicy policy = {}) {
    const auto decisions = PromoteByPolicy(*registry_, PromotionPlant(), PromotionData(), fresh, policy);
    EXPECT_TRUE(decisions.ok()) << decisions.message();
    EXPECT_EQ(decisions->size(), 1u);
    return decisions->front();
  }
  int Champion() {
    const auto version = registry_->Find("m_champion@champion");
    return version.ok() ? version->version : 0;
  }
  static PromotionPolicy Auto() { return {PromotionMode::kAuto, "f1_anomaly", false}; }

  ScratchFolder scratch_;
  std::unique_ptr<Registry> registry_;
};

TEST_F(PromotionTest, ManualModePromotesNothingByItself) {
  const auto fresh = Add(Slope(5), kSkill);
  EXPECT_FALSE(Decide({fresh}).promoted);
  EXPECT_EQ(Champion(), 0);
}

TEST_F(PromotionTest, FirstChampionIsTheBestByTheMetricWithOrWithoutSkill) {
  const std::vector fresh = {Add(Slope(-5), kSkill), Add(Slope(5), kNoSkillShown),
                             Add(Slope(0, -1), kNoSkillShown)};
  const PromotionDecision decision = Decide(fresh, Auto());
  EXPECT_TRUE(decision.promoted);
  EXPECT_EQ(Champion(), 2);
  EXPECT_THAT(decision.reason, HasSubstr("f1_anomaly 1.0000"));
  EXPECT_EQ(registry_->Promotions("m_champion")->front().mode, "first");
}

TEST_F(PromotionTest, FirstChampionInManualModeWhereAskedFor) {
  const auto fresh = Add(Slope(5), kNoSkillShown);
  EXPECT_TRUE(Decide({fresh}, {PromotionMode::kManual, "f1_anomaly", true}).promoted);
  EXPECT_EQ(Champion(), 1);
}

TEST_F(PromotionTest, ChallengerNeedsSkillAndABetterFigureOnTheSameRows) {
  ASSERT_TRUE(Decide({Add(Slope(-5), kSkill)}, Auto()).promoted);
  const PromotionDecision unskilled = Decide({Add(Slope(5), kNoSkillShown)}, Auto());
  EXPECT_FALSE(unskilled.promoted);
  EXPECT_THAT(unskilled.reason, HasSubstr("no challenger has skill"));
  EXPECT_EQ(Champion(), 1);
  const PromotionDecision equal = Decide({Add(Slope(-5), kSkill)}, Auto());
  EXPECT_FALSE(equal.promoted) << "equal is not better";
  EXPECT_THAT(equal.reason, HasSubstr("not better"));
  const PromotionDecision better = Decide({Add(Slope(5), kSkill)}, Auto());
  EXPECT_TRUE(better.promoted);
  EXPECT_EQ(better.incumbent, 1);
  EXPECT_EQ(Champion(), 4);
  EXPECT_THAT(registry_->Promotions("m_champion")->back().reason, HasSubstr("10 validation rows"));
}

TEST_F(PromotionTest, LowerIsBetterForTheBrierScore) {
  PromotionPolicy policy = Auto();
  policy.metric = "brier_score";
  ASSERT_TRUE(Decide({Add(Slope(1), kSkill)}, policy).promoted);
  EXPECT_FALSE(Decide({Add(Slope(0.5), kSkill)}, policy).promoted);
  EXPECT_TRUE(Decide({Add(Slope(9), kSkill)}, policy).promoted);
}

TEST_F(PromotionTest, AnIncumbentThatCannotBeScoredGivesWay) {
  Model other = Slope(5);
  other.info.features = {"gone"};
  ASSERT_TRUE(registry_->Promote({"m_champion", 0, Add(other, kSkill).second, "manual", "", 0}).ok());
  const PromotionDecision decision = Decide({Add(Slope(-5), kSkill)}, Auto());
  EXPECT_TRUE(decision.promoted);
  EXPECT_THAT(decision.reason, HasSubstr("gone"));
}

TEST_F(PromotionTest, UnknownModeAndMetricListTheKnown) {
  EXPECT_THAT(ParsePromotionMode("sometimes").message(), HasSubstr("manual, auto"));
  EXPECT_THAT(CheckPromotionMetric("f2").message(), HasSubstr("f1_anomaly"));
}

TEST_F(PromotionTest, RollBackWalksBackAndStopsAtTheFirst) {
  for (int i = 0; i < 3; ++i) Add(Slope(i + 1), kSkill);
  EXPECT_FALSE(RollBack(*registry_, "m_champion").ok()) << "no champion yet";
  for (const int v : {1, 2, 3}) ASSERT_TRUE(PromoteByHand(*registry_, "m_champion", v, "why")->promoted);
  EXPECT_FALSE(PromoteByHand(*registry_, "m_champion", 3, "again")->promoted);
  EXPECT_EQ(RollBack(*registry_, "m_champion")->challenger, 2);
  EXPECT_EQ(RollBack(*registry_, "m_champion")->challenger, 1);
  EXPECT_EQ(Champion(), 1);
  EXPECT_THAT(RollBack(*registry_, "m_champion").message(), HasSubstr("first champion"));
  EXPECT_EQ(registry_->Promotions("m_champion")->size(), 5u);
}

TEST_F(PromotionTest, AVersionThatDoesNotLoadIsNotPromotedByHand) {
  Add(Slope(1), kSkill);
  std::filesystem::remove(scratch_.path() / "models" / "m_champion" / "1" / "model.onnx");
  EXPECT_THAT(PromoteByHand(*registry_, "m_champion", 1, "").message(), HasSubstr("model.onnx is missing"));
  EXPECT_EQ(Champion(), 0);
}

TEST_F(PromotionTest, RegisteredRunsCarryMetricsReportsAndEveryName) {
  TrainResult result;
  TrainedRun run;
  run.name = "rf_soft_alarm";
  run.registered = {"m_rf_soft_alarm", "m_champion"};
  run.model = Slope(2);
  run.model->info.params = {{"trees", 300}};
  run.metrics = {{"f1_anomaly", 0.5}};
  run.skill.text = kNoSkillShown;
  result.runs.push_back(run);
  TrainedRun unfitted;
  unfitted.name = "forecaster_6h";
  unfitted.not_fitted = "too few events";
  result.runs.push_back(unfitted);
  RegisterOptions options;
  options.dataset_digest = "abc";
  options.features_uri = "file:x";
  const auto registered = RegisterRuns(*registry_, PromotionPlant(), result, options);
  ASSERT_TRUE(registered.ok()) << registered.message();
  ASSERT_EQ(registered->size(), 2u);
  EXPECT_EQ((*registered)[0].registered.size(), 2u);
  EXPECT_TRUE((*registered)[1].registered.empty());
  const auto record = registry_->GetRun((*registered)[0].run_id);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->experiment, "plant_alarm_training");
  EXPECT_EQ(record->params.at("trees"), "300");
  EXPECT_EQ(record->dataset->digest, "abc");
  EXPECT_THAT(record->files.at("reports/rf_soft_alarm_metrics.json"), HasSubstr("\"f1_anomaly\": 0.5"));
  EXPECT_EQ(registry_->GetRun((*registered)[1].run_id)->tags.at("not_fitted"), "too few events");
  const auto version = registry_->Find("m_rf_soft_alarm");
  EXPECT_EQ(version->run_name, "rf_soft_alarm");
  EXPECT_EQ(version->Skill(), kNoSkillShown);
}

}  // namespace
}  // namespace forewarn
