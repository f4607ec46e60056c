#include "model/flat_trees.h"

#include <algorithm>
#include <limits>

#include "model/multiversion.h"

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors pass between functions that are always inlined

namespace forewarn {
namespace {

using Lanes = float __attribute__((vector_size(FlatTrees::kLanes * sizeof(float))));

// Depth of the tree (a single leaf is 0); children stand after their parents, so one backward pass does.
int DepthOf(const Tree& tree) {
  std::vector<int> height(tree.nodes.size(), 0);
  for (size_t i = tree.nodes.size(); i-- > 0;) {
    const TreeNode& node = tree.nodes[i];
    if (node.left >= 0) height[i] = 1 + std::max(height[node.left], height[node.right]);
  }
  return height[0];
}

uint32_t Slot(const TreeNode& node) {
  return 2 * static_cast<uint32_t>(node.feature) + (node.default_left ? 1 : 0);
}

}  // namespace

void SplitRow(const double* row, size_t features, float* split) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (size_t f = 0; f < features; ++f) {
    const float x = static_cast<float>(row[f]);
    const bool missing = x != x;
    split[2 * f] = missing ? kInfinity : x;
    split[2 * f + 1] = missing ? -kInfinity : x;
  }
}

FlatTrees::FlatTrees(const TreeEnsemble& ensemble)
    : features_(static_cast<size_t>(ensemble.features)),
      trees_(ensemble.trees.size()),
      average_(ensemble.aggregate == TreeEnsemble::Aggregate::kAverage),
      base_(ensemble.base) {
  for (const Tree& tree : ensemble.trees) depth_ = std::max(depth_, DepthOf(tree));
  padded_ = depth_ <= kMaxPadded;
  if (padded_) {
    splits_.reserve(trees_ << depth_);
    leaves_.reserve(trees_ << depth_);
  } else {
    size_t nodes = 0;
    for (const Tree& tree : ensemble.trees) nodes += tree.nodes.size();
    roots_.reserve(trees_);
    nodes_.reserve(nodes);
  }
  for (const Tree& tree : ensemble.trees) {
    if (padded_) {
      Pad(tree);
      continue;
    }
    const uint32_t root = static_cast<uint32_t>(nodes_.size());
    roots_.push_back(root);
    for (const TreeNode& node : tree.nodes) {
      Node flat;
      if (node.left >= 0) {
        flat.split = {Slot(node), node.threshold};
        flat.left = static_cast<int32_t>(root) + node.left;
        flat.right = static_cast<int32_t>(root) + node.right;
      } else {
        flat.value = node.value;
      }
      nodes_.push_back(flat);
    }
  }
}

void FlatTrees::Pad(const Tree& tree) {
  const size_t width = size_t{1} << depth_;
  const size_t first_split = splits_.size();
  const size_t first_leaf = leaves_.size();
  splits_.resize(first_split + width);
  leaves_.resize(first_leaf + width);
  std::vector<int32_t> at(2 * width, 0);  // the tree's node at each heap position; a leaf fills all below it
  for (size_t i = 1; i < 2 * width; ++i) {
    if (i > 1) {
      const TreeNode& parent = tree.nodes[at[i / 2]];
      at[i] = parent.left < 0 ? at[i / 2] : (i % 2 == 0 ? parent.left : parent.right);
    }
    const TreeNode& node = tree.nodes[at[i]];
    if (i >= width) {
      leaves_[first_leaf + i - width] = node.value;
    } else if (node.left >= 0) {
      splits_[first_split + i] = {Slot(node), node.threshold};
    }
  }
}

template <typename Number>
Number FlatTrees::Finish(Number sum) const {
  return average_ ? sum / static_cast<Number>(trees_) + static_cast<Number>(base_) : sum;
}

template <int kDepth, typename Number>
Number FlatTrees::SumPadded(const float* split) const {
  constexpr size_t kWidth = size_t{1} << kDepth;
  const Split* splits = splits_.data();
  const float* leaves = leaves_.data();
  Number sum = average_ ? Number{0} : static_cast<Number>(base_);
  for (size_t t = 0; t < trees_; ++t, splits += kWidth, leaves += kWidth) {
    size_t i = 1;
    for (int level = 0; level < kDepth; ++level) {
      i = 2 * i + static_cast<size_t>(!(split[splits[i].slot] < splits[i].threshold));
    }
    sum += static_cast<Number>(leaves[i - kWidth]);
  }
  return Finish(sum);
}

template <typename Number>
Number FlatTrees::SumNodes(const float* split, size_t stride) const {
  Number sum = average_ ? Number{0} : static_cast<Number>(base_);
  for (const uint32_t root : roots_) {
    const Node* node = &nodes_[root];
    while (node->left >= 0) {
      node = &nodes_[split[node->split.slot * stride] < node->split.threshold ? node->left : node->right];
    }
    sum += static_cast<Number>(node->value);
  }
  return Finish(sum);
}

template <typename Number>
Number FlatTrees::SumRow(const float* split) const {
  if (!padded_) return SumNodes<Number>(split, 1);
  switch (depth_) {
    case 0:
      return SumPadded<0, Number>(split);
    case 1:
      return SumPadded<1, Number>(split);
    case 2:
      return SumPadded<2, Number>(split);
    case 3:
      return SumPadded<3, Number>(split);
    case 4:
      return SumPadded<4, Number>(split);
    case 5:
      return SumPadded<5, Number>(split);
    case 6:
      return SumPadded<6, Number>(split);
    case 7:
      return SumPadded<7, Number>(split);
    default:
      return SumPadded<8, Number>(split);
  }
}

float FlatTrees::Sum(const float* split) const { return SumRow<float>(split); }
double FlatTrees::ExactSum(const float* split) const { return SumRow<double>(split); }

// All conditions of a padded tree for kLanes rows at once, then selects from the leaves up: no gathers, no
// branches.
struct BlockKernel {
  using Split = FlatTrees::Split;

  template <int kLevels>
  [[gnu::always_inline]] static inline Lanes Eval(const Split* splits, const float* leaves, const Lanes* x,
                                                  size_t i, size_t width) {
    if constexpr (kLevels == 0) {
      return Lanes{} + leaves[i - width];
    } else {
      const auto left = x[splits[i].slot] < splits[i].threshold;
      return left ? Eval<kLevels - 1>(splits, leaves, x, 2 * i, width)
                  : Eval<kLevels - 1>(splits, leaves, x, 2 * i + 1, width);
    }
  }

  template <int kDepth>
  [[gnu::always_inline]] static inline void Run(const FlatTrees& trees, const Lanes* x, float* out) {
    constexpr size_t kWidth = size_t{1} << kDepth;
    const Split* splits = trees.splits_.data();
    const float* leaves = trees.leaves_.data();
    Lanes sum = Lanes{} + (trees.average_ ? 0.0F : trees.base_);
    for (size_t t = 0; t < trees.trees_; ++t, splits += kWidth, leaves += kWidth) {
      sum += Eval<kDepth>(splits, leaves, x, 1, kWidth);
    }
    for (size_t j = 0; j < FlatTrees::kLanes; ++j) out[j] = trees.Finish(sum[j]);
  }
};

namespace {

FW_MULTIVERSION void RunBlock(const FlatTrees& trees, const float* split, float* out) {
  const Lanes* x = reinterpret_cast<const Lanes*>(split);
  switch (trees.depth()) {
    case 0:
      return BlockKernel::Run<0>(trees, x, out);
    case 1:
      return BlockKernel::Run<1>(trees, x, out);
    case 2:
      return BlockKernel::Run<2>(trees, x, out);
    case 3:
      return BlockKernel::Run<3>(trees, x, out);
    case 4:
      return BlockKernel::Run<4>(trees, x, out);
    default:
      return BlockKernel::Run<5>(trees, x, out);
  }
}

}  // namespace

void FlatTrees::SumBlock(const float* split, float* out) const {
  if (padded_ && depth_ <= 5) return RunBlock(*this, split, out);
  if (!padded_) {
    for (size_t j = 0; j < kLanes; ++j) out[j] = SumNodes<float>(split + j, kLanes);
    return;
  }
  std::vector<float> row(2 * features_);
  for (size_t j = 0; j < kLanes; ++j) {
    for (size_t k = 0; k < row.size(); ++k) row[k] = split[k * kLanes + j];
    out[j] = Sum(row.data());
  }
}

}  // namespace forewarn
