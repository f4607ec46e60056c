#include "pipeline/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/file.h"
#include "plant/plant_file.h"
#include "registry/local_registry.h"

namespace forewarn {
namespace {

using ::testing::HasSubstr;

class RunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    labelled_ = std::filesystem::path(FOREWARN_SHARED_DATA) / "gas-treatment" / "labeled_dataset.csv";
    if (!std::filesystem::exists(labelled_)) GTEST_SKIP() << "the real data is not here: " << labelled_;
    const std::string file = std::string(FOREWARN_SOURCE_DIR) + "/plants/gas-treatment.toml";
    auto plant = LoadPlantFile(file);
    ASSERT_TRUE(plant.ok()) << plant.message();
    plant_ = std::move(*plant);
    registry_ = std::move(*LocalRegistry::Open(scratch_.path() / "registry"));
    options_.from = RunFrom::kLabelled;
    options_.inputs = {labelled_.string()};
    options_.features_uri = (scratch_.path() / "features").string();
    options_.run_id = "first";
    options_.keep = scratch_.path() / "keep";
    options_.train.only = {"lr_soft_alarm", "pca"};
    options_.train.verdicts = false;
    options_.policy = {PromotionMode::kAuto, "f1_anomaly", false};
    options_.now_us = [] { return int64_t{1}; };
  }

  ScratchFolder scratch_;
  std::filesystem::path labelled_;
  Plant plant_;
  std::unique_ptr<Registry> registry_;
  RunOptions options_;
};

TEST_F(RunTest, LabelledTableBecomesPromotedModels) {
  const auto outcome = RunPipeline(plant_, *registry_, options_);
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_TRUE(outcome->gate->success);
  EXPECT_EQ(outcome->etl.dataset.train.rows(), 538u);
  ASSERT_EQ(outcome->decisions.size(), 2u);
  for (const PromotionDecision& decision : outcome->decisions)
    EXPECT_TRUE(decision.promoted) << decision.reason;
  EXPECT_EQ(registry_->Find(plant_.ModelName("lr_soft_alarm") + "@champion")->version, 1);
  EXPECT_TRUE(std::filesystem::exists(options_.keep / "validation.json"));
  // Once more from the features: the same models, which are no better than themselves.
  options_.from = RunFrom::kFeatures;
  options_.inputs = {options_.features_uri};
  const auto again = RunPipeline(plant_, *registry_, options_);
  ASSERT_TRUE(again.ok()) << again.message();
  const auto versions = registry_->Versions(plant_.ModelName("lr_soft_alarm"));
  ASSERT_EQ(versions->size(), 2u);
  EXPECT_EQ((*versions)[0].digest, (*versions)[1].digest);
  for (const PromotionDecision& decision : again->decisions)
    EXPECT_FALSE(decision.promoted) << decision.reason;
}

TEST_F(RunTest, AFailedGateStopsBeforeAnythingIsStored) {
  options_.inputs = {(labelled_.parent_path() / "cleaned_dataset.csv").string()};
  const auto outcome = RunPipeline(plant_, *registry_, options_);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.status().code(), Code::kGate);
  EXPECT_THAT(outcome.message(), HasSubstr("anomaly_label"));
  EXPECT_FALSE(std::filesystem::exists(options_.features_uri));
  EXPECT_TRUE(registry_->Versions("")->empty());
  EXPECT_TRUE(std::filesystem::exists(options_.keep / "validation.json"));
}

TEST_F(RunTest, TheGateSeesEveryRowOfALabelledTable) {
  std::string bytes = *ReadFile(labelled_);
  const size_t last = bytes.rfind('\n', bytes.size() - 2) + 1;
  bytes += bytes.substr(last);
  options_.inputs = {(scratch_.path() / "doubled.csv").string()};
  ASSERT_TRUE(WriteFileAtomic(options_.inputs.front(), bytes).ok());
  const auto outcome = RunPipeline(plant_, *registry_, options_);
  EXPECT_EQ(outcome.status().code(), Code::kGate);
  options_.gate = false;
  const auto forced = RunPipeline(plant_, *registry_, options_);
  ASSERT_TRUE(forced.ok()) << forced.message();
  EXPECT_THAT(forced->read->Words(), testing::ElementsAre(HasSubstr("1 rows replaced by a later row")));
}

TEST_F(RunTest, FeaturesOfAnotherPlantAreRefused) {
  ASSERT_TRUE(RunPipeline(plant_, *registry_, options_).ok());
  options_.from = RunFrom::kFeatures;
  options_.inputs = {options_.features_uri};
  plant_.name = "another";
  EXPECT_THAT(RunPipeline(plant_, *registry_, options_).status().message(),
              HasSubstr("of plant 'gas-treatment', not of 'another'"));
}

TEST_F(RunTest, ACleanedTableIsLabelledFirst) {
  options_.from = RunFrom::kCleaned;
  options_.inputs = {(labelled_.parent_path() / "cleaned_dataset.csv").string()};
  const auto outcome = RunPipeline(plant_, *registry_, options_);
  ASSERT_TRUE(outcome.ok()) << outcome.message();
  EXPECT_EQ(outcome->label->anomalies, 263u);
}

TEST_F(RunTest, WrongStartsSayWhatIsNeeded) {
  EXPECT_EQ(ParseRunFrom("middle").status().code(), Code::kUsage);
  options_.inputs = {"a", "b"};
  EXPECT_EQ(RunPipeline(plant_, *registry_, options_).status().code(), Code::kUsage);
  options_.inputs = {};
  EXPECT_EQ(RunPipeline(plant_, *registry_, options_).status().code(), Code::kUsage);
}

}  // namespace
}  // namespace forewarn
