#include "model/xgboost_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace forewarn {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// A root that splits feature 1 at 2.5, a pruned pair (nodes 1 and 2) and the children 3 and 4.
Json Document() {
  const Json tree = {
      {"left_children", {3, -1, -1, -1, -1}},      {"right_children", {4, -1, -1, -1, -1}},
      {"split_indices", {1, 0, 0, 0, 0}},          {"split_conditions", {2.5, 9.0, 9.0, -0.25, 0.75}},
      {"default_left", {1, 0, 0, 0, 0}},           {"sum_hessian", {10.0, 0.0, 0.0, 6.0, 4.0}},
      {"loss_changes", {3.5, 0.0, 0.0, 0.0, 0.0}}, {"split_type", {0, 0, 0, 0, 0}}};
  return {{"learner",
           {{"objective", {{"name", "binary:logistic"}}},
            {"learner_model_param", {{"base_score", "5E-1"}, {"num_class", "0"}, {"num_feature", "3"}}},
            {"gradient_booster", {{"name", "gbtree"}, {"model", {{"trees", Json::array({tree})}}}}}}}};
}

Json& TreeOf(Json& document) { return document["learner"]["gradient_booster"]["model"]["trees"][0]; }

std::string Message(const Json& document) {
  const auto model = ReadXgboost(document.dump());
  return model.ok() ? "" : model.message();
}

TEST(XgboostReader, TakesTheTreesWithoutPrunedNodes) {
  const auto model = ReadXgboost(Document().dump());
  ASSERT_TRUE(model.ok()) << model.message();
  EXPECT_TRUE(model->log_odds);
  EXPECT_EQ(model->trees.features, 3);
  EXPECT_EQ(model->trees.base, 0.0F);
  ASSERT_EQ(model->trees.trees.size(), 1u);
  const auto& nodes = model->trees.trees[0].nodes;
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].feature, 1);
  EXPECT_EQ(nodes[0].threshold, 2.5F);
  EXPECT_TRUE(nodes[0].default_left);
  EXPECT_EQ(nodes[0].gain, 3.5F);
  EXPECT_EQ(nodes[nodes[0].left].value, -0.25F);
  EXPECT_EQ(nodes[nodes[0].right].value, 0.75F);
  EXPECT_EQ(nodes[nodes[0].right].cover, 4.0F);
}

TEST(XgboostReader, TextAndBinaryFormsAreTheSameModel) {
  const std::vector<uint8_t> binary = Json::to_ubjson(Document(), true, true);
  const auto model = ReadXgboost({reinterpret_cast<const char*>(binary.data()), binary.size()});
  ASSERT_TRUE(model.ok()) << model.message();
  EXPECT_EQ(model->trees.trees[0].nodes.size(), 3u);
  EXPECT_EQ(model->trees.trees[0].nodes[0].threshold, 2.5F);
}

TEST(XgboostReader, BaseScoreIsAProbabilityInAnyRelease) {
  Json document = Document();
  for (const char* written : {"2E-1", "[2E-1]", "0.2"}) {
    document["learner"]["learner_model_param"]["base_score"] = written;
    const auto model = ReadXgboost(document.dump());
    ASSERT_TRUE(model.ok()) << model.message();
    EXPECT_NEAR(model->trees.base, std::log(0.25), 1e-6) << written;
  }
  document["learner"]["learner_model_param"]["base_score"] = "1.5";
  EXPECT_THAT(Message(document), HasSubstr("base_score is 1.5"));
}

TEST(XgboostReader, OtherBoostersAndObjectivesAreNamed) {
  Json document = Document();
  document["learner"]["gradient_booster"]["name"] = "dart";
  EXPECT_THAT(Message(document), HasSubstr("booster 'dart'"));
  document = Document();
  document["learner"]["objective"]["name"] = "rank:ndcg";
  EXPECT_THAT(Message(document), HasSubstr("objective 'rank:ndcg'"));
  document = Document();
  document["learner"]["learner_model_param"]["num_class"] = "3";
  EXPECT_THAT(Message(document), HasSubstr("several outputs"));
  document = Document();
  TreeOf(document)["split_type"][0] = 1;
  EXPECT_THAT(Message(document), HasSubstr("categorical"));
}

TEST(XgboostReader, DamagedFilesAreErrors) {
  EXPECT_FALSE(ReadXgboost("").ok());
  EXPECT_FALSE(ReadXgboost("{").ok());
  EXPECT_FALSE(ReadXgboost("{}").ok());
  EXPECT_FALSE(ReadXgboost("binf: a text of some kind").ok());
  EXPECT_FALSE(ReadXgboost(std::string(100'000, '[')).ok());  // no recursion without end
  Json document = Document();
  TreeOf(document)["left_children"][0] = 0;  // a loop
  EXPECT_FALSE(ReadXgboost(document.dump()).ok());
  document = Document();
  TreeOf(document)["right_children"][0] = 77;
  EXPECT_FALSE(ReadXgboost(document.dump()).ok());
  document = Document();
  TreeOf(document)["split_indices"][0] = 3;  // of three features
  EXPECT_FALSE(ReadXgboost(document.dump()).ok());
  document = Document();
  TreeOf(document)["sum_hessian"].erase(0);
  EXPECT_FALSE(ReadXgboost(document.dump()).ok());
}

}  // namespace
}  // namespace forewarn
