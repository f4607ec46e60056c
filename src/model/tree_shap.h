// Exact path-dependent TreeSHAP (Lundberg et al. 2020) of one ensemble, the core of explainer.h. A leaf's
// Shapley values depend on the row only through which of its path's features are satisfied, so they are
// tabulated once per small subtree and a row costs a few comparisons and additions a subtree; trees too deep
// for tables are computed leaf by leaf. Immutable after construction; const calls are safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/model.h"

namespace forewarn {

class TreeShap {
 public:
  static constexpr size_t kLanes = 16;    // rows of a batch block, as FlatTrees::kLanes
  static constexpr size_t kMaxPath = 64;  // distinct features on a path

  struct Options {
    double weight = 1;  // multiplies everything: 1 / folds for a mean over folds
    size_t table_bytes =
        size_t{64} << 20;  // ensembles whose tables would be larger are computed leaf by leaf
  };

  // Unavailable if covers are missing or a path holds more than kMaxPath features. The ensemble must pass
  // CheckTreeEnsemble.
  static Result<TreeShap> Build(const TreeEnsemble& ensemble, const Options& options);
  static Result<TreeShap> Build(const TreeEnsemble& ensemble) { return Build(ensemble, Options()); }

  size_t features() const { return features_; }
  bool tabulated() const { return leaves_.empty(); }
  // Expected output over the training rows: base + Σ (or mean) of the trees' cover-weighted means.
  double base_value() const { return base_value_; }
  // phi[f] += the Shapley value of feature f. split: SplitRow's floats (flat_trees.h).
  void Add(const float* split, double* phi) const;
  // The same for blocks × kLanes rows. split: [blocks][2 × features][kLanes] floats, 64-byte aligned; phi:
  // rows × features.
  void AddBlocks(const float* split, size_t blocks, double* phi) const;

 private:
  struct Split {
    uint32_t slot = 0;  // 2 × feature + default_left
    float threshold = 0;
  };
  // Subtrees with the same number of conditions and features, stored one after another. Condition b of a
  // subtree is bit b of the row's index into the subtree's table.
  struct Run {
    uint32_t conditions = 0;
    uint32_t features = 0;
    uint32_t count = 0;
    std::vector<Split> splits;      // [count][conditions]
    std::vector<uint32_t> feature;  // [count][features]
    std::vector<float> table;       // [count][2^conditions][features]
  };
  // A path's feature: satisfied by low <= x < high (a NaN high is no bound), by a missing x if missing_ok.
  struct PathFeature {
    uint32_t feature = 0;
    bool missing_ok = true;
    float low = 0, high = 0;
    double share = 1;  // of the cover that passes when the feature is unknown
  };
  struct Leaf {
    uint32_t first = 0;  // into path_
    uint32_t count = 0;
    double value = 0;
  };
  friend class TreeShapBuilder;

  static void AddRun(const Run& run, const float* split, double* phi);
  static void AddRunBlocks(const Run& run, const float* split, size_t features, size_t blocks, double* phi);
  void AddLeaf(const Leaf& leaf, const float* split, size_t stride, double* phi) const;
  friend struct ShapKernel;

  size_t features_ = 0;
  double base_value_ = 0;
  std::vector<Run> runs_;
  std::vector<Leaf> leaves_;
  std::vector<PathFeature> path_;
};

// Shapley values of one leaf: the game that pays `value` if every path feature is satisfied, where an unknown
// feature is passed with probability share[i]. satisfied[i]: the row's answer. out[i] for m features. The
// Shapley sum over subsets is the integral over y in [0, 1] of a polynomial of degree m − 1 (Owen 1972),
// which Gauss-Legendre nodes give exactly.
void LeafShapley(double value, const double* share, const bool* satisfied, size_t m, double* out);

}  // namespace forewarn
