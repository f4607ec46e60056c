// A TreeEnsemble laid out for speed, the core of predictor.h. Trees up to depth 8 are padded to complete
// trees and walked without branches; batches evaluate 16 rows at once. Both give bit for bit the sum of
// model.h: floats, in tree order. Deeper ensembles are walked node by node. Immutable after construction;
// const calls are safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/model.h"

namespace forewarn {

// A row as the trees see it: features in float, twice. [2f] holds +inf for NaN and [2f + 1] −inf, so a split
// that sends missing values left reads the second and needs no test of its own.
void SplitRow(const double* row, size_t features, float* split);

class FlatTrees {
 public:
  static constexpr size_t kLanes = 16;  // rows of a batch block
  static constexpr int kMaxPadded = 8;  // depth up to which trees are padded

  // The ensemble must pass CheckTreeEnsemble.
  explicit FlatTrees(const TreeEnsemble& ensemble);

  size_t features() const { return features_; }
  int depth() const { return depth_; }
  // split: SplitRow's 2 × features floats.
  float Sum(const float* split) const;
  // The same sum of the same leaves in double, rounded nowhere on the way: what explanations add up to.
  double ExactSum(const float* split) const;
  // split: [2 × features][kLanes], a block of kLanes rows transposed, 64-byte aligned; out: kLanes sums.
  void SumBlock(const float* split, float* out) const;

 private:
  struct Split {
    uint32_t slot = 0;  // 2 × feature + default_left
    float threshold = 0;
  };
  struct Node {  // the unpadded form
    Split split;
    int32_t left = -1;  // −1: leaf
    int32_t right = -1;
    float value = 0;
  };
  void Pad(const Tree& tree);
  template <typename Number>
  Number Finish(Number sum) const;
  template <int kDepth, typename Number>
  Number SumPadded(const float* split) const;
  template <typename Number>
  Number SumNodes(const float* split, size_t stride) const;
  template <typename Number>
  Number SumRow(const float* split) const;
  friend struct BlockKernel;

  size_t features_ = 0;
  size_t trees_ = 0;
  int depth_ = 0;
  bool padded_ = false;
  bool average_ = false;
  float base_ = 0;
  std::vector<Split> splits_;  // padded: [trees][2^depth], heap order from 1
  std::vector<float> leaves_;  // padded: [trees][2^depth]
  std::vector<Node> nodes_;
  std::vector<uint32_t> roots_;
};

}  // namespace forewarn
