#include "train/xgboost_learner.h"

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <limits>
#include <memory>
#include <utility>

#include "model/xgboost_reader.h"

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

Result<TreeEnsemble> ReadBooster(BoosterHandle& booster, const BoostParams& params) {
  bst_ulong size = 0;
  const char* bytes = nullptr;
  FW_RETURN_IF_ERROR(
      Check(XGBoosterSaveModelToBuffer(booster.get(), R"({"format": "ubj"})", &size, &bytes), "saving"));
  FW_ASSIGN_OR_RETURN(XgboostModel model, ReadXgboost({bytes, size}));
  if (!params.forest) return std::move(model.trees);
  // The library divides a forest's leaves by the number of trees; an average wants them whole.
  model.trees.aggregate = TreeEnsemble::Aggregate::kAverage;
  for (Tree& tree : model.trees.trees) {
    for (TreeNode& node : tree.nodes) {
      if (node.left < 0) node.value *= static_cast<float>(params.trees);
    }
  }
  return std::move(model.trees);
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
  return ReadBooster(booster, params);
}

}  // namespace forewarn
