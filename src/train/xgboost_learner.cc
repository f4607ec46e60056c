#include "train/xgboost_learner.h"

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

namespace forewarn {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

struct FreeMatrix {
  void operator()(void* handle) const { XGDMatrixFree(handle); }
};
struct FreeBooster {
  void operator()(void* handle) const { XGBoosterFree(handle); }
};
using MatrixHandle = std::unique_ptr<void, FreeMatrix>;
using BoosterHandle = std::unique_ptr<void, FreeBooster>;

Status Check(int result, const char* what) {
  if (result == 0) return {};
  std::string message = XGBGetLastError();
  message = message.substr(0, message.find('\n'));
  return Status::Internal(fmt::format("xgboost: {}: {}", what, message));
}

Result<MatrixHandle> MakeMatrix(const Matrix& x, const std::vector<uint8_t>& y,
                                const std::vector<float>& weights) {
  const std::vector<float> values(x.values.begin(), x.values.end());
  DMatrixHandle raw = nullptr;
  FW_RETURN_IF_ERROR(Check(
      XGDMatrixCreateFromMat(values.data(), x.rows, x.columns, std::numeric_limits<float>::quiet_NaN(), &raw),
      "making a matrix"));
  MatrixHandle matrix(raw);
  const std::vector<float> labels(y.begin(), y.end());
  FW_RETURN_IF_ERROR(
      Check(XGDMatrixSetFloatInfo(raw, "label", labels.data(), labels.size()), "setting labels"));
  if (!weights.empty()) {
    FW_RETURN_IF_ERROR(
        Check(XGDMatrixSetFloatInfo(raw, "weight", weights.data(), weights.size()), "setting weights"));
  }
  return {std::move(matrix)};
}

Parameters ToParameters(const BoostParams& p, uint64_t seed) {
  Parameters out = {
      {"verbosity", "0"},
      {"nthread", "1"},
      {"tree_method", "hist"},
      {"max_bin", "256"},
      {"seed", std::to_string(seed & 0x7fffffff)},
      {"objective", p.forest ? "reg:squarederror" : "binary:logistic"},
      {"base_score", p.forest ? "0" : "0.5"},
      {"num_parallel_tree", std::to_string(p.forest ? p.trees : 1)},
      {"eta", fmt::format("{}", p.forest ? 1.0 : p.eta)},
      {"max_depth", std::to_string(p.max_depth)},
      {"subsample", fmt::format("{}", p.subsample)},
      {"colsample_bytree", fmt::format("{}", p.colsample_bytree)},
      {"colsample_bynode", fmt::format("{}", p.colsample_bynode)},
      {"min_child_weight", fmt::format("{}", p.min_child_weight)},
      {"lambda", fmt::format("{}", p.lambda)},
      {"scale_pos_weight", fmt::format("{}", p.scale_pos_weight)},
  };
  if (p.max_leaves > 0) {
    out.emplace_back("grow_policy", "lossguide");
    out.emplace_back("max_leaves", std::to_string(p.max_leaves));
  }
  return out;
}

// One tree of the library's model document. Nodes are renumbered breadth-first from the root, so children
// stand after their parent and nodes the library pruned are gone.
Tree ReadTree(const nlohmann::json& in, float leaf_scale) {
  const auto& left = in.at("left_children");
  const auto& right = in.at("right_children");
  const auto& feature = in.at("split_indices");
  const auto& condition = in.at("split_conditions");  // of a leaf: its value
  const auto& default_left = in.at("default_left");
  const auto& hessian = in.at("sum_hessian");
  const auto& gain = in.at("loss_changes");
  Tree tree;
  std::vector<size_t> source = {0};
  tree.nodes.resize(1);
  for (size_t i = 0; i < source.size(); ++i) {
    const size_t s = source[i];
    TreeNode node;
    node.cover = hessian[s].get<float>();
    const int child = left[s].get<int>();
    if (child < 0) {
      node.value = condition[s].get<float>() * leaf_scale;
    } else {
      node.feature = feature[s].get<int32_t>();
      node.threshold = condition[s].get<float>();
      node.default_left = default_left[s].get<int>() != 0;
      node.gain = gain[s].get<float>();
      node.left = static_cast<int32_t>(source.size());
      node.right = node.left + 1;
      source.push_back(static_cast<size_t>(child));
      source.push_back(right[s].get<size_t>());
      tree.nodes.resize(source.size());
    }
    tree.nodes[i] = node;
  }
  return tree;
}

Result<TreeEnsemble> ReadBooster(BoosterHandle& booster, const BoostParams& params, size_t features) {
  bst_ulong size = 0;
  const char* bytes = nullptr;
  FW_RETURN_IF_ERROR(
      Check(XGBoosterSaveModelToBuffer(booster.get(), R"({"format": "ubj"})", &size, &bytes), "saving"));
  TreeEnsemble out;
  out.features = static_cast<int>(features);
  out.aggregate = params.forest ? TreeEnsemble::Aggregate::kAverage : TreeEnsemble::Aggregate::kSum;
  // The library divides a forest's leaves by the number of trees; an average wants them whole.
  const float leaf_scale = params.forest ? static_cast<float>(params.trees) : 1.0f;
  try {
    const auto document = nlohmann::json::from_ubjson(bytes, bytes + size);
    for (const auto& tree : document.at("learner").at("gradient_booster").at("model").at("trees")) {
      out.trees.push_back(ReadTree(tree, leaf_scale));
    }
  } catch (const nlohmann::json::exception& e) {
    return Status::Internal(fmt::format("xgboost's model cannot be read: {}", e.what()));
  }
  return out;
}

}  // namespace

Result<TreeEnsemble> GrowTrees(const BoostParams& params, const Matrix& x, const std::vector<uint8_t>& y,
                               const std::vector<float>& weights, uint64_t seed) {
  if (x.rows == 0 || x.columns == 0) return Status::Invalid("trees need at least one row and one column");
  if (y.size() != x.rows || (!weights.empty() && weights.size() != x.rows)) {
    return Status::Internal("labels or weights differ in number from the rows");
  }
  FW_ASSIGN_OR_RETURN(const MatrixHandle matrix, MakeMatrix(x, y, weights));
  DMatrixHandle raw_matrix = matrix.get();
  void* handle = nullptr;
  FW_RETURN_IF_ERROR(Check(XGBoosterCreate(&raw_matrix, 1, &handle), "making a booster"));
  BoosterHandle booster(handle);
  for (const auto& [name, value] : ToParameters(params, seed)) {
    FW_RETURN_IF_ERROR(Check(XGBoosterSetParam(handle, name.c_str(), value.c_str()), name.c_str()));
  }
  const int rounds = params.forest ? 1 : params.trees;
  for (int round = 0; round < rounds; ++round) {
    FW_RETURN_IF_ERROR(Check(XGBoosterUpdateOneIter(handle, round, raw_matrix), "growing a tree"));
  }
  return ReadBooster(booster, params, x.columns);
}

std::vector<double> FeatureGains(const TreeEnsemble& ensemble) {
  std::vector<double> out(static_cast<size_t>(ensemble.features), 0);
  double sum = 0;
  for (const Tree& tree : ensemble.trees) {
    for (const TreeNode& node : tree.nodes) {
      if (node.left < 0) continue;
      out[static_cast<size_t>(node.feature)] += node.gain;
      sum += node.gain;
    }
  }
  if (sum > 0) {
    for (double& gain : out) gain /= sum;
  }
  return out;
}

}  // namespace forewarn
