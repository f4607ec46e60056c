#include "model/model.h"

#include <algorithm>
#include <cmath>

#include "core/names.h"
#include "model/onnx_program.h"

namespace forewarn {
namespace {

struct KindName {
  ModelKind kind;
  const char* name;
};
constexpr KindName kKinds[] = {
    {ModelKind::kClassifier, "classifier"},
    {ModelKind::kIsolationForest, "isolation_forest"},
    {ModelKind::kRegime, "regime"},
    {ModelKind::kDeviation, "deviation"},
    {ModelKind::kPca, "pca"},
    {ModelKind::kForecaster, "forecaster"},
};

bool AllFinite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

Status CheckNode(const TreeEnsemble& ensemble, size_t tree_index, size_t i) {
  const Tree& tree = ensemble.trees[tree_index];
  const TreeNode& node = tree.nodes[i];
  const int64_t count = static_cast<int64_t>(tree.nodes.size());
  const std::string where = "tree " + std::to_string(tree_index) + ", node " + std::to_string(i) + ": ";
  if (!(node.cover >= 0) || !std::isfinite(node.cover)) return Status::Invalid(where + "bad cover");
  if (node.left == -1) {
    if (!std::isfinite(node.value)) return Status::Invalid(where + "leaf value is not finite");
    return {};
  }
  const auto is_child = [&](int32_t child) { return child > static_cast<int64_t>(i) && child < count; };
  if (!is_child(node.left) || !is_child(node.right) || node.left == node.right) {
    return Status::Invalid(where + "children must be two nodes of the tree that stand after their parent");
  }
  if (node.feature < 0 || node.feature >= ensemble.features) {
    return Status::Invalid(where + "feature " + std::to_string(node.feature) + " is outside 0 … " +
                           std::to_string(ensemble.features - 1));
  }
  if (!std::isfinite(node.threshold)) return Status::Invalid(where + "threshold is not finite");
  return {};
}

Status CheckStandardiser(const std::vector<double>& mean, const std::vector<double>& scale) {
  if (mean.empty()) return Status::Invalid("a model needs at least one feature");
  if (scale.size() != mean.size()) return Status::Invalid("mean and scale differ in length");
  if (!AllFinite(mean) || !AllFinite(scale)) return Status::Invalid("mean or scale is not finite");
  if (std::any_of(scale.begin(), scale.end(), [](double s) { return !(s > 0); })) {
    return Status::Invalid("a scale is not positive (use 1 for a constant feature)");
  }
  return {};
}

Status CheckCalibration(const Calibration& c) {
  switch (c.kind) {
    case Calibration::Kind::kIdentity:
    case Calibration::Kind::kLogistic:
      return {};
    case Calibration::Kind::kSigmoid:
      if (!std::isfinite(c.a) || !std::isfinite(c.b))
        return Status::Invalid("sigmoid calibration is not finite");
      return {};
    case Calibration::Kind::kIsotonic:
      break;
  }
  if (c.x.empty() || c.x.size() != c.y.size()) {
    return Status::Invalid("isotonic calibration needs as many x as y knots, at least one");
  }
  if (!AllFinite(c.x) || !AllFinite(c.y)) return Status::Invalid("an isotonic knot is not finite");
  for (size_t i = 1; i < c.x.size(); ++i) {
    if (!(c.x[i] > c.x[i - 1])) return Status::Invalid("isotonic knots must increase strictly");
    if (!std::isfinite((c.y[i] - c.y[i - 1]) / (c.x[i] - c.x[i - 1]))) {
      return Status::Invalid("isotonic knots stand too close to each other");
    }
  }
  return {};
}

struct BodyCheck {
  Status operator()(const CalibratedTrees& m) const {
    if (m.folds.empty()) return Status::Invalid("a tree model needs at least one fold");
    for (size_t k = 0; k < m.folds.size(); ++k) {
      const std::string where = "fold " + std::to_string(k);
      Status status = CheckTreeEnsemble(m.folds[k].ensemble);
      if (status.ok()) status = CheckCalibration(m.folds[k].calibration);
      if (!status.ok()) return status.WithPrefix(where);
      if (m.folds[k].ensemble.features != m.folds[0].ensemble.features) {
        return Status::Invalid("the folds read different numbers of features");
      }
    }
    return {};
  }
  Status operator()(const LinearModel& m) const {
    FW_RETURN_IF_ERROR(CheckStandardiser(m.mean, m.scale));
    if (m.coef.size() != m.mean.size()) return Status::Invalid("coef and mean differ in length");
    if (!AllFinite(m.coef) || !std::isfinite(m.intercept))
      return Status::Invalid("a coefficient is not finite");
    return {};
  }
  Status operator()(const MultinomialModel& m) const {
    FW_RETURN_IF_ERROR(CheckStandardiser(m.mean, m.scale));
    if (m.coef.empty() || m.coef.size() != m.intercept.size()) {
      return Status::Invalid("a multinomial model needs one intercept a class");
    }
    for (const auto& row : m.coef) {
      if (row.size() != m.mean.size()) return Status::Invalid("coef and mean differ in length");
      if (!AllFinite(row)) return Status::Invalid("a coefficient is not finite");
    }
    return AllFinite(m.intercept) ? Status() : Status::Invalid("an intercept is not finite");
  }
  Status operator()(const IsolationForestModel& m) const {
    if (m.psi < 2) return Status::Invalid("psi must be at least 2");
    if (m.trees.aggregate != TreeEnsemble::Aggregate::kAverage) {
      return Status::Invalid("an isolation forest averages its trees");
    }
    return CheckTreeEnsemble(m.trees);
  }
  Status operator()(const PcaModel& m) const {
    FW_RETURN_IF_ERROR(CheckStandardiser(m.mean, m.scale));
    const size_t n = m.mean.size();
    if (m.components.size() != n) return Status::Invalid("PCA holds all components, as many as features");
    if (m.variance.size() != n) return Status::Invalid("PCA needs one variance a component");
    if (!m.explained.empty() && m.explained.size() != n) {
      return Status::Invalid("PCA needs one explained share a component");
    }
    for (const auto& row : m.components) {
      if (row.size() != n || !AllFinite(row)) return Status::Invalid("a PCA component is malformed");
    }
    if (!AllFinite(m.variance) || !AllFinite(m.explained))
      return Status::Invalid("a PCA variance is not finite");
    if (m.kept < 1 || m.kept > static_cast<int>(n))
      return Status::Invalid("PCA must keep 1 … all components");
    for (int k = 0; k < m.kept; ++k) {
      if (!(m.variance[k] > 0)) return Status::Invalid("a kept PCA component has no variance");
    }
    return {};
  }
  Status operator()(const ForeignModel& m) const {
    return m.program ? Status() : Status::Invalid("the model holds no graph");
  }
};

}  // namespace

const char* ModelKindName(ModelKind kind) {
  for (const KindName& k : kKinds) {
    if (k.kind == kind) return k.name;
  }
  return "unknown";
}

Result<ModelKind> ParseModelKind(const std::string& name) {
  std::vector<std::string> known;
  for (const KindName& k : kKinds) {
    if (name == k.name) return k.kind;
    known.emplace_back(k.name);
  }
  return Status::Invalid(UnknownName("model kind", name, known));
}

double AveragePathLength(int rows) {
  if (rows < 2) return 0;
  if (rows == 2) return 1;
  const double n = rows;
  return 2.0 * (std::log(n - 1.0) + 0.57721566490153286061) - 2.0 * (n - 1.0) / n;
}

size_t FeatureCount(const ModelBody& body) {
  struct Count {
    size_t operator()(const CalibratedTrees& m) const {
      return m.folds.empty() ? 0 : static_cast<size_t>(m.folds[0].ensemble.features);
    }
    size_t operator()(const LinearModel& m) const { return m.mean.size(); }
    size_t operator()(const MultinomialModel& m) const { return m.mean.size(); }
    size_t operator()(const IsolationForestModel& m) const { return static_cast<size_t>(m.trees.features); }
    size_t operator()(const PcaModel& m) const { return m.mean.size(); }
    size_t operator()(const ForeignModel& m) const { return m.program ? m.program->features() : 0; }
  };
  return std::visit(Count{}, body);
}

Status CheckTreeEnsemble(const TreeEnsemble& ensemble) {
  if (ensemble.features < 1) return Status::Invalid("a tree ensemble needs at least one feature");
  if (ensemble.trees.empty()) return Status::Invalid("a tree ensemble needs at least one tree");
  if (!std::isfinite(ensemble.base)) return Status::Invalid("the base value is not finite");
  std::vector<char> seen;
  for (size_t t = 0; t < ensemble.trees.size(); ++t) {
    const std::vector<TreeNode>& nodes = ensemble.trees[t].nodes;
    if (nodes.empty()) return Status::Invalid("tree " + std::to_string(t) + " has no node");
    seen.assign(nodes.size(), 0);
    for (size_t i = 0; i < nodes.size(); ++i) {
      FW_RETURN_IF_ERROR(CheckNode(ensemble, t, i));
      if (nodes[i].left == -1) continue;
      if (seen[nodes[i].left]++ != 0 || seen[nodes[i].right]++ != 0) {
        return Status::Invalid("tree " + std::to_string(t) + ": a node has two parents");
      }
    }
    if (std::count(seen.begin() + 1, seen.end(), 0) != 0) {
      return Status::Invalid("tree " + std::to_string(t) + ": a node hangs on no parent");
    }
  }
  return {};
}

Status CheckBody(const ModelBody& body) { return std::visit(BodyCheck{}, body); }

Status CheckModel(const Model& model) {
  Status body = CheckBody(model.body);
  if (!body.ok()) return body.WithPrefix("model '" + model.info.run + "'");
  const size_t features = FeatureCount(model.body);
  const ModelInfo& info = model.info;
  if (features != 0 && info.features.size() != features) {
    return Status::Invalid("model '" + info.run + "' names " + std::to_string(info.features.size()) +
                           " features, but its graph reads " + std::to_string(features));
  }
  if (!info.medians.empty() && info.medians.size() != info.features.size()) {
    return Status::Invalid("model '" + info.run + "' has not one median a feature");
  }
  if (!info.gains.empty() && info.gains.size() != info.features.size()) {
    return Status::Invalid("model '" + info.run + "' has not one gain a feature");
  }
  return {};
}

bool HasCovers(const TreeEnsemble& ensemble) {
  for (const Tree& tree : ensemble.trees) {
    for (const TreeNode& node : tree.nodes) {
      if (node.left == -1) continue;
      if (!(node.cover > 0)) return false;
      if (!(tree.nodes[node.left].cover + tree.nodes[node.right].cover > 0)) return false;
    }
  }
  return true;
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

void SnapLeaves(TreeEnsemble* ensemble) {
  double limit = std::fabs(static_cast<double>(ensemble->base));
  for (const Tree& tree : ensemble->trees) {
    double largest = 0;
    for (const TreeNode& node : tree.nodes) {
      if (node.left == -1) largest = std::max(largest, std::fabs(static_cast<double>(node.value)));
    }
    limit += largest;
  }
  if (!(limit > 0) || !std::isfinite(limit)) return;
  int exponent = 0;
  std::frexp(limit, &exponent);                        // limit < 2^exponent
  const double grid = std::ldexp(1.0, exponent - 23);  // one bit to spare for the rounding itself
  const auto snap = [grid](float v) { return static_cast<float>(std::nearbyint(v / grid) * grid); };
  ensemble->base = snap(ensemble->base);
  for (Tree& tree : ensemble->trees) {
    for (TreeNode& node : tree.nodes) {
      if (node.left == -1) node.value = snap(node.value);
    }
  }
}

}  // namespace forewarn
