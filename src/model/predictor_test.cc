#include "model/predictor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/calibration.h"
#include "model/random_models.h"

namespace forewarn {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The plain twin: model.h's sentence about TreeNode and TreeEnsemble, word for word.
float PlainRaw(const TreeEnsemble& e, const double* row) {
  const bool average = e.aggregate == TreeEnsemble::Aggregate::kAverage;
  float sum = average ? 0.0F : e.base;
  for (const Tree& tree : e.trees) {
    int32_t at = 0;
    while (tree.nodes[at].left != -1) {
      const TreeNode& node = tree.nodes[at];
      const float x = static_cast<float>(row[node.feature]);
      const bool left = std::isnan(x) ? node.default_left : x < node.threshold;
      at = left ? node.left : node.right;
    }
    sum += tree.nodes[at].value;
  }
  return average ? sum / static_cast<float>(e.trees.size()) + e.base : sum;
}

double PlainCalibrate(const Calibration& c, double s) {
  if (c.kind == Calibration::Kind::kIdentity) return s;
  if (c.kind == Calibration::Kind::kLogistic) return 1 / (1 + std::exp(-s));
  if (c.kind == Calibration::Kind::kSigmoid) return 1 / (1 + std::exp(c.a * s + c.b));
  for (size_t i = 0; i + 1 < c.x.size(); ++i) {
    if (s < c.x[0]) return c.y[0];
    if (s <= c.x[i + 1]) return c.y[i] + (c.y[i + 1] - c.y[i]) * (s - c.x[i]) / (c.x[i + 1] - c.x[i]);
  }
  return c.y.back();
}

TEST(Predictor, RawOutputsEqualThePlainWalkBitForBit) {
  Random random(7);
  for (int depth = 0; depth <= 11; ++depth) {
    for (auto aggregate : {TreeEnsemble::Aggregate::kSum, TreeEnsemble::Aggregate::kAverage}) {
      CalibratedTrees body;
      for (int fold = 0; fold < 3; ++fold) {
        body.folds.push_back({random_models::Ensemble(random, 37, 9, {depth, 0.15}, aggregate), {}});
      }
      auto predictor = Predictor::Build(ModelBody(body));
      ASSERT_TRUE(predictor.ok()) << predictor.message();
      const size_t n = 101;
      std::vector<double> rows = random_models::Rows(random, n, 9, 0.2);
      rows[0] = std::numeric_limits<double>::infinity();
      rows[1] = -std::numeric_limits<double>::infinity();
      rows[2] = 1e300;
      // A value on a threshold goes right.
      if (depth > 0)
        rows[9 + body.folds[0].ensemble.trees[0].nodes[0].feature] =
            body.folds[0].ensemble.trees[0].nodes[0].threshold;
      std::vector<double> batch(n * 3);
      predictor->RawBatch(rows.data(), n, batch.data());
      for (size_t i = 0; i < n; ++i) {
        double one[3];
        predictor->Raw(&rows[i * 9], one);
        for (size_t k = 0; k < 3; ++k) {
          const double plain = PlainRaw(body.folds[k].ensemble, &rows[i * 9]);
          ASSERT_EQ(one[k], plain) << "depth " << depth << " row " << i;
          ASSERT_EQ(batch[i * 3 + k], plain) << "depth " << depth << " row " << i;
        }
      }
    }
  }
}

TEST(Predictor, ScoreIsTheMeanOfCalibratedFolds) {
  Random random(8);
  for (const Model& model : random_models::All(11, 28)) {
    const auto* body = std::get_if<CalibratedTrees>(&model.body);
    if (body == nullptr) continue;
    auto predictor = Predictor::Build(model);
    ASSERT_TRUE(predictor.ok()) << predictor.message();
    const std::vector<double> rows = random_models::Rows(random, 50, 28);
    for (size_t i = 0; i < 50; ++i) {
      double plain = 0;
      for (const auto& fold : body->folds) {
        plain += PlainCalibrate(fold.calibration, PlainRaw(fold.ensemble, &rows[i * 28]));
      }
      EXPECT_NEAR(predictor->Score(&rows[i * 28]), plain / static_cast<double>(body->folds.size()), 1e-12);
    }
  }
}

TEST(Predictor, BatchEqualsRowsForEveryKindOfModel) {
  Random random(9);
  for (const Model& model : random_models::All(12, 13)) {
    auto predictor = Predictor::Build(model);
    ASSERT_TRUE(predictor.ok()) << predictor.message();
    const size_t n = 35;
    const size_t k = predictor->outputs();
    const std::vector<double> rows = random_models::Rows(random, n, 13);
    std::vector<double> batch(n * k);
    std::vector<double> one(k);
    predictor->ScoreBatch(rows.data(), n, batch.data());
    for (size_t i = 0; i < n; ++i) {
      predictor->Score(&rows[i * 13], one.data());
      for (size_t j = 0; j < k; ++j) {
        if (std::isnan(one[j])) {
          EXPECT_TRUE(std::isnan(batch[i * k + j]));
        } else {
          EXPECT_EQ(batch[i * k + j], one[j]) << model.info.run;
        }
      }
    }
    predictor->ScoreBatch(rows.data(), 0, nullptr);
  }
}

TEST(Predictor, LinearModelsFollowTheirFormulas) {
  LinearModel ridge{{1, 2}, {2, 4}, {3, 5}, 0.5, false};
  const double row[] = {5, 10};
  EXPECT_DOUBLE_EQ(Predictor::Build(ModelBody(ridge))->Score(row), 3 * 2 + 5 * 2 + 0.5);
  ridge.logistic = true;
  EXPECT_DOUBLE_EQ(Predictor::Build(ModelBody(ridge))->Score(row), 1 / (1 + std::exp(-16.5)));
  const double missing[] = {5, kNaN};
  EXPECT_TRUE(std::isnan(Predictor::Build(ModelBody(ridge))->Score(missing)));

  MultinomialModel regime{{0}, {1}, {{1}, {2}, {3}}, {0, 0, 1}};
  double p[3];
  const double one[] = {1000};
  Predictor::Build(ModelBody(regime))->Score(one, p);
  EXPECT_DOUBLE_EQ(p[2], 1);
  const double zero[] = {0};
  Predictor::Build(ModelBody(regime))->Score(zero, p);
  EXPECT_DOUBLE_EQ(p[2], std::exp(1) / (2 + std::exp(1)));
  EXPECT_DOUBLE_EQ(p[0] + p[1] + p[2], 1);
}

TEST(Predictor, PcaGivesT2OfTheKeptAndSpeOfTheRest) {
  PcaModel pca;
  pca.mean = {1, 1, 1};
  pca.scale = {1, 2, 1};
  const double r = std::sqrt(0.5);
  pca.components = {{r, r, 0}, {r, -r, 0}, {0, 0, 1}};
  pca.variance = {2, 0.5, 0.1};
  pca.kept = 1;
  const double row[] = {2, 5, 4};  // z = (1, 2, 3)
  double out[2];
  Predictor::Build(ModelBody(pca))->Score(row, out);
  EXPECT_NEAR(out[0], 4.5 / 2, 1e-12);
  EXPECT_NEAR(out[1], 0.5 + 9, 1e-12);
}

TEST(Predictor, IsolationScoreIsTwoToTheMinusRelativeDepth) {
  IsolationForestModel m;
  m.psi = 256;
  m.trees = {{Tree{{TreeNode{.value = 10.5F}}}, Tree{{TreeNode{.value = 9.5F}}}},
             TreeEnsemble::Aggregate::kAverage,
             0,
             1};
  const double row[] = {0};
  EXPECT_DOUBLE_EQ(Predictor::Build(ModelBody(m))->Score(row), std::pow(2, -10 / AveragePathLength(256)));
  EXPECT_NEAR(AveragePathLength(256), 10.244770920, 1e-8);  // scikit-learn's _average_path_length
}

TEST(Predictor, RefusesMalformedModels) {
  const auto refused = [](const ModelBody& body) {
    auto built = Predictor::Build(body);
    return built.ok() ? std::string() : built.message();
  };
  Random random(3);
  CalibratedTrees good;
  good.folds.push_back({random_models::Ensemble(random, 3, 4, {3, 0}), {}});
  EXPECT_EQ(refused(good), "");
  CalibratedTrees bad = good;
  bad.folds[0].ensemble.trees[1].nodes[0].left = 0;  // a cycle
  EXPECT_THAT(refused(bad), testing::HasSubstr("after their parent"));
  bad = good;
  bad.folds[0].ensemble.trees[1].nodes[0].feature = 4;
  EXPECT_THAT(refused(bad), testing::HasSubstr("feature 4 is outside 0 … 3"));
  bad = good;
  bad.folds[0].ensemble.trees[1].nodes[0].threshold = std::numeric_limits<float>::infinity();
  EXPECT_THAT(refused(bad), testing::HasSubstr("threshold is not finite"));
  bad = good;
  bad.folds[0].ensemble.trees[1].nodes[0].right = bad.folds[0].ensemble.trees[1].nodes[1].left;
  EXPECT_NE(refused(bad), "");
  bad = good;
  bad.folds[0].calibration = {Calibration::Kind::kIsotonic, 0, 0, {0, 1, 1}, {0, 0.5, 1}};
  EXPECT_THAT(refused(bad), testing::HasSubstr("increase strictly"));
  EXPECT_NE(refused(CalibratedTrees{}), "");
  EXPECT_NE(refused(LinearModel{{0, 0}, {1, 0}, {1, 1}, 0, false}), "");
  EXPECT_NE(refused(ForeignModel{}), "");
  Model named = random_models::Named("x", ModelKind::kClassifier, good);
  named.info.features.pop_back();
  EXPECT_FALSE(Predictor::Build(named).ok());
}

TEST(SnapLeaves, MakesTheSumIndependentOfItsOrder) {
  Random random(5);
  TreeEnsemble e = random_models::Ensemble(random, 300, 5, {5, 0, 0.3, 0.2});
  const TreeEnsemble before = e;
  SnapLeaves(&e);
  double limit = std::fabs(before.base);
  for (const Tree& tree : before.trees) {
    double largest = 0;
    for (const TreeNode& node : tree.nodes) largest = std::max<double>(largest, std::fabs(node.value));
    limit += largest;
  }
  for (size_t t = 0; t < e.trees.size(); ++t) {
    for (size_t i = 0; i < e.trees[t].nodes.size(); ++i) {
      EXPECT_NEAR(e.trees[t].nodes[i].value, before.trees[t].nodes[i].value, std::ldexp(limit, -23));
    }
  }
  const std::vector<double> rows = random_models::Rows(random, 100, 5);
  TreeEnsemble shuffled = e;
  random.Shuffle(shuffled.trees);
  bool before_differs = false;
  TreeEnsemble before_shuffled = before;
  random.Shuffle(before_shuffled.trees);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(PlainRaw(e, &rows[i * 5]), PlainRaw(shuffled, &rows[i * 5]));
    before_differs |= PlainRaw(before, &rows[i * 5]) != PlainRaw(before_shuffled, &rows[i * 5]);
  }
  EXPECT_TRUE(before_differs) << "the test's ensemble is too tame to show anything";
}

}  // namespace
}  // namespace forewarn
