#include "model/explainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "model/flat_trees.h"
#include "model/random_models.h"
#include "model/tree_shap.h"

namespace forewarn {
namespace {

// The plain twin, from the definition: v(S) = E[f | the features in S], unknown splits weighed by the
// children's covers; the Shapley value sums v(S + i) − v(S) over all subsets with weights |S|! (n − |S| − 1)!
// / n!.
double Expected(const Tree& tree, int32_t at, const double* row, uint32_t known) {
  const TreeNode& node = tree.nodes[at];
  if (node.left == -1) return node.value;
  if ((known >> node.feature & 1) != 0) {
    const float x = static_cast<float>(row[node.feature]);
    const bool left = std::isnan(x) ? node.default_left : x < node.threshold;
    return Expected(tree, left ? node.left : node.right, row, known);
  }
  const double l = tree.nodes[node.left].cover;
  const double r = tree.nodes[node.right].cover;
  return (l * Expected(tree, node.left, row, known) + r * Expected(tree, node.right, row, known)) / (l + r);
}

std::vector<double> BruteForce(const TreeEnsemble& e, const double* row, double* base) {
  const auto n = static_cast<uint32_t>(e.features);
  std::vector<double> game(1U << n, 0.0);
  for (uint32_t known = 0; known < game.size(); ++known) {
    for (const Tree& tree : e.trees) game[known] += Expected(tree, 0, row, known);
    if (e.aggregate == TreeEnsemble::Aggregate::kAverage) game[known] /= static_cast<double>(e.trees.size());
    game[known] += e.base;
  }
  *base = game[0];
  std::vector<double> shapley(n, 0.0);
  for (uint32_t i = 0; i < n; ++i) {
    for (uint32_t s = 0; s < game.size(); ++s) {
      if ((s >> i & 1) != 0) continue;
      const int size = std::popcount(s);
      const double weight = std::tgamma(size + 1) * std::tgamma(n - size) / std::tgamma(n + 1);
      shapley[i] += weight * (game[s | 1U << i] - game[s]);
    }
  }
  return shapley;
}

struct ShapCase {
  int depth;
  bool reuse;
  TreeEnsemble::Aggregate aggregate;
};

TEST(TreeShap, EqualsBruteForceShapleyValues) {
  constexpr size_t kFeatures = 7;
  Random random(21);
  for (int depth = 0; depth <= 9; ++depth) {
    for (const bool reuse : {false, true}) {
      for (auto aggregate : {TreeEnsemble::Aggregate::kSum, TreeEnsemble::Aggregate::kAverage}) {
        const TreeEnsemble e =
            random_models::Ensemble(random, 6, kFeatures, {depth, 0.2, 1, 0.3, reuse}, aggregate);
        for (const size_t table_bytes : {size_t{64} << 20, size_t{0}}) {
          auto shap = TreeShap::Build(e, {1.0, table_bytes});
          ASSERT_TRUE(shap.ok()) << shap.message();
          std::vector<double> rows = random_models::Rows(random, 12, kFeatures, 0.25);
          rows[0] = std::numeric_limits<double>::infinity();
          rows[1] = -std::numeric_limits<double>::infinity();
          for (size_t i = 0; i < 12; ++i) {
            double base = 0;
            const std::vector<double> plain = BruteForce(e, &rows[i * kFeatures], &base);
            float split[2 * kFeatures];
            SplitRow(&rows[i * kFeatures], kFeatures, split);
            std::vector<double> phi(kFeatures, 0.0);
            shap->Add(split, phi.data());
            EXPECT_NEAR(shap->base_value(), base, 1e-9);
            for (size_t f = 0; f < kFeatures; ++f) {
              ASSERT_NEAR(phi[f], plain[f], 1e-6) << "depth " << depth << " tables " << shap->tabulated();
            }
          }
        }
      }
    }
  }
}

TEST(TreeShap, TabulatesTheShapesTheRunsGrow) {
  Random random(22);
  EXPECT_TRUE(TreeShap::Build(random_models::Ensemble(random, 200, 28, {3, 0}))->tabulated());
  EXPECT_TRUE(TreeShap::Build(random_models::Ensemble(random, 200, 28, {4, 0}))->tabulated());
  EXPECT_TRUE(TreeShap::Build(random_models::Ensemble(random, 300, 28, {5, 0}))->tabulated());
  EXPECT_FALSE(TreeShap::Build(random_models::Ensemble(random, 20, 28, {10, 0}))->tabulated());
}

TEST(TreeShap, LeafShapleyOfManyFeaturesAddsUp) {
  Random random(23);
  for (size_t m = 1; m <= TreeShap::kMaxPath; ++m) {
    std::vector<double> share(m);
    bool satisfied[TreeShap::kMaxPath];
    double absent = 1;
    bool all = true;
    for (size_t i = 0; i < m; ++i) {
      share[i] = random.Uniform(0.5, 1);
      satisfied[i] = random.Below(8) != 0;
      absent *= share[i];
      all = all && satisfied[i];
    }
    std::vector<double> out(m);
    LeafShapley(2.5, share.data(), satisfied, m, out.data());
    double sum = 0;
    for (double v : out) sum += v;
    EXPECT_NEAR(sum, 2.5 * ((all ? 1 : 0) - absent), 1e-12) << m;
  }
}

TEST(Explainer, AddsUpToTheRawOutputOfEveryTreeModel) {
  Random random(24);
  for (const Model& model : random_models::All(31, 28)) {
    const bool trees = std::holds_alternative<CalibratedTrees>(model.body) ||
                       std::holds_alternative<IsolationForestModel>(model.body);
    if (!trees) continue;
    auto explainer = Explainer::Build(model);
    ASSERT_TRUE(explainer.ok()) << explainer.message();
    // More than a batch's 256 rows, not a multiple of its 16; few for the deep trees without tables.
    const size_t n = std::holds_alternative<CalibratedTrees>(model.body) ? 300 : 17;
    const std::vector<double> rows = random_models::Rows(random, n, 28);
    std::vector<double> shap(n * 28);
    std::vector<double> outputs(n);
    explainer->ExplainBatch(rows.data(), n, shap.data(), outputs.data());
    for (size_t i = 0; i < n; ++i) {
      double sum = explainer->base_value();
      for (size_t f = 0; f < 28; ++f) sum += shap[i * 28 + f];
      ASSERT_NEAR(sum, outputs[i], 1e-6) << model.info.run;
    }
    for (size_t i = 0; i < n; i += 37) {
      const Explanation one = explainer->Explain(&rows[i * 28]);
      EXPECT_EQ(one.output_value, outputs[i]);
      for (size_t f = 0; f < 28; ++f) ASSERT_NEAR(one.shap[f], shap[i * 28 + f], 1e-12) << model.info.run;
    }
  }
}

TEST(Explainer, LinearModelsGiveCoefficientTimesDistanceFromTheMean) {
  const LinearModel lr{{1, 2}, {2, 4}, {3, 5}, 0.5, true};
  auto explainer = Explainer::Build(random_models::Named("lr_soft_alarm", ModelKind::kClassifier, lr));
  const double row[] = {5, -2};
  const Explanation e = explainer->Explain(row);
  EXPECT_EQ(explainer->output(), "log_odds");
  EXPECT_THAT(e.shap, testing::ElementsAre(6, -5));
  EXPECT_EQ(e.base_value, 0.5);
  EXPECT_EQ(e.output_value, 1.5);
}

TEST(Explainer, SaysWhyThereIsNoExplanation) {
  Random random(25);
  CalibratedTrees body;
  body.folds.push_back({random_models::Ensemble(random, 3, 4, {3, 0}), {}});
  for (Tree& tree : body.folds[0].ensemble.trees) {
    for (TreeNode& node : tree.nodes) node.cover = 0;
  }
  auto none = Explainer::Build(random_models::Named("x", ModelKind::kClassifier, body));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.status().code(), Code::kUnavailable);
  EXPECT_THAT(none.message(), testing::HasSubstr("no covers"));
  for (const Model& model : random_models::All(32, 5)) {
    if (model.info.kind != ModelKind::kPca && model.info.kind != ModelKind::kRegime) continue;
    EXPECT_EQ(Explainer::Build(model).status().code(), Code::kUnavailable);
  }
}

TEST(SensorOfFeatures, GroupsLagsAndStatisticsBySensor) {
  const std::vector<std::string> sensors = {"a", "a_t0", "b"};
  auto groups =
      SensorOfFeatures({"a_t-11", "b_t-1", "a_t0", "a_t0_t0", "b_wmean", "a_t0_wstd", "a_wtrend"}, sensors);
  ASSERT_TRUE(groups.ok()) << groups.message();
  EXPECT_THAT(*groups, testing::ElementsAre(0, 2, 0, 1, 2, 1, 0));
  EXPECT_THAT(SumByGroup({1, 2, 3, 4, 5, 6, 7}, *groups, 3), testing::ElementsAre(11, 10, 7));
  EXPECT_THAT(SensorOfFeatures({"c_t0"}, sensors).message(), testing::HasSubstr("'c_t0' belongs to none"));
  EXPECT_FALSE(SensorOfFeatures({"a_t-"}, sensors).ok());
}

}  // namespace
}  // namespace forewarn
