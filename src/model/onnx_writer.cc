#include "model/onnx_writer.h"

#include <onnx/onnx_pb.h>

#include <utility>

#include "model/onnx_body.h"

namespace forewarn {
namespace {

constexpr int kIrVersion = 8;
constexpr int kOpset = 17;
constexpr int kMlOpset = 3;
using Doubles = std::vector<double>;

// Appends nodes and constants; names are ours and fixed, so the bytes are.
class GraphBuilder {
 public:
  explicit GraphBuilder(onnx::GraphProto* graph) : graph_(graph) {}

  void Constant(const std::string& name, const std::vector<int64_t>& shape, const Doubles& values) {
    onnx::TensorProto* tensor = graph_->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(onnx::TensorProto::DOUBLE);
    for (const int64_t d : shape) tensor->add_dims(d);
    for (const double v : values) tensor->add_double_data(v);
  }
  // Returns the output's name.
  std::string Node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output) {
    onnx::NodeProto* node = graph_->add_node();
    node->set_op_type(op);
    node->set_name(output + "_" + op);
    for (const std::string& input : inputs) node->add_input(input);
    node->add_output(output);
    last_ = node;
    return output;
  }
  std::string Cast(const std::string& input, int type, const std::string& output) {
    Node("Cast", {input}, output);
    Integer("to", type);
    return output;
  }
  void Integer(const char* name, int64_t value) {
    onnx::AttributeProto* a = Attribute(name, onnx::AttributeProto::INT);
    a->set_i(value);
  }
  void Text(const char* name, const std::string& value) {
    onnx::AttributeProto* a = Attribute(name, onnx::AttributeProto::STRING);
    a->set_s(value);
  }
  onnx::AttributeProto* Integers(const char* name) { return Attribute(name, onnx::AttributeProto::INTS); }
  onnx::AttributeProto* Floats(const char* name) { return Attribute(name, onnx::AttributeProto::FLOATS); }
  onnx::AttributeProto* Texts(const char* name) { return Attribute(name, onnx::AttributeProto::STRINGS); }
  void MlDomain() { last_->set_domain("ai.onnx.ml"); }

 private:
  onnx::AttributeProto* Attribute(const char* name, onnx::AttributeProto::AttributeType type) {
    onnx::AttributeProto* a = last_->add_attribute();
    a->set_name(name);
    a->set_type(type);
    return a;
  }

  onnx::GraphProto* graph_;
  onnx::NodeProto* last_ = nullptr;
};

void WriteNodes(const TreeEnsemble& e, GraphBuilder* g) {
  // The attributes are parallel lists, one entry a node, leaves included.
  auto* tree_ids = g->Integers("nodes_treeids");
  auto* node_ids = g->Integers("nodes_nodeids");
  auto* features = g->Integers("nodes_featureids");
  auto* modes = g->Texts("nodes_modes");
  auto* values = g->Floats("nodes_values");
  auto* covers = g->Floats("nodes_hitrates");
  auto* lefts = g->Integers("nodes_truenodeids");
  auto* rights = g->Integers("nodes_falsenodeids");
  auto* missing = g->Integers("nodes_missing_value_tracks_true");
  for (size_t t = 0; t < e.trees.size(); ++t) {
    for (size_t i = 0; i < e.trees[t].nodes.size(); ++i) {
      const TreeNode& node = e.trees[t].nodes[i];
      const bool leaf = node.left == -1;
      tree_ids->add_ints(static_cast<int64_t>(t));
      node_ids->add_ints(static_cast<int64_t>(i));
      features->add_ints(leaf ? 0 : node.feature);
      modes->add_strings(leaf ? "LEAF" : "BRANCH_LT");
      values->add_floats(leaf ? 0.0F : node.threshold);
      covers->add_floats(node.cover);
      lefts->add_ints(leaf ? 0 : node.left);
      rights->add_ints(leaf ? 0 : node.right);
      missing->add_ints(!leaf && node.default_left ? 1 : 0);
    }
  }
}

void WriteLeaves(const TreeEnsemble& e, GraphBuilder* g) {
  auto* tree_ids = g->Integers("target_treeids");
  auto* node_ids = g->Integers("target_nodeids");
  auto* targets = g->Integers("target_ids");
  auto* weights = g->Floats("target_weights");
  for (size_t t = 0; t < e.trees.size(); ++t) {
    for (size_t i = 0; i < e.trees[t].nodes.size(); ++i) {
      const TreeNode& node = e.trees[t].nodes[i];
      if (node.left != -1) continue;
      tree_ids->add_ints(static_cast<int64_t>(t));
      node_ids->add_ints(static_cast<int64_t>(i));
      targets->add_ints(0);
      weights->add_floats(node.value);
    }
  }
}

// The ensemble's raw output, cast to double.
std::string WriteEnsemble(const TreeEnsemble& e, const std::string& prefix, GraphBuilder* g) {
  g->Node("TreeEnsembleRegressor", {"features_float"}, prefix + "_raw");
  g->MlDomain();
  WriteNodes(e, g);
  WriteLeaves(e, g);
  g->Integer("n_targets", 1);
  g->Floats("base_values")->add_floats(e.base);
  g->Text("aggregate_function", e.aggregate == TreeEnsemble::Aggregate::kAverage ? "AVERAGE" : "SUM");
  g->Text("post_transform", "NONE");
  return g->Cast(prefix + "_raw", onnx::TensorProto::DOUBLE, prefix + "_margin");
}

// Piecewise linear between the knots, constant outside: y0 + Σ min(max(s − x_i, 0), dx_i) · slope_i.
std::string WriteIsotonic(const Calibration& c, const std::string& s, const std::string& prefix,
                          const std::string& output, GraphBuilder* g) {
  const auto segments = static_cast<int64_t>(c.x.size()) - 1;
  g->Constant(prefix + "_y0", {1, 1}, {c.y[0]});
  g->Constant(prefix + "_zero", {1, 1}, {0});
  if (segments == 0) {
    return g->Node("Add", {g->Node("Mul", {s, prefix + "_zero"}, prefix + "_nothing"), prefix + "_y0"},
                   output);
  }
  Doubles x(c.x.begin(), c.x.end() - 1);
  Doubles dx;
  Doubles slope;
  for (size_t i = 0; i + 1 < c.x.size(); ++i) {
    dx.push_back(c.x[i + 1] - c.x[i]);
    slope.push_back((c.y[i + 1] - c.y[i]) / dx.back());
  }
  g->Constant(prefix + "_x", {1, segments}, x);
  g->Constant(prefix + "_dx", {1, segments}, dx);
  g->Constant(prefix + "_slope", {segments, 1}, slope);
  const std::string past = g->Node("Sub", {s, prefix + "_x"}, prefix + "_past");
  const std::string above = g->Node("Max", {past, prefix + "_zero"}, prefix + "_above");
  const std::string within = g->Node("Min", {above, prefix + "_dx"}, prefix + "_within");
  const std::string rise = g->Node("MatMul", {within, prefix + "_slope"}, prefix + "_rise");
  return g->Node("Add", {rise, prefix + "_y0"}, output);
}

std::string WriteCalibration(const Calibration& c, const std::string& s, const std::string& prefix,
                             const std::string& output, GraphBuilder* g) {
  switch (c.kind) {
    case Calibration::Kind::kIdentity:
      return g->Node("Identity", {s}, output);
    case Calibration::Kind::kLogistic:
      return g->Node("Sigmoid", {s}, output);
    case Calibration::Kind::kSigmoid: {
      g->Constant(prefix + "_minus_a", {1, 1}, {-c.a});
      g->Constant(prefix + "_b", {1, 1}, {c.b});
      const std::string scaled = g->Node("Mul", {s, prefix + "_minus_a"}, prefix + "_scaled");
      return g->Node("Sigmoid", {g->Node("Sub", {scaled, prefix + "_b"}, prefix + "_logit")}, output);
    }
    case Calibration::Kind::kIsotonic:
      break;
  }
  return WriteIsotonic(c, s, prefix, output, g);
}

void WriteStandardiser(const Doubles& mean, const Doubles& scale, GraphBuilder* g) {
  const auto n = static_cast<int64_t>(mean.size());
  g->Constant("mean", {1, n}, mean);
  g->Constant("scale", {1, n}, scale);
  g->Node("Div", {g->Node("Sub", {"features", "mean"}, "centred"), "scale"}, "standardised");
}

// rows × columns given row by row → the constant [columns, rows] that MatMul wants on its right.
void WriteTransposed(const std::string& name, const std::vector<Doubles>& rows, GraphBuilder* g) {
  Doubles flat;
  for (size_t f = 0; f < rows[0].size(); ++f) {
    for (const Doubles& row : rows) flat.push_back(row[f]);
  }
  g->Constant(name, {static_cast<int64_t>(rows[0].size()), static_cast<int64_t>(rows.size())}, flat);
}

struct BodyWriter {
  GraphBuilder* g;

  void operator()(const CalibratedTrees& m) const {
    g->Cast("features", onnx::TensorProto::FLOAT, "features_float");
    std::string sum;
    for (size_t k = 0; k < m.folds.size(); ++k) {
      const std::string prefix = "fold" + std::to_string(k);
      const std::string margin = WriteEnsemble(m.folds[k].ensemble, prefix, g);
      const std::string output = m.folds.size() == 1 ? "score" : prefix + "_score";
      const std::string score = WriteCalibration(m.folds[k].calibration, margin, prefix, output, g);
      sum = sum.empty() ? score : g->Node("Add", {sum, score}, prefix + "_sum");
    }
    if (m.folds.size() == 1) return;
    g->Constant("folds", {1, 1}, {static_cast<double>(m.folds.size())});
    g->Node("Div", {sum, "folds"}, "score");  // the mean; ONNX's Mean has no double kernel in onnxruntime
  }
  void operator()(const IsolationForestModel& m) const {
    g->Cast("features", onnx::TensorProto::FLOAT, "features_float");
    const std::string depth = WriteEnsemble(m.trees, "forest", g);
    g->Constant("minus_c_psi", {1, 1}, {-AveragePathLength(m.psi)});
    g->Constant("two", {1, 1}, {2});
    g->Node("Pow", {"two", g->Node("Div", {depth, "minus_c_psi"}, "relative_depth")}, "score");
  }
  void operator()(const LinearModel& m) const {
    WriteStandardiser(m.mean, m.scale, g);
    WriteTransposed("coef", {m.coef}, g);
    g->Constant("intercept", {1, 1}, {m.intercept});
    g->Node("MatMul", {"standardised", "coef"}, "dot");
    g->Node("Add", {"dot", "intercept"}, m.logistic ? "logit" : "score");
    if (m.logistic) g->Node("Sigmoid", {"logit"}, "score");
  }
  void operator()(const MultinomialModel& m) const {
    WriteStandardiser(m.mean, m.scale, g);
    WriteTransposed("coef", m.coef, g);
    g->Constant("intercept", {1, static_cast<int64_t>(m.intercept.size())}, m.intercept);
    g->Node("MatMul", {"standardised", "coef"}, "dot");
    g->Node("Add", {"dot", "intercept"}, "logits");
    g->Node("Softmax", {"logits"}, "probabilities");
    g->Integer("axis", 1);
  }
  void operator()(const PcaModel& m) const {
    const size_t n = m.mean.size();
    WriteStandardiser(m.mean, m.scale, g);
    WriteTransposed("components", m.components, g);
    Doubles variance(n, 1.0);
    Doubles kept(n, 0.0);
    Doubles rest(n, 1.0);
    for (size_t k = 0; k < static_cast<size_t>(m.kept); ++k) {
      variance[k] = m.variance[k];
      kept[k] = 1;
      rest[k] = 0;
    }
    g->Constant("variance", {1, static_cast<int64_t>(n)}, variance);
    g->Constant("kept", {static_cast<int64_t>(n), 1}, kept);
    g->Constant("rest", {static_cast<int64_t>(n), 1}, rest);
    g->Node("MatMul", {"standardised", "components"}, "scores");
    g->Node("Mul", {"scores", "scores"}, "squares");
    g->Node("Div", {"squares", "variance"}, "relative");
    g->Node("MatMul", {"relative", "kept"}, "t2");
    g->Node("MatMul", {"squares", "rest"}, "spe");
    g->Node("Concat", {"t2", "spe"}, "t2_spe");
    g->Integer("axis", 1);
  }
  void operator()(const ForeignModel&) const {}
};

void SetType(onnx::ValueInfoProto* value, const std::string& name, size_t columns) {
  value->set_name(name);
  onnx::TypeProto::Tensor* type = value->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::DOUBLE);
  type->mutable_shape()->add_dim()->set_dim_param("N");
  type->mutable_shape()->add_dim()->set_dim_value(static_cast<int64_t>(columns));
}

void AddMetadata(onnx::ModelProto* proto, const char* key, const std::string& value) {
  onnx::StringStringEntryProto* entry = proto->add_metadata_props();
  entry->set_key(key);
  entry->set_value(value);
}

}  // namespace

OnnxOutput OutputOf(const ModelBody& body) {
  if (const auto* m = std::get_if<MultinomialModel>(&body)) return {"probabilities", m->coef.size()};
  if (std::holds_alternative<PcaModel>(body)) return {"t2_spe", 2};
  return {"score", 1};
}

Result<std::string> WriteOnnx(const Model& model) {
  FW_RETURN_IF_ERROR(CheckModel(model));
  if (std::holds_alternative<ForeignModel>(model.body)) {
    return Status::Invalid("'" + model.info.run + "' was made elsewhere: keep the ONNX file it came from");
  }
  onnx::ModelProto proto;
  proto.set_ir_version(kIrVersion);
  proto.set_producer_name(kOnnxProducer);
  onnx::OperatorSetIdProto* opset = proto.add_opset_import();
  opset->set_domain("");
  opset->set_version(kOpset);
  onnx::OperatorSetIdProto* ml = proto.add_opset_import();
  ml->set_domain("ai.onnx.ml");
  ml->set_version(kMlOpset);
  onnx::GraphProto* graph = proto.mutable_graph();
  graph->set_name("forewarn");
  SetType(graph->add_input(), "features", FeatureCount(model.body));
  const OnnxOutput output = OutputOf(model.body);
  SetType(graph->add_output(), output.name, output.columns);
  GraphBuilder builder(graph);
  std::visit(BodyWriter{&builder}, model.body);
  AddMetadata(&proto, kOnnxModelKey, WriteBodyNotes(model.body));
  AddMetadata(&proto, kOnnxFeaturesKey, WriteNames(model.info.features));
  std::string bytes;
  if (!proto.SerializeToString(&bytes)) return Status::Internal("the ONNX graph does not serialise");
  return bytes;
}

}  // namespace forewarn
