// Learners against what they must satisfy: optimality conditions, closed forms, definitions.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/thread_pool.h"
#include "model/calibration.h"
#include "model/predictor.h"
#include "train/calibrators.h"
#include "train/isolation_forest.h"
#include "train/linear_models.h"
#include "train/metrics.h"
#include "train/pca.h"
#include "train/time_series_split.h"
#include "train/train_test_data.h"
#include "train/xgboost_learner.h"

namespace forewarn {
namespace {

using train_test::TwoClouds;

std::vector<int> IntLabels(const Samples& s) { return {s.y.begin(), s.y.end()}; }

void ExpectSameTrees(const TreeEnsemble& a, const TreeEnsemble& b) {
  ASSERT_EQ(a.trees.size(), b.trees.size());
  for (size_t t = 0; t < a.trees.size(); ++t) {
    ASSERT_EQ(a.trees[t].nodes.size(), b.trees[t].nodes.size()) << "tree " << t;
    for (size_t i = 0; i < a.trees[t].nodes.size(); ++i) {
      const TreeNode& x = a.trees[t].nodes[i];
      const TreeNode& y = b.trees[t].nodes[i];
      ASSERT_TRUE(x.feature == y.feature && x.left == y.left && x.threshold == y.threshold &&
                  x.value == y.value && x.cover == y.cover && x.gain == y.gain &&
                  x.default_left == y.default_left)
          << "tree " << t << " node " << i;
    }
  }
}

BoostParams Sampled() {
  return {.trees = 40,
          .max_depth = 3,
          .eta = 0.1,
          .subsample = 0.8,
          .colsample_bytree = 0.7,
          .min_child_weight = 2};
}

TEST(GrowTrees, FitsBesideEachOtherGiveTheSameTreesAsAlone) {
  const Samples s = TwoClouds(300, 12, 1);
  std::vector<TreeEnsemble> alone;
  for (uint64_t k = 0; k < 12; ++k) alone.push_back(GrowTrees(Sampled(), s.x, s.y, {}, k % 4).value());
  std::vector<TreeEnsemble> beside(12);
  ParallelFor(12, 4, [&](size_t k) { beside[k] = GrowTrees(Sampled(), s.x, s.y, {}, k % 4).value(); });
  for (size_t k = 0; k < 12; ++k) ExpectSameTrees(alone[k], beside[k]);
}

TEST(GrowTrees, SeedChoosesTheSample) {
  const Samples s = TwoClouds(300, 12, 1);
  const TreeEnsemble a = GrowTrees(Sampled(), s.x, s.y, {}, 1).value();
  const TreeEnsemble b = GrowTrees(Sampled(), s.x, s.y, {}, 2).value();
  bool differs = false;
  for (size_t t = 0; t < a.trees.size(); ++t) {
    differs |= a.trees[t].nodes.size() != b.trees[t].nodes.size() ||
               a.trees[t].nodes[0].threshold != b.trees[t].nodes[0].threshold;
  }
  EXPECT_TRUE(differs);
}

TEST(GrowTrees, CoversOfChildrenAddUpToTheParents) {
  const Samples s = TwoClouds(400, 6, 2);
  const TreeEnsemble e = GrowTrees(Sampled(), s.x, s.y, {}, 3).value();
  size_t splits = 0;
  for (const Tree& tree : e.trees) {
    for (const TreeNode& node : tree.nodes) {
      if (node.left < 0) continue;
      ++splits;
      const float sum = tree.nodes[static_cast<size_t>(node.left)].cover +
                        tree.nodes[static_cast<size_t>(node.right)].cover;
      EXPECT_NEAR(sum, node.cover, 1e-3 * node.cover);
    }
  }
  EXPECT_GT(splits, 40u);
  EXPECT_TRUE(CheckTreeEnsemble(e).ok());
}

TEST(GrowTrees, LeafwiseKeepsTheNumberOfLeaves) {
  const Samples s = TwoClouds(600, 6, 4);
  BoostParams params = Sampled();
  params.max_leaves = 5;
  params.max_depth = 6;
  const TreeEnsemble e = GrowTrees(params, s.x, s.y, {}, 3).value();
  for (const Tree& tree : e.trees) {
    const auto leaves =
        std::count_if(tree.nodes.begin(), tree.nodes.end(), [](const TreeNode& n) { return n.left < 0; });
    EXPECT_LE(leaves, 5);
  }
}

// Without sampling a forest of one tree gives each row the weighted share of ones in its leaf.
TEST(GrowTrees, ForestLeafIsTheWeightedShare) {
  const Samples s = TwoClouds(500, 4, 5);
  std::vector<float> weights;
  for (const uint8_t y : s.y) weights.push_back(y == 1 ? 1.5f : 0.75f);
  const BoostParams params = {
      .forest = true, .trees = 3, .max_depth = 3, .eta = 1, .min_child_weight = 8, .lambda = 0};
  const TreeEnsemble e = GrowTrees(params, s.x, s.y, weights, 1).value();
  ASSERT_EQ(e.aggregate, TreeEnsemble::Aggregate::kAverage);
  const Tree& tree = e.trees[0];
  std::vector<double> ones(tree.nodes.size(), 0);
  std::vector<double> all(tree.nodes.size(), 0);
  for (size_t r = 0; r < s.x.rows; ++r) {
    size_t at = 0;
    while (tree.nodes[at].left >= 0) {
      const TreeNode& n = tree.nodes[at];
      const bool left = static_cast<float>(s.x.at(r, static_cast<size_t>(n.feature))) < n.threshold;
      at = static_cast<size_t>(left ? n.left : n.right);
    }
    all[at] += weights[r];
    ones[at] += s.y[r] == 1 ? weights[r] : 0;
  }
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    if (tree.nodes[i].left >= 0) continue;
    EXPECT_GE(all[i], 8);
    EXPECT_NEAR(tree.nodes[i].value, ones[i] / all[i], 1e-5);
    EXPECT_NEAR(tree.nodes[i].cover, all[i], 1e-3);
  }
}

TEST(GrowTrees, MissingCellsGoToTheSideThatWasLearned) {
  Samples s = TwoClouds(400, 3, 6);
  for (size_t r = 0; r < s.x.rows; r += 3) s.x.at(r, 0) = kNull;
  CalibratedTrees body;
  body.folds.push_back({GrowTrees(Sampled(), s.x, s.y, {}, 3).value(), {}});
  const Predictor predictor = std::move(Predictor::Build(ModelBody(body)).value());
  std::vector<double> score;
  for (size_t r = 0; r < s.x.rows; ++r) score.push_back(predictor.Score(s.x.row(r)));
  EXPECT_GT(RocAuc(s.y, score), 0.8);
}

TEST(GrowTrees, RefusesEmptyData) {
  EXPECT_EQ(GrowTrees({}, Matrix(), {}, {}, 1).status().code(), Code::kInvalid);
}

TEST(FeatureGains, AddUpToOneAndFavourTheCause) {
  const Samples s = TwoClouds(500, 6, 7);
  const std::vector<double> gains = FeatureGains(GrowTrees(Sampled(), s.x, s.y, {}, 1).value());
  EXPECT_NEAR(std::accumulate(gains.begin(), gains.end(), 0.0), 1, 1e-12);
  EXPECT_EQ(std::max_element(gains.begin(), gains.end()) - gains.begin(), 0);
}

// At the optimum of ½|w|² + C Σ weight·loss the gradient is 0.
TEST(FitLogistic, GradientVanishesAtTheResult) {
  const Samples s = TwoClouds(200, 5, 8);
  const double c = 0.5;
  const LinearModel m = FitLogistic(s.x, IntLabels(s), c).value();
  const std::vector<double> weight = BalancedWeights(IntLabels(s));
  std::vector<double> gradient(m.coef);
  double intercept_gradient = 0;
  for (size_t r = 0; r < s.x.rows; ++r) {
    double z = m.intercept;
    for (size_t f = 0; f < 5; ++f) z += m.coef[f] * (s.x.at(r, f) - m.mean[f]) / m.scale[f];
    const double error = c * weight[r] * (Logistic(z) - s.y[r]);
    intercept_gradient += error;
    for (size_t f = 0; f < 5; ++f) gradient[f] += error * (s.x.at(r, f) - m.mean[f]) / m.scale[f];
  }
  EXPECT_NEAR(intercept_gradient, 0, 1e-7);
  for (const double g : gradient) EXPECT_NEAR(g, 0, 1e-7);
  EXPECT_GT(m.coef[0], 0.3);
}

TEST(FitLogistic, SeparableClassesAndConstantColumnsStayFinite) {
  Matrix x(20, 2);
  std::vector<int> y;
  for (size_t r = 0; r < 20; ++r) {
    x.at(r, 0) = r < 10 ? -1e6 : 1e6;
    x.at(r, 1) = 7;
    y.push_back(r < 10 ? 0 : 1);
  }
  const LinearModel m = FitLogistic(x, y, 0.5).value();
  EXPECT_TRUE(CheckBody(ModelBody(m)).ok());
  EXPECT_EQ(m.scale[1], 1);
  EXPECT_NEAR(m.coef[1], 0, 1e-12);
}

TEST(FitLogistic, RefusesASingleClass) {
  EXPECT_EQ(FitLogistic(Matrix(4, 1), {1, 1, 1, 1}, 1).status().code(), Code::kInvalid);
}

TEST(FitMultinomial, TwoClassesAgreeWithTheirSoftmaxOptimumAndInterceptsSumToZero) {
  const Samples s = TwoClouds(240, 4, 9);
  std::vector<int> y = IntLabels(s);
  for (size_t r = 0; r < y.size(); r += 4) y[r] = 2;
  const MultinomialModel m = FitMultinomial(s.x, y, 3, 1).value();
  EXPECT_NEAR(m.intercept[0] + m.intercept[1] + m.intercept[2], 0, 1e-9);
  const Predictor predictor = std::move(Predictor::Build(ModelBody(m)).value());
  const std::vector<double> weight = BalancedWeights(y);
  std::vector<std::vector<double>> gradient = m.coef;
  for (size_t r = 0; r < y.size(); ++r) {
    double p[3];
    predictor.Score(s.x.row(r), p);
    for (size_t k = 0; k < 3; ++k) {
      const double error = weight[r] * (p[k] - (y[r] == static_cast<int>(k) ? 1 : 0));
      for (size_t f = 0; f < 4; ++f) gradient[k][f] += error * (s.x.at(r, f) - m.mean[f]) / m.scale[f];
    }
  }
  for (const auto& row : gradient) {
    for (const double g : row) EXPECT_NEAR(g, 0, 1e-7);
  }
}

TEST(FitMultinomial, AClassWithoutRowsIsNeverProbable) {
  const Samples s = TwoClouds(100, 3, 10);
  std::vector<int> y = IntLabels(s);
  for (int& label : y) label *= 2;
  const MultinomialModel m = FitMultinomial(s.x, y, 3, 1).value();
  const Predictor predictor = std::move(Predictor::Build(ModelBody(m)).value());
  double p[3];
  predictor.Score(s.x.row(0), p);
  EXPECT_LT(p[1], 1e-15);
  EXPECT_NEAR(p[0] + p[2], 1, 1e-12);
  EXPECT_EQ(FitMultinomial(s.x, std::vector<int>(100, 1), 3, 1).status().code(), Code::kInvalid);
  EXPECT_EQ(FitMultinomial(s.x, std::vector<int>(100, 3), 3, 1).status().code(), Code::kInvalid);
}

// One standardised column has a closed form: w = Σzy / (n + alpha).
TEST(FitRidge, EqualsTheClosedFormOfOneColumn) {
  Matrix x(4, 1);
  x.values = {1, 2, 3, 6};
  const LinearModel m = FitRidge(x, {2, 1, 4, 9}, 1.0).value();
  const double sd = std::sqrt(3.5);
  const double zy = (-2 * -2 + -1 * -3 + 0 * 0 + 3 * 5) / sd;
  EXPECT_NEAR(m.coef[0], zy / 5, 1e-12);
  EXPECT_NEAR(m.intercept, 4, 1e-12);
  EXPECT_FALSE(m.logistic);
}

// Reference: scikit-learn 1.5.2's _sigmoid_calibration and IsotonicRegression on the same ten points.
const std::vector<double> kTenScores = {-2.0, -1.5, -1.0, -0.3, 0.1, 0.4, 0.9, 1.2, 2.0, 2.5};
const std::vector<uint8_t> kTenLabels = {0, 0, 1, 0, 0, 1, 0, 1, 1, 1};

TEST(FitSigmoid, EqualsTheReference) {
  const Calibration c = FitSigmoid(kTenScores, kTenLabels).value();
  EXPECT_NEAR(c.a, -0.6533680034, 1e-6);
  EXPECT_NEAR(c.b, 0.1502162449, 1e-6);
}

TEST(FitSigmoid, LargeScoresGiveTheSameCurve) {
  std::vector<double> large;
  for (const double s : kTenScores) large.push_back(40 * s);
  const Calibration c = FitSigmoid(large, kTenLabels).value();
  EXPECT_NEAR(c.a, -0.0163342000, 1e-7);
  EXPECT_NEAR(c.b, 0.1502162797, 1e-6);
}

TEST(FitSigmoid, EqualScoresGiveTheShare) {
  const Calibration c = FitSigmoid({1, 1, 1, 1}, {0, 0, 0, 1}).value();
  EXPECT_NEAR(Calibrate(c, 1), (3 * 0.2 + 2.0 / 3) / 4, 1e-6);
}

TEST(FitIsotonic, EqualsTheReference) {
  const Calibration c = FitIsotonic(kTenScores, kTenLabels).value();
  EXPECT_EQ(c.x, (std::vector<double>{-2, -1.5, -1, 0.1, 0.4, 0.9, 1.2, 2.5}));
  const std::vector<double> y = {0, 0, 1.0 / 3, 1.0 / 3, .5, .5, 1, 1};
  ASSERT_EQ(c.y.size(), y.size());
  for (size_t k = 0; k < y.size(); ++k) EXPECT_NEAR(c.y[k], y[k], 1e-15);
}

// Isotonic regression by its definition: max over beginnings ≤ i of min over ends ≥ i of the mean between.
TEST(FitIsotonic, EqualsTheMaxMinFormula) {
  Random random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> scores;
    std::vector<uint8_t> labels;
    const size_t n = 3 + random.Below(25);
    for (size_t i = 0; i < n; ++i) {
      scores.push_back(static_cast<double>(random.Below(15)));
      labels.push_back(random.Uniform() < 0.5 ? 1 : 0);
    }
    labels[0] = 1;
    labels[1] = 0;
    std::vector<double> x;
    std::vector<double> sum;
    std::vector<double> count;
    for (double v = 0; v < 15; ++v) {
      double ones = 0;
      double all = 0;
      for (size_t i = 0; i < n; ++i) {
        if (scores[i] != v) continue;
        all += 1;
        ones += labels[i];
      }
      if (all == 0) continue;
      x.push_back(v);
      sum.push_back(ones);
      count.push_back(all);
    }
    const Calibration c = FitIsotonic(scores, labels).value();
    EXPECT_TRUE(CheckBody(ModelBody(CalibratedTrees{{{{{Tree{{TreeNode{}}}}, {}, 0, 1}, c}}})).ok());
    for (size_t i = 0; i < x.size(); ++i) {
      double best = -1;
      for (size_t j = 0; j <= i; ++j) {
        double least = 2;
        double ones = 0;
        double all = 0;
        for (size_t k = j; k < x.size(); ++k) {
          ones += sum[k];
          all += count[k];
          if (k >= i) least = std::min(least, ones / all);
        }
        best = std::max(best, least);
      }
      ASSERT_NEAR(Calibrate(c, x[i]), best, 1e-12);
    }
  }
}

TEST(Calibrators, RefuseASingleClass) {
  EXPECT_EQ(FitSigmoid({1, 2}, {1, 1}).status().code(), Code::kInvalid);
  EXPECT_EQ(FitIsotonic({1, 2}, {0, 0}).status().code(), Code::kInvalid);
}

TEST(FitPca, ComponentsAreOrthonormalAndRebuildTheCorrelation) {
  Samples s = TwoClouds(300, 5, 12);
  for (size_t r = 0; r < 300; ++r) s.x.at(r, 4) = s.x.at(r, 0) + 0.1 * s.x.at(r, 4);
  const PcaModel m = FitPca(s.x).value();
  ASSERT_EQ(m.components.size(), 5u);
  EXPECT_NEAR(std::accumulate(m.explained.begin(), m.explained.end(), 0.0), 1, 1e-12);
  EXPECT_TRUE(std::is_sorted(m.variance.rbegin(), m.variance.rend()));
  for (size_t a = 0; a < 5; ++a) {
    for (size_t b = 0; b < 5; ++b) {
      const double dot =
          std::inner_product(m.components[a].begin(), m.components[a].end(), m.components[b].begin(), 0.0);
      EXPECT_NEAR(dot, a == b ? 1 : 0, 1e-12);
    }
  }
  double rebuilt = 0;  // correlation of columns 0 and 4
  for (size_t k = 0; k < 5; ++k) rebuilt += m.variance[k] * m.components[k][0] * m.components[k][4];
  double direct = 0;
  for (size_t r = 0; r < 300; ++r) {
    direct += (s.x.at(r, 0) - m.mean[0]) / m.scale[0] * (s.x.at(r, 4) - m.mean[4]) / m.scale[4] / 299;
  }
  EXPECT_NEAR(rebuilt, direct, 1e-12);
  EXPECT_GT(direct, 0.95);
}

TEST(FitPcaMonitor, LimitsHoldOnUnseenNormalRows) {
  // Four sensors and four that follow them: half the components hold 90 % of the variance.
  const auto following = [](size_t rows, uint64_t seed) {
    Samples s = TwoClouds(rows, 8, seed);
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 4; c < 8; ++c) s.x.at(r, c) = s.x.at(r, c - 4) + 0.2 * s.x.at(r, c);
    }
    return s;
  };
  const Samples s = following(1000, 13);
  const PcaModel m = FitPcaMonitor(s.x).value();
  EXPECT_EQ(m.kept, 4);
  const Samples unseen = following(4000, 14);
  const Predictor predictor = std::move(Predictor::Build(ModelBody(m)).value());
  double t2_alarms = 0;
  double spe_alarms = 0;
  for (size_t r = 0; r < unseen.x.rows; ++r) {
    double out[2];
    predictor.Score(unseen.x.row(r), out);
    t2_alarms += out[0] > m.t2_limit95 ? 1 : 0;
    spe_alarms += out[1] > m.spe_limit95 ? 1 : 0;
  }
  EXPECT_NEAR(t2_alarms / 4000, 0.05, 0.025);
  EXPECT_NEAR(spe_alarms / 4000, 0.05, 0.025);
  EXPECT_GT(m.t2_limit99, m.t2_limit95);
  EXPECT_GT(m.spe_limit99, m.spe_limit95);
}

TEST(FitPcaMonitor, SaysHowManyRowsItNeeds) {
  const Status status = FitPcaMonitor(TwoClouds(20, 8, 13).x).status();
  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_NE(status.message().find("it needs"), std::string::npos) << status.message();
  EXPECT_EQ(FitPca(Matrix(10, 3)).status().code(), Code::kInvalid);
}

TEST(IsolationForest, StrangeRowsScoreHigher) {
  Samples s = TwoClouds(500, 4, 15);
  for (size_t f = 0; f < 4; ++f) s.x.at(7, f) = 9;
  const IsolationForestModel m = FitIsolationForest(s.x, 100, 256, 42).value();
  const Predictor predictor = std::move(Predictor::Build(ModelBody(m)).value());
  const double strange = predictor.Score(s.x.row(7));
  size_t higher = 0;
  for (size_t r = 0; r < 500; ++r) higher += predictor.Score(s.x.row(r)) > strange ? 1 : 0;
  EXPECT_EQ(higher, 0u);
  EXPECT_GT(strange, 0.65);
}

TEST(IsolationForest, LeavesHoldDepthAndWhatIsLeft) {
  const Samples s = TwoClouds(100, 3, 16);
  const IsolationForestModel m = FitIsolationForest(s.x, 10, 256, 1).value();
  EXPECT_EQ(m.psi, 100);
  for (const Tree& tree : m.trees.trees) {
    std::vector<int> depth(tree.nodes.size(), 0);
    float rows = 0;
    for (size_t i = 0; i < tree.nodes.size(); ++i) {
      const TreeNode& n = tree.nodes[i];
      if (n.left >= 0) {
        depth[static_cast<size_t>(n.left)] = depth[static_cast<size_t>(n.right)] = depth[i] + 1;
        continue;
      }
      rows += n.cover;
      EXPECT_LE(depth[i], 7);  // ⌈log2 100⌉
      EXPECT_NEAR(n.value, depth[i] + AveragePathLength(static_cast<int>(n.cover)), 1e-5);
    }
    EXPECT_EQ(rows, 100);
  }
}

TEST(IsolationForest, ConstantDataGivesOneLeaf) {
  const IsolationForestModel m = FitIsolationForest(Matrix(50, 2), 3, 16, 1).value();
  for (const Tree& tree : m.trees.trees) EXPECT_EQ(tree.nodes.size(), 1u);
  EXPECT_EQ(FitIsolationForest(Matrix(1, 2), 3, 16, 1).status().code(), Code::kInvalid);
}

TEST(TimeSeriesSplit, EqualsTheReference) {  // sklearn: TimeSeriesSplit(3).split(range(10)), and with gap=2
  const std::vector<TimeFold> folds = TimeSeriesSplit(10, 3);
  ASSERT_EQ(folds.size(), 3u);
  EXPECT_EQ(folds[0].train_end, 4u);
  EXPECT_EQ(folds[0].test_end, 6u);
  EXPECT_EQ(folds[2].train_end, 8u);
  EXPECT_EQ(folds[2].test_begin, 8u);
  EXPECT_EQ(folds[2].test_end, 10u);
  EXPECT_EQ(TimeSeriesSplit(10, 3, 2)[0].train_end, 2u);
  EXPECT_EQ(TimeSeriesSplit(10, 3, 4).size(), 2u);  // the first fold has nothing to train on
  EXPECT_TRUE(TimeSeriesSplit(3, 3).empty());
}

}  // namespace
}  // namespace forewarn
