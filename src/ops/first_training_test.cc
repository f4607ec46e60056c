#include "ops/first_training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "plant/plant_file.h"
#include "registry/artifact.h"
#include "registry/local_registry.h"

namespace forewarn {
namespace first_training_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

class FirstTrainingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto plant = LoadPlantFile(std::string(FOREWARN_SOURCE_DIR) + "/plants/gas-treatment.toml");
    ASSERT_TRUE(plant.ok()) << plant.message();
    plant_ = std::move(*plant);
    registry_ = std::move(*LocalRegistry::Open(scratch_.path()));
  }

  void AddChampion(const std::string& name) {
    Model model;
    LinearModel body;
    body.mean = {0};
    body.scale = {1};
    body.coef = {0.5};
    body.logistic = true;
    model.body = body;
    model.info.run = "lr_soft_alarm";
    model.info.features = {"x"};
    model.info.medians = {0};
    const auto version = registry_->AddVersion({plant_.ModelName(name), "", {}, *PackModel(model)});
    ASSERT_TRUE(version.ok()) << version.message();
    ASSERT_TRUE(registry_->SetAlias(version->name, kChampionAlias, version->version).ok());
  }
  bool Needs() {
    const auto needs = NeedsFirstTraining(plant_, *registry_);
    EXPECT_TRUE(needs.ok()) << needs.message();
    return needs.ok() && *needs;
  }

  ScratchFolder scratch_;
  Plant plant_;
  std::unique_ptr<Registry> registry_;
};

TEST_F(FirstTrainingTest, IsNeededUntilTheChampionAndEveryForecasterServe) {
  EXPECT_TRUE(Needs());
  AddChampion("champion");
  AddChampion("forecaster_1h");
  AddChampion("forecaster_3h");
  EXPECT_TRUE(Needs());
  AddChampion("forecaster_6h");
  EXPECT_FALSE(Needs()) << "the other models can come later";
}

TEST_F(FirstTrainingTest, WhatCannotBeFittedIsNotTriedAtEveryStart) {
  AddChampion("champion");
  AddChampion("forecaster_1h");
  AddChampion("forecaster_3h");
  RunRecord record;
  record.name = "forecaster_6h";
  record.tags = {{"plant", "another plant"}, {"not_fitted", "one class only"}};
  ASSERT_TRUE(registry_->LogRun(record).ok());
  EXPECT_TRUE(Needs());
  record.tags["plant"] = plant_.name;
  ASSERT_TRUE(registry_->LogRun(record).ok());
  EXPECT_FALSE(Needs());
}

TEST_F(FirstTrainingTest, AnotherPlantsModelsDoNotCount) {
  for (const char* name : {"champion", "forecaster_1h", "forecaster_3h", "forecaster_6h"}) AddChampion(name);
  plant_.models.prefix = "another";
  EXPECT_TRUE(Needs());
}

TEST(FirstTraining, ItsChildrenGetTheSeedsTheFlagsAndThePipe) {
  FirstTrainingOptions options;
  options.hours = 720;
  options.plant_seed = 7;
  options.seed = 9;
  options.history = "/h";
  options.flags = {"--plant", "p.toml"};
  const auto steps = FirstTrainingSteps(options);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_THAT(steps[0].child.arguments,
              ElementsAre("simulate", "--hours", "720", "--out", "/h/history.parquet", "--seed", "7",
                          "--plant", "p.toml", "--progress-fd", "3"));
  EXPECT_THAT(steps[1].child.arguments, IsSupersetOf({"run", "/h/history.parquet", "--first-champion", "9"}));
  EXPECT_EQ(steps[1].child.progress_fd, 3);
  EXPECT_EQ(ShareDone(steps[1], "training", 1, 2).has_value(), true);
}

}  // namespace
}  // namespace first_training_test
}  // namespace forewarn
