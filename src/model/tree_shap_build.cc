// Builds TreeShap: cuts every tree into subtrees of at most two levels and tabulates each, or lists the
// leaves.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "model/tree_shap.h"

namespace forewarn {
namespace {

constexpr size_t kMaxConditions = 8;  // of a tabulated subtree with its ancestors
constexpr int kSubtreeHeight = 2;

struct Quadrature {
  std::vector<double> node, weight;  // on [0, 1]
};

// Gauss-Legendre nodes by Newton's method on the Legendre polynomial (Abramowitz & Stegun 25.4.29).
Quadrature MakeQuadrature(size_t n) {
  Quadrature q;
  for (size_t i = 0; i < n; ++i) {
    double x =
        std::cos(3.14159265358979323846 * (static_cast<double>(i) + 0.75) / (static_cast<double>(n) + 0.5));
    double slope = 1;
    for (int iteration = 0; iteration < 100; ++iteration) {
      double p = 1;
      double before = 0;
      for (size_t k = 1; k <= n; ++k) {
        const double older = before;
        const double j = static_cast<double>(k);
        before = p;
        p = ((2 * j - 1) * x * before - (j - 1) * older) / j;
      }
      slope = static_cast<double>(n) * (x * p - before) / (x * x - 1);
      const double step = p / slope;
      x -= step;
      if (std::fabs(step) < 1e-16) break;
    }
    q.node.push_back((1 - x) / 2);
    q.weight.push_back(1 / ((1 - x * x) * slope * slope));
  }
  return q;
}

// Enough nodes for m features: exact up to degree 2n − 1 >= m − 1.
const Quadrature& QuadratureFor(size_t m) {
  static const std::array<Quadrature, TreeShap::kMaxPath / 2 + 1> kAll = [] {
    std::array<Quadrature, TreeShap::kMaxPath / 2 + 1> all;
    for (size_t n = 1; n < all.size(); ++n) all[n] = MakeQuadrature(n);
    return all;
  }();
  return kAll[(m + 1) / 2];
}

// One split on the way to a leaf.
struct Step {
  const TreeNode* node;
  bool left;
  double share;  // of the node's cover that goes this way
};

double ShareOf(const Tree& tree, const TreeNode& node, bool left) {
  const double l = tree.nodes[node.left].cover;
  const double r = tree.nodes[node.right].cover;
  return (left ? l : r) / (l + r);
}

}  // namespace

void LeafShapley(double value, const double* share, const bool* satisfied, size_t m, double* out) {
  std::fill(out, out + m, 0.0);
  if (m == 0) return;
  const Quadrature& q = QuadratureFor(m);
  double factor[TreeShap::kMaxPath];
  double before[TreeShap::kMaxPath];
  for (size_t n = 0; n < q.node.size(); ++n) {
    const double y = q.node[n];
    double product = q.weight[n];
    for (size_t i = 0; i < m; ++i) {
      factor[i] = share[i] * (1 - y) + (satisfied[i] ? y : 0.0);
      before[i] = product;
      product *= factor[i];
    }
    double after = 1;
    for (size_t i = m; i-- > 0;) {
      out[i] += before[i] * after;
      after *= factor[i];
    }
  }
  for (size_t i = 0; i < m; ++i) out[i] *= value * ((satisfied[i] ? 1.0 : 0.0) - share[i]);
}

class TreeShapBuilder {
 public:
  explicit TreeShapBuilder(const TreeEnsemble& ensemble) : ensemble_(ensemble) {
    shap_.features_ = static_cast<size_t>(ensemble.features);
    scale_ = ensemble.aggregate == TreeEnsemble::Aggregate::kAverage
                 ? 1.0 / static_cast<double>(ensemble.trees.size())
                 : 1.0;
  }

  Result<TreeShap> Build(const TreeShap::Options& options) {
    if (!HasCovers(ensemble_)) {
      return Status::Unavailable(
          "the model's trees carry no covers (training weight a node), which exact explanations need");
    }
    scale_ *= options.weight;
    shap_.base_value_ = options.weight * static_cast<double>(ensemble_.base);
    const bool tables = TableBytes() <= options.table_bytes;
    for (const Tree& tree : ensemble_.trees) {
      shap_.base_value_ += scale_ * Mean(tree, 0);
      steps_.clear();
      FW_RETURN_IF_ERROR(tables ? Tabulate(tree, 0) : ListLeaves(tree, 0));
    }
    for (auto& [key, run] : runs_) {
      run.splits.shrink_to_fit();
      run.feature.shrink_to_fit();
      run.table.shrink_to_fit();
      shap_.runs_.push_back(std::move(run));
    }
    shap_.leaves_.shrink_to_fit();
    shap_.path_.shrink_to_fit();
    return std::move(shap_);
  }

 private:
  static std::vector<int> Heights(const Tree& tree) {
    std::vector<int> height(tree.nodes.size(), 0);
    for (size_t i = tree.nodes.size(); i-- > 0;) {
      const TreeNode& node = tree.nodes[i];
      if (node.left >= 0) height[i] = 1 + std::max(height[node.left], height[node.right]);
    }
    return height;
  }

  // An upper bound of the tables' size; more than any limit if a subtree has too many conditions.
  size_t TableBytes() {
    size_t total = 0;
    for (const Tree& tree : ensemble_.trees) {
      heights_.push_back(Heights(tree));
      const std::vector<int>& height = heights_.back();
      std::vector<int> depth(tree.nodes.size(), 0);
      for (size_t i = 0; i < tree.nodes.size(); ++i) {
        const TreeNode& node = tree.nodes[i];
        if (node.left < 0) continue;
        depth[node.left] = depth[node.right] = depth[i] + 1;
      }
      for (size_t i = 0; i < tree.nodes.size(); ++i) {
        if (height[i] > kSubtreeHeight) continue;
        const size_t conditions = static_cast<size_t>(depth[i]) + 3;
        if (conditions > kMaxConditions) return std::numeric_limits<size_t>::max();
        total += (size_t{1} << conditions) * conditions * sizeof(float) / 3;
      }
    }
    return total;
  }

  double Mean(const Tree& tree, int32_t at) const {
    // Children stand after their parents: one backward pass.
    std::vector<double> mean(tree.nodes.size());
    for (size_t i = tree.nodes.size(); i-- > 0;) {
      const TreeNode& node = tree.nodes[i];
      mean[i] = node.left < 0 ? node.value
                              : ShareOf(tree, node, true) * mean[node.left] +
                                    ShareOf(tree, node, false) * mean[node.right];
    }
    return mean[at];
  }

  Status ListLeaves(const Tree& tree, int32_t root) {
    // Depth-first with the path so far; (node, depth) pairs, so a path of thousands of nodes needs no call
    // stack.
    struct Visit {
      int32_t node;
      size_t depth;
      Step step;
    };
    std::vector<Visit> pending = {{root, 0, {}}};
    while (!pending.empty()) {
      const Visit visit = pending.back();
      pending.pop_back();
      steps_.resize(visit.depth);
      if (visit.depth > 0) steps_.back() = visit.step;
      const TreeNode& node = tree.nodes[visit.node];
      if (node.left < 0) {
        FW_RETURN_IF_ERROR(AddLeaf(node));
        continue;
      }
      pending.push_back({node.right, visit.depth + 1, {&node, false, ShareOf(tree, node, false)}});
      pending.push_back({node.left, visit.depth + 1, {&node, true, ShareOf(tree, node, true)}});
    }
    return {};
  }

  Status AddLeaf(const TreeNode& node) {
    std::vector<TreeShap::PathFeature> path;
    for (const Step& step : steps_) {
      const auto feature = static_cast<uint32_t>(step.node->feature);
      auto it = std::find_if(path.begin(), path.end(), [&](const auto& p) { return p.feature == feature; });
      if (it == path.end()) {
        path.push_back({feature, true, -std::numeric_limits<float>::infinity(),
                        std::numeric_limits<float>::quiet_NaN(), 1.0});
        it = path.end() - 1;
      }
      it->share *= step.share;
      it->missing_ok = it->missing_ok && step.node->default_left == step.left;
      if (step.left) {
        it->high = std::fmin(it->high, step.node->threshold);  // of a NaN and a number: the number
      } else {
        it->low = std::max(it->low, step.node->threshold);
      }
    }
    if (path.size() > TreeShap::kMaxPath) {
      return Status::Unavailable("a tree's path holds more than " + std::to_string(TreeShap::kMaxPath) +
                                 " features: too many to explain exactly");
    }
    shap_.leaves_.push_back({static_cast<uint32_t>(shap_.path_.size()), static_cast<uint32_t>(path.size()),
                             static_cast<double>(node.value) * scale_});
    shap_.path_.insert(shap_.path_.end(), path.begin(), path.end());
    return {};
  }

  Status Tabulate(const Tree& tree, int32_t at) {
    const std::vector<int>& height = heights_[static_cast<size_t>(&tree - ensemble_.trees.data())];
    if (height[at] <= kSubtreeHeight) {
      AddSubtree(tree, at);
      return {};
    }
    const TreeNode& node = tree.nodes[at];  // at most kMaxConditions deep: recursion is safe
    for (const bool left : {true, false}) {
      steps_.push_back({&node, left, ShareOf(tree, node, left)});
      FW_RETURN_IF_ERROR(Tabulate(tree, left ? node.left : node.right));
      steps_.pop_back();
    }
    return {};
  }

  void AddSubtree(const Tree& tree, int32_t root) {
    std::vector<const TreeNode*> conditions;
    for (const Step& step : steps_) conditions.push_back(step.node);
    struct Path {
      std::vector<Step> steps;
      double value;
    };
    std::vector<Path> leaves;
    const auto walk = [&](const auto& self, int32_t at, std::vector<Step> steps) -> void {
      const TreeNode& node = tree.nodes[at];
      if (node.left < 0) {
        leaves.push_back({std::move(steps), static_cast<double>(node.value) * scale_});
        return;
      }
      conditions.push_back(&node);
      for (const bool left : {true, false}) {
        std::vector<Step> next = steps;
        next.push_back({&node, left, ShareOf(tree, node, left)});
        self(self, left ? node.left : node.right, std::move(next));
      }
    };
    walk(walk, root, steps_);
    std::vector<uint32_t> features;
    for (const TreeNode* node : conditions) {
      const auto f = static_cast<uint32_t>(node->feature);
      if (std::find(features.begin(), features.end(), f) == features.end()) features.push_back(f);
    }
    if (features.empty()) return;  // a tree that is a single leaf explains nothing
    std::vector<double> table(features.size() << conditions.size(), 0.0);
    for (const Path& leaf : leaves) AddLeafTable(leaf.steps, leaf.value, conditions, features, &table);
    Store(conditions, features, table);
  }

  // Adds one leaf's Shapley values to the row of every combination of the subtree's conditions.
  static void AddLeafTable(const std::vector<Step>& steps, double value,
                           const std::vector<const TreeNode*>& conditions,
                           const std::vector<uint32_t>& features, std::vector<double>* table) {
    std::array<uint32_t, kMaxConditions> column{};  // of each path feature in the table
    std::array<double, kMaxConditions> share{};
    std::array<uint32_t, kMaxConditions> wants{},
        cares{};  // conditions that must hold, and those that matter
    size_t m = 0;
    for (const Step& step : steps) {
      const auto f = static_cast<uint32_t>(step.node->feature);
      const auto c = static_cast<uint32_t>(std::find(features.begin(), features.end(), f) - features.begin());
      size_t i = static_cast<size_t>(std::find(column.begin(), column.begin() + m, c) - column.begin());
      if (i == m) {
        column[m] = c;
        share[m++] = 1;
      }
      share[i] *= step.share;
      const auto bit = static_cast<uint32_t>(std::find(conditions.begin(), conditions.end(), step.node) -
                                             conditions.begin());
      cares[i] |= 1U << bit;
      if (step.left) wants[i] |= 1U << bit;
    }
    std::vector<double> shapley(m << m);  // by which features are satisfied
    for (uint32_t set = 0; set < (1U << m); ++set) {
      bool satisfied[kMaxConditions];
      for (size_t i = 0; i < m; ++i) satisfied[i] = (set >> i & 1) != 0;
      LeafShapley(value, share.data(), satisfied, m, &shapley[set * m]);
    }
    for (uint32_t mask = 0; mask < (1U << conditions.size()); ++mask) {
      uint32_t set = 0;
      for (size_t i = 0; i < m; ++i) set |= static_cast<uint32_t>((mask & cares[i]) == wants[i]) << i;
      for (size_t i = 0; i < m; ++i) (*table)[mask * features.size() + column[i]] += shapley[set * m + i];
    }
  }

  void Store(const std::vector<const TreeNode*>& conditions, const std::vector<uint32_t>& features,
             const std::vector<double>& table) {
    TreeShap::Run& run = runs_[{conditions.size(), features.size()}];
    run.conditions = static_cast<uint32_t>(conditions.size());
    run.features = static_cast<uint32_t>(features.size());
    ++run.count;
    for (const TreeNode* node : conditions) {
      run.splits.push_back(
          {2 * static_cast<uint32_t>(node->feature) + (node->default_left ? 1U : 0U), node->threshold});
    }
    run.feature.insert(run.feature.end(), features.begin(), features.end());
    for (const double v : table) run.table.push_back(static_cast<float>(v));
  }

  const TreeEnsemble& ensemble_;
  TreeShap shap_;
  double scale_ = 1;
  std::vector<Step> steps_;
  std::vector<std::vector<int>> heights_;
  std::map<std::pair<size_t, size_t>, TreeShap::Run> runs_;
};

Result<TreeShap> TreeShap::Build(const TreeEnsemble& ensemble, const Options& options) {
  return TreeShapBuilder(ensemble).Build(options);
}

}  // namespace forewarn
