#include "train/isolation_forest.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/random.h"

namespace forewarn {
namespace {

class TreeGrower {
 public:
  TreeGrower(const std::vector<float>& values, size_t columns, int depth_limit, Random* random)
      : values_(values), columns_(columns), depth_limit_(depth_limit), random_(random) {}

  Tree Grow(std::vector<uint32_t> rows) {
    Tree tree;
    std::vector<Pending> queue;  // breadth-first: children stand after their parent
    queue.push_back({0, 0, rows.size(), 0});
    tree.nodes.resize(1);
    for (size_t i = 0; i < queue.size(); ++i) {
      const Pending at = queue[i];
      tree.nodes[at.node].cover = static_cast<float>(at.end - at.begin);
      if (!Split(at, rows, &tree, &queue)) {
        tree.nodes[at.node].value =
            static_cast<float>(at.depth + AveragePathLength(static_cast<int>(at.end - at.begin)));
      }
    }
    return tree;
  }

 private:
  struct Pending {
    size_t node;
    size_t begin, end;  // its rows
    int depth;
  };

  float At(uint32_t row, size_t column) const { return values_[row * columns_ + column]; }

  bool Split(const Pending& at, std::vector<uint32_t>& rows, Tree* tree, std::vector<Pending>* queue) {
    if (at.depth >= depth_limit_ || at.end - at.begin < 2) return false;
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(at.begin);
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(at.end);
    std::vector<size_t> candidates(columns_);
    for (size_t c = 0; c < columns_; ++c) candidates[c] = c;
    while (!candidates.empty()) {
      const size_t pick = random_->Below(candidates.size());
      const size_t column = candidates[pick];
      const auto by_value = [&](uint32_t a, uint32_t b) { return At(a, column) < At(b, column); };
      const auto [low_row, high_row] = std::minmax_element(begin, end, by_value);
      const float low = At(*low_row, column);
      const float high = At(*high_row, column);
      if (!(low < high)) {  // constant here: try another
        candidates[pick] = candidates.back();
        candidates.pop_back();
        continue;
      }
      auto threshold = static_cast<float>(random_->Uniform(low, high));
      if (!(threshold > low)) threshold = std::nextafter(low, high);
      threshold = std::min(threshold, high);
      const auto middle = std::partition(begin, end, [&](uint32_t r) { return At(r, column) < threshold; });
      const auto cut = static_cast<size_t>(middle - rows.begin());
      const size_t left = tree->nodes.size();
      tree->nodes.resize(left + 2);
      TreeNode& node = tree->nodes[at.node];
      node.feature = static_cast<int32_t>(column);
      node.threshold = threshold;
      node.left = static_cast<int32_t>(left);
      node.right = static_cast<int32_t>(left + 1);
      queue->push_back({left, at.begin, cut, at.depth + 1});
      queue->push_back({left + 1, cut, at.end, at.depth + 1});
      return true;
    }
    return false;
  }

  const std::vector<float>& values_;
  size_t columns_;
  int depth_limit_;
  Random* random_;
};

}  // namespace

Result<IsolationForestModel> FitIsolationForest(const Matrix& x, int trees, int psi, uint64_t seed) {
  if (x.rows < 2 || x.columns == 0) return Status::Invalid("an isolation forest needs at least two rows");
  const std::vector<float> values(x.values.begin(), x.values.end());
  IsolationForestModel out;
  out.psi = static_cast<int>(std::min<size_t>(static_cast<size_t>(psi), x.rows));
  out.trees.aggregate = TreeEnsemble::Aggregate::kAverage;
  out.trees.features = static_cast<int>(x.columns);
  const int depth_limit = static_cast<int>(std::ceil(std::log2(std::max(out.psi, 2))));
  Random random(seed);
  TreeGrower grower(values, x.columns, depth_limit, &random);
  for (int t = 0; t < trees; ++t) {
    out.trees.trees.push_back(
        grower.Grow(random.Sample(static_cast<uint32_t>(x.rows), static_cast<uint32_t>(out.psi))));
  }
  return out;
}

}  // namespace forewarn
