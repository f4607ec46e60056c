// TreeEnsembleRegressor and TreeEnsembleClassifier of files made elsewhere: any comparison, any number of
// targets, float or double thresholds. Conventions where the specification is silent are onnxruntime's.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "model/onnx_ops.h"

namespace forewarn {
namespace {

using Type = Tensor::Type;

enum class Mode : uint8_t { kLeaf, kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual };

const std::map<std::string, Mode>& Modes() {
  static const std::map<std::string, Mode> kModes = {
      {"LEAF", Mode::kLeaf},          {"BRANCH_LT", Mode::kLess},          {"BRANCH_LEQ", Mode::kLessEqual},
      {"BRANCH_GT", Mode::kGreater},  {"BRANCH_GTE", Mode::kGreaterEqual}, {"BRANCH_EQ", Mode::kEqual},
      {"BRANCH_NEQ", Mode::kNotEqual}};
  return kModes;
}

struct Node {
  Mode mode = Mode::kLeaf;
  bool missing_true = false;
  int32_t feature = 0;
  int32_t when_true = 0, when_false = 0;
  double value = 0;
  std::vector<std::pair<int32_t, double>> weights;  // of a leaf: target, weight
};

struct Forest {
  std::vector<Node> nodes;
  std::vector<int32_t> roots;  // in the order of the file
  std::vector<double> base;
  int32_t targets = 1;
  int64_t max_feature = 0;
  enum class Aggregate { kSum, kAverage, kMin, kMax } aggregate = Aggregate::kSum;
};

bool Passes(const Node& node, double x) {
  switch (node.mode) {
    case Mode::kLess:
      return x < node.value;
    case Mode::kLessEqual:
      return x <= node.value;
    case Mode::kGreater:
      return x > node.value;
    case Mode::kGreaterEqual:
      return x >= node.value;
    case Mode::kEqual:
      return x == node.value;
    case Mode::kNotEqual:
      return x != node.value;
    case Mode::kLeaf:
      break;
  }
  return false;
}

// A list of floats, or of doubles in its _as_tensor form (ai.onnx.ml 3).
Result<std::vector<double>> NumbersOf(const OnnxAttributes& attributes, const std::string& name) {
  if (!attributes.Has(name + "_as_tensor")) return attributes.Numbers(name);
  FW_ASSIGN_OR_RETURN(Tensor tensor, attributes.TensorOf(name + "_as_tensor"));
  return std::move(tensor.data);
}

class ForestReader {
 public:
  // prefix: "target" or "class".
  ForestReader(const OnnxAttributes& attributes, std::string prefix)
      : attributes_(attributes), prefix_(std::move(prefix)) {}

  Result<Forest> Read(int64_t targets) {
    if (targets < 1 || targets > 10000) return Status::Invalid("its number of outputs makes no sense");
    forest_.targets = static_cast<int32_t>(targets);
    FW_RETURN_IF_ERROR(ReadNodes());
    FW_RETURN_IF_ERROR(Link());
    FW_RETURN_IF_ERROR(ReadWeights());
    FW_ASSIGN_OR_RETURN(forest_.base, NumbersOf(attributes_, "base_values"));
    return std::move(forest_);
  }

 private:
  using Key = std::pair<int64_t, int64_t>;  // tree, node

  Status ReadNodes() {
    trees_ = attributes_.Integers("nodes_treeids");
    const auto ids = attributes_.Integers("nodes_nodeids");
    const auto features = attributes_.Integers("nodes_featureids");
    const auto modes = attributes_.Texts("nodes_modes");
    const auto missing = attributes_.Integers("nodes_missing_value_tracks_true");
    FW_ASSIGN_OR_RETURN(const std::vector<double> values, NumbersOf(attributes_, "nodes_values"));
    true_ids_ = attributes_.Integers("nodes_truenodeids");
    false_ids_ = attributes_.Integers("nodes_falsenodeids");
    const size_t n = trees_.size();
    if (n == 0) return Status::Invalid("it has no nodes");
    if (n > static_cast<size_t>(std::numeric_limits<int32_t>::max()) || ids.size() != n ||
        features.size() != n || modes.size() != n || values.size() != n || true_ids_.size() != n ||
        false_ids_.size() != n || (!missing.empty() && missing.size() != n)) {
      return Status::Invalid("its nodes_… lists differ in length");
    }
    for (size_t i = 0; i < n; ++i) {
      Node node;
      const auto mode = Modes().find(modes[i]);
      if (mode == Modes().end()) return Status::Invalid("node mode '" + modes[i] + "' is not supported");
      node.mode = mode->second;
      node.value = values[i];
      node.missing_true = !missing.empty() && missing[i] != 0;
      if (node.mode != Mode::kLeaf) {
        if (features[i] < 0 || features[i] > 1 << 24)
          return Status::Invalid("a node's feature is out of range");
        node.feature = static_cast<int32_t>(features[i]);
        forest_.max_feature = std::max(forest_.max_feature, features[i]);
      }
      if (!index_.emplace(Key(trees_[i], ids[i]), static_cast<int32_t>(i)).second) {
        return Status::Invalid("tree " + std::to_string(trees_[i]) + " has two nodes " +
                               std::to_string(ids[i]));
      }
      forest_.nodes.push_back(std::move(node));
    }
    return {};
  }

  // Children to indices; the roots are the nodes without a parent. One parent a node and as many roots as
  // trees leave no room for a cycle but one without a root, which the count of nodes reached finds.
  Status Link() {
    const size_t n = forest_.nodes.size();
    std::vector<char> has_parent(n, 0);
    for (size_t i = 0; i < n; ++i) {
      Node& node = forest_.nodes[i];
      if (node.mode == Mode::kLeaf) continue;
      for (const bool pass : {true, false}) {
        const auto child = index_.find(Key(trees_[i], pass ? true_ids_[i] : false_ids_[i]));
        if (child == index_.end()) return Status::Invalid("a node's child is not there");
        (pass ? node.when_true : node.when_false) = child->second;
        if (has_parent[static_cast<size_t>(child->second)]++ != 0) {
          return Status::Invalid("tree " + std::to_string(trees_[i]) +
                                 " is not a tree: a node has two parents");
        }
      }
    }
    std::set<int64_t> rooted;
    std::vector<int32_t> pending;
    for (size_t i = 0; i < n; ++i) {
      if (has_parent[i] != 0) continue;
      if (!rooted.insert(trees_[i]).second) {
        return Status::Invalid("tree " + std::to_string(trees_[i]) + " has two roots");
      }
      forest_.roots.push_back(static_cast<int32_t>(i));
      pending.push_back(static_cast<int32_t>(i));
    }
    size_t reached = 0;
    while (!pending.empty()) {
      const Node& node = forest_.nodes[static_cast<size_t>(pending.back())];
      pending.pop_back();
      ++reached;
      if (node.mode == Mode::kLeaf) continue;
      pending.push_back(node.when_true);
      pending.push_back(node.when_false);
    }
    return reached == n ? Status() : Status::Invalid("its trees have a cycle");
  }

  Status ReadWeights() {
    const auto trees = attributes_.Integers(prefix_ + "_treeids");
    const auto ids = attributes_.Integers(prefix_ + "_nodeids");
    const auto targets = attributes_.Integers(prefix_ + "_ids");
    FW_ASSIGN_OR_RETURN(const std::vector<double> weights, NumbersOf(attributes_, prefix_ + "_weights"));
    if (ids.size() != trees.size() || targets.size() != trees.size() || weights.size() != trees.size()) {
      return Status::Invalid("its " + prefix_ + "_… lists differ in length");
    }
    for (size_t i = 0; i < trees.size(); ++i) {
      const auto leaf = index_.find(Key(trees[i], ids[i]));
      if (leaf == index_.end()) return Status::Invalid("a weight belongs to no node");
      if (targets[i] < 0 || targets[i] >= forest_.targets)
        return Status::Invalid("a weight belongs to no output");
      forest_.nodes[static_cast<size_t>(leaf->second)].weights.emplace_back(static_cast<int32_t>(targets[i]),
                                                                            weights[i]);
    }
    return {};
  }

  const OnnxAttributes& attributes_;
  std::string prefix_;
  Forest forest_;
  std::map<Key, int32_t> index_;
  std::vector<int64_t> trees_, true_ids_, false_ids_;
};

// Adds up the leaves one row reaches, in the input's precision.
void Aggregate(const Forest& forest, const double* row, Type type, double* scores) {
  using How = Forest::Aggregate;
  std::vector<char> seen(static_cast<size_t>(forest.targets), 0);
  std::fill(scores, scores + forest.targets, 0.0);
  for (const int32_t root : forest.roots) {
    const Node* node = &forest.nodes[static_cast<size_t>(root)];
    while (node->mode != Mode::kLeaf) {
      const double x = row[node->feature];
      const bool pass = Passes(*node, x) || (node->missing_true && std::isnan(x));
      node = &forest.nodes[static_cast<size_t>(pass ? node->when_true : node->when_false)];
    }
    for (const auto& [target, weight] : node->weights) {
      double& score = scores[target];
      char& any = seen[static_cast<size_t>(target)];
      if (forest.aggregate == How::kMin) {
        score = any != 0 ? std::min(score, weight) : weight;
      } else if (forest.aggregate == How::kMax) {
        score = any != 0 ? std::max(score, weight) : weight;
      } else {
        score = RoundTo(type, score + weight);
      }
      any = 1;
    }
  }
  if (forest.aggregate == How::kAverage) {
    for (int32_t k = 0; k < forest.targets; ++k) {
      scores[k] = RoundTo(type, scores[k] / static_cast<double>(forest.roots.size()));
    }
  }
}

Result<std::pair<int64_t, int64_t>> CheckInput(const Forest& forest, const Tensor& x, Meter& meter) {
  FW_ASSIGN_OR_RETURN(const auto rows, OnnxRows(x));
  if (forest.max_feature >= rows.second) {
    return Status::Invalid("it reads column " + std::to_string(forest.max_feature) + ", its input has " +
                           std::to_string(rows.second));
  }
  // A path is rarely longer than the logarithm of the nodes, but it may be.
  FW_RETURN_IF_ERROR(meter.Spend(rows.first, static_cast<int64_t>(forest.nodes.size())));
  return rows;
}

Type ScoreType(const Tensor& x) { return x.type == Type::kDouble ? Type::kDouble : Type::kFloat; }

Result<OnnxOp> MakeRegressor(const OnnxAttributes& attributes) {
  ForestReader reader(attributes, "target");
  FW_ASSIGN_OR_RETURN(Forest forest, reader.Read(attributes.Integer("n_targets", 1)));
  using How = Forest::Aggregate;
  const std::map<std::string, How> known = {
      {"SUM", How::kSum}, {"AVERAGE", How::kAverage}, {"MIN", How::kMin}, {"MAX", How::kMax}};
  const std::string name = attributes.Text("aggregate_function", "SUM");
  if (known.count(name) == 0) return Status::Invalid("aggregate_function '" + name + "' is not supported");
  forest.aggregate = known.at(name);
  if (!forest.base.empty() && static_cast<int32_t>(forest.base.size()) != forest.targets) {
    return Status::Invalid("it needs one base value a target");
  }
  FW_ASSIGN_OR_RETURN(const auto transform, OnnxPostTransform(attributes.Text("post_transform", "NONE")));
  return OnnxOp([forest = std::move(forest), transform](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    const Tensor& x = *in[0];
    FW_ASSIGN_OR_RETURN(const auto rows, CheckInput(forest, x, meter));
    FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(Type::kFloat, {rows.first, forest.targets}, meter));
    for (int64_t i = 0; i < rows.first; ++i) {
      double* scores = &out.data[i * forest.targets];
      Aggregate(forest, &x.data[i * rows.second], ScoreType(x), scores);
      for (size_t k = 0; k < forest.base.size(); ++k)
        scores[k] = RoundTo(ScoreType(x), scores[k] + forest.base[k]);
      transform(scores, static_cast<size_t>(forest.targets));
    }
    for (double& v : out.data) v = RoundTo(out.type, v);
    return out;
  });
}

// Two classes whose leaves hold one score: all weights >= 0: that score is the second class's probability;
// else it is a margin, and post_transform works on (−s, s).
struct Binary {
  bool is = false;
  bool probability = false;
  size_t target = 0;
};

Binary BinaryOf(const Forest& forest) {
  std::set<int32_t> used;
  bool positive = true;
  for (const Node& node : forest.nodes) {
    for (const auto& [target, weight] : node.weights) {
      used.insert(target);
      positive = positive && weight >= 0;
    }
  }
  if (forest.targets != 2 || used.size() != 1) return {};
  return {true, positive, static_cast<size_t>(*used.begin())};
}

Result<OnnxOp> MakeClassifier(const OnnxAttributes& attributes) {
  const size_t labels = std::max(attributes.Integers("classlabels_int64s").size(),
                                 attributes.Texts("classlabels_strings").size());
  ForestReader reader(attributes, "class");
  FW_ASSIGN_OR_RETURN(Forest forest, reader.Read(static_cast<int64_t>(labels)));
  const Binary binary = BinaryOf(forest);
  if (binary.is ? forest.base.size() > 2 : !forest.base.empty() && forest.base.size() != labels) {
    return Status::Invalid("its base values do not fit its classes");
  }
  FW_ASSIGN_OR_RETURN(const auto transform, OnnxPostTransform(attributes.Text("post_transform", "NONE")));
  return OnnxOp(
      [forest = std::move(forest), binary, transform](OnnxInputs in, Meter& meter) -> Result<Tensor> {
        const Tensor& x = *in[0];
        FW_ASSIGN_OR_RETURN(const auto rows, CheckInput(forest, x, meter));
        FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(Type::kFloat, {rows.first, forest.targets}, meter));
        for (int64_t i = 0; i < rows.first; ++i) {
          double* scores = &out.data[i * forest.targets];
          Aggregate(forest, &x.data[i * rows.second], ScoreType(x), scores);
          if (!binary.is) {
            for (size_t k = 0; k < forest.base.size(); ++k)
              scores[k] = RoundTo(ScoreType(x), scores[k] + forest.base[k]);
            transform(scores, static_cast<size_t>(forest.targets));
            continue;
          }
          const double base = forest.base.empty() ? 0 : forest.base.back();
          const double s = RoundTo(ScoreType(x), scores[binary.target] + base);
          scores[0] = binary.probability ? 1 - s : -s;
          scores[1] = s;
          if (!binary.probability) transform(scores, 2);
        }
        for (double& v : out.data) v = RoundTo(out.type, v);
        return out;
      });
}

}  // namespace

void AddTreeOperators(OnnxTable* table) {
  (*table)["TreeEnsembleRegressor"] = {1, 1, 0, MakeRegressor};
  (*table)["TreeEnsembleClassifier"] = {1, 1, 1, MakeClassifier};
}

}  // namespace forewarn
