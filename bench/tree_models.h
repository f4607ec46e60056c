// The two tree models the benchmarks measure, grown with the runs' parameters on data of the gas plant's size
// and shape, and the same trees loaded into XGBoost. Three expanding folds, as in training.
#pragma once

#include <xgboost/c_api.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/random.h"
#include "model/model.h"
#include "train/xgboost_learner.h"

namespace forewarn::bench {

constexpr size_t kRows = 538;  // training rows of the gas plant
constexpr size_t kFeatures = 28;

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.message().c_str());
    std::exit(1);
  }
  return std::move(result).value();
}

inline void Must(int xgboost_result) {
  if (xgboost_result == 0) return;
  std::fprintf(stderr, "%s\n", XGBGetLastError());
  std::exit(1);
}

// Autocorrelated columns; the label depends on some of them and on noise.
inline Matrix PlantLike(Random& random, size_t rows, std::vector<uint8_t>* labels) {
  Matrix x(rows, kFeatures);
  std::vector<double> level(kFeatures, 0.0);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t f = 0; f < kFeatures; ++f) {
      level[f] = 0.9 * level[f] + random.Normal();
      x.at(i, f) = level[f];
    }
    const double drive = level[0] + 0.7 * level[3] - 0.5 * level[7] * level[1] + random.Normal();
    labels->push_back(drive > 1 ? 1 : 0);
  }
  return x;
}

inline std::vector<TreeEnsemble> GrowFolds(const BoostParams& params, uint64_t seed) {
  Random random(seed);
  std::vector<uint8_t> y;
  const Matrix x = PlantLike(random, kRows, &y);
  std::vector<TreeEnsemble> folds;
  for (size_t fold = 1; fold <= 3; ++fold) {
    const size_t rows = kRows * fold / 4;
    const std::vector<uint8_t> labels(y.begin(), y.begin() + static_cast<std::ptrdiff_t>(rows));
    folds.push_back(Must(GrowTrees(params, x.Slice(0, rows), labels, {}, seed)));
  }
  return folds;
}

inline std::vector<TreeEnsemble> BoostedFolds() {
  BoostParams params;
  params.trees = 200;
  params.subsample = params.colsample_bytree = 0.8;
  params.min_child_weight =
      10 * 0.25;  // rows here are raw, not SMOTE's: the floor in rows, as the table means it
  return GrowFolds(params, 42);
}

inline std::vector<TreeEnsemble> ForestFolds() {
  BoostParams params;
  params.forest = true;
  params.trees = 300;
  params.max_depth = 5;
  params.subsample = 0.632;
  params.colsample_bynode = 1 / std::sqrt(static_cast<double>(kFeatures));
  params.min_child_weight = 8;
  params.lambda = 0;
  return GrowFolds(params, 43);
}

inline Model ToModel(const std::vector<TreeEnsemble>& folds, bool log_odds) {
  CalibratedTrees body;
  body.log_odds = log_odds;
  for (const TreeEnsemble& ensemble : folds) {
    Calibration sigmoid;
    sigmoid.kind = Calibration::Kind::kSigmoid;
    sigmoid.a = -1.1;
    sigmoid.b = 0.2;
    body.folds.push_back({ensemble, sigmoid});
  }
  Model model;
  model.info.run = "bench";
  model.body = body;
  for (size_t f = 0; f < kFeatures; ++f) model.info.features.push_back("f" + std::to_string(f));
  return model;
}

// The ensemble as an XGBoost JSON model (1.7's schema, which later versions read).
inline nlohmann::json ToXgboost(const TreeEnsemble& e) {
  using nlohmann::json;
  const bool average = e.aggregate == TreeEnsemble::Aggregate::kAverage;
  const float leaf_scale = average ? 1.0F / static_cast<float>(e.trees.size()) : 1.0F;
  json trees = json::array();
  for (const Tree& tree : e.trees) {
    const size_t n = tree.nodes.size();
    json out{{"id", trees.size()},
             {"categories", json::array()},
             {"categories_nodes", json::array()},
             {"categories_segments", json::array()},
             {"categories_sizes", json::array()}};
    out["tree_param"] = {{"num_deleted", "0"},
                         {"num_feature", std::to_string(e.features)},
                         {"num_nodes", std::to_string(n)},
                         {"size_leaf_vector", "0"}};
    std::vector<int> parents(n, 2147483647);
    for (size_t i = 0; i < n; ++i) {
      const TreeNode& node = tree.nodes[i];
      const bool leaf = node.left < 0;
      if (!leaf) parents[node.left] = parents[node.right] = static_cast<int>(i);
      out["left_children"].push_back(node.left);
      out["right_children"].push_back(leaf ? -1 : node.right);
      out["split_indices"].push_back(leaf ? 0 : node.feature);
      out["split_conditions"].push_back(leaf ? node.value * leaf_scale : node.threshold);
      out["split_type"].push_back(0);
      out["default_left"].push_back(node.default_left ? 1 : 0);
      out["sum_hessian"].push_back(node.cover);
      out["loss_changes"].push_back(node.gain);
      out["base_weights"].push_back(leaf ? node.value * leaf_scale : 0.0F);
    }
    out["parents"] = parents;
    trees.push_back(out);
  }
  json model{{"gbtree_model_param",
              {{"num_parallel_tree", "1"},
               {"num_trees", std::to_string(e.trees.size())},
               {"size_leaf_vector", "0"}}},
             {"tree_info", std::vector<int>(e.trees.size(), 0)},
             {"trees", trees}};
  json learner{
      {"attributes", json::object()},
      {"feature_names", json::array()},
      {"feature_types", json::array()},
      {"gradient_booster", {{"name", "gbtree"}, {"model", model}}},
      {"learner_model_param",
       {{"base_score", "0E0"},
        {"num_class", "0"},
        {"num_feature", std::to_string(e.features)},
        {"num_target", "1"}}},
      {"objective", {{"name", "reg:squarederror"}, {"reg_loss_param", {{"scale_pos_weight", "1"}}}}}};
  return {{"version", {1, 7, 4}}, {"learner", learner}};
}

inline BoosterHandle LoadXgboost(const TreeEnsemble& e) {
  const std::string text = ToXgboost(e).dump();
  BoosterHandle booster = nullptr;
  Must(XGBoosterCreate(nullptr, 0, &booster));
  Must(XGBoosterLoadModelFromBuffer(booster, text.data(), text.size()));
  Must(XGBoosterSetParam(booster, "nthread", "1"));
  return booster;
}

inline std::vector<double> BenchRows(size_t n) {
  Random random(7);
  std::vector<uint8_t> labels;
  return PlantLike(random, n, &labels).values;
}

}  // namespace forewarn::bench
