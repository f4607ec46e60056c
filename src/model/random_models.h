// Random but valid models of every kind for tests, fuzz seeds and benchmarks. Not part of the product's flow.
// Pure: the same Random gives the same model.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/random.h"
#include "model/model.h"

namespace forewarn::random_models {

struct TreeShape {
  int depth = 3;
  double stop = 0.1;   // chance that a node above the last level is a leaf
  double scale = 0.1;  // leaf values are uniform in ±scale
  double first = 0;    // … plus this
  bool reuse = false;  // splits draw from two features only: many repeats on a path
};

inline int32_t Grow(Random& random, int features, const TreeShape& shape, int depth, double cover,
                    Tree* tree) {
  const auto at = static_cast<int32_t>(tree->nodes.size());
  tree->nodes.emplace_back();
  TreeNode node;
  node.cover = static_cast<float>(cover);
  if (depth == 0 || (at != 0 && random.Uniform() < shape.stop)) {
    node.value = static_cast<float>(shape.first + random.Uniform(-shape.scale, shape.scale));
  } else {
    node.feature = static_cast<int32_t>(random.Below(shape.reuse ? 2 : static_cast<uint64_t>(features)));
    node.threshold = static_cast<float>(random.Normal());
    node.default_left = random.Below(2) == 1;
    const double share = random.Uniform(0.05, 0.95);
    node.left = Grow(random, features, shape, depth - 1, cover * share, tree);
    node.right = Grow(random, features, shape, depth - 1, cover * (1 - share), tree);
  }
  tree->nodes[at] = node;
  return at;
}

inline TreeEnsemble Ensemble(Random& random, int trees, int features, const TreeShape& shape,
                             TreeEnsemble::Aggregate aggregate = TreeEnsemble::Aggregate::kSum) {
  TreeEnsemble e;
  e.features = features;
  e.aggregate = aggregate;
  e.base = aggregate == TreeEnsemble::Aggregate::kSum ? static_cast<float>(random.Normal()) : 0.0F;
  for (int t = 0; t < trees; ++t) {
    Tree tree;
    Grow(random, features, shape, shape.depth, 100.0 + random.Uniform(), &tree);
    e.trees.push_back(tree);
  }
  return e;
}

inline Calibration Isotonic(Random& random, int knots, double low, double high) {
  Calibration c;
  c.kind = Calibration::Kind::kIsotonic;
  double y = 0;
  for (int i = 0; i < knots; ++i) {
    c.x.push_back(low + (high - low) * (i + 0.2 + 0.6 * random.Uniform()) / knots);
    if (random.Below(3) != 0) y = std::min(1.0, y + random.Uniform() * 2.0 / knots);
    c.y.push_back(y);
  }
  return c;
}

inline Calibration Platt(Random& random) {
  Calibration c;
  c.kind = Calibration::Kind::kSigmoid;
  c.a = -1.0 - random.Uniform();
  c.b = random.Normal();
  return c;
}

inline std::vector<double> Normals(Random& random, size_t n) {
  std::vector<double> values(n);
  for (double& v : values) v = random.Normal();
  return values;
}

inline std::vector<double> Positives(Random& random, size_t n) {
  std::vector<double> values(n);
  for (double& v : values) v = random.Uniform(0.5, 2.0);
  return values;
}

// n × features; share of NaN cells as given.
inline std::vector<double> Rows(Random& random, size_t n, size_t features, double missing = 0.05) {
  std::vector<double> rows(n * features);
  for (double& v : rows) {
    v = random.Normal() * 1.2;
    if (random.Uniform() < missing) v = std::numeric_limits<double>::quiet_NaN();
  }
  return rows;
}

// An orthonormal basis by Gram-Schmidt.
inline std::vector<std::vector<double>> Basis(Random& random, size_t n) {
  std::vector<std::vector<double>> basis;
  while (basis.size() < n) {
    std::vector<double> v = Normals(random, n);
    for (const auto& b : basis) {
      double dot = 0;
      for (size_t i = 0; i < n; ++i) dot += v[i] * b[i];
      for (size_t i = 0; i < n; ++i) v[i] -= dot * b[i];
    }
    double norm = 0;
    for (double x : v) norm += x * x;
    for (double& x : v) x /= std::sqrt(norm);
    basis.push_back(v);
  }
  return basis;
}

inline Model Named(const std::string& run, ModelKind kind, ModelBody body) {
  Model model;
  model.info.run = run;
  model.info.kind = kind;
  model.info.plant = "random";
  model.body = std::move(body);
  for (size_t f = 0; f < FeatureCount(model.body); ++f) {
    model.info.features.push_back("feature_" + std::to_string(f));
    model.info.medians.push_back(0.1 * static_cast<double>(f));
  }
  return model;
}

// One model of every shape the twelve runs have.
inline std::vector<Model> All(uint64_t seed, int features) {
  Random random(seed);
  const auto n = static_cast<size_t>(features);
  std::vector<Model> models;
  CalibratedTrees plain;
  plain.folds.push_back({Ensemble(random, 150, features, {3, 0.05}), {}});
  plain.folds[0].calibration.kind = Calibration::Kind::kLogistic;
  models.push_back(Named("gradient_boosting", ModelKind::kClassifier, plain));
  CalibratedTrees sigmoid;
  CalibratedTrees leafwise;
  CalibratedTrees forest;
  forest.log_odds = false;
  for (int fold = 0; fold < 3; ++fold) {
    sigmoid.folds.push_back({Ensemble(random, 200, features, {3, 0.05}), Platt(random)});
    leafwise.folds.push_back({Ensemble(random, 60, features, {4, 0.3}), Isotonic(random, 20, -2, 2)});
    forest.folds.push_back(
        {Ensemble(random, 100, features, {5, 0.1, 0.5, 0.5}, TreeEnsemble::Aggregate::kAverage),
         Isotonic(random, 12, 0.3, 0.7)});
    for (CalibratedTrees* m : {&sigmoid, &leafwise, &forest}) SnapLeaves(&m->folds.back().ensemble);
  }
  forest.folds[2].calibration = Isotonic(random, 1, 0, 1);  // one knot: a constant
  models.push_back(Named("xgboost_calibrated", ModelKind::kClassifier, sigmoid));
  models.push_back(Named("xgboost_leafwise_calibrated", ModelKind::kClassifier, leafwise));
  models.push_back(Named("rf_soft_alarm", ModelKind::kClassifier, forest));
  IsolationForestModel isolation;
  isolation.trees = Ensemble(random, 100, features, {10, 0.1, 4, 8}, TreeEnsemble::Aggregate::kAverage);
  models.push_back(Named("isolation_forest", ModelKind::kIsolationForest, isolation));
  LinearModel linear{Normals(random, n), Positives(random, n), Normals(random, n), random.Normal(), true};
  models.push_back(Named("lr_soft_alarm", ModelKind::kClassifier, linear));
  linear.logistic = false;
  models.push_back(Named("deviation_predictor", ModelKind::kDeviation, linear));
  MultinomialModel regime{Normals(random, n), Positives(random, n), {}, Normals(random, 3)};
  for (int k = 0; k < 3; ++k) regime.coef.push_back(Normals(random, n));
  models.push_back(Named("regime_classifier", ModelKind::kRegime, regime));
  PcaModel pca;
  pca.mean = Normals(random, n);
  pca.scale = Positives(random, n);
  pca.components = Basis(random, n);
  for (size_t k = 0; k < n; ++k) pca.variance.push_back(3.0 / static_cast<double>(k + 1));
  pca.explained.assign(n, 1.0 / static_cast<double>(n));
  pca.kept = std::max(1, features / 2);
  pca.t2_limit95 = 10.1, pca.t2_limit99 = 20.2, pca.spe_limit95 = 5.5, pca.spe_limit99 = 7.7;
  models.push_back(Named("pca", ModelKind::kPca, pca));
  return models;
}

}  // namespace forewarn::random_models
