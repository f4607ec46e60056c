#include "model/onnx_reader.h"

#include <onnx/onnx_pb.h>

#include <limits>
#include <utility>

#include "model/onnx_body.h"
#include "model/onnx_program.h"
#include "model/onnx_writer.h"

namespace forewarn {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 30;

const std::string* Metadata(const onnx::ModelProto& proto, const char* key) {
  for (const auto& entry : proto.metadata_props()) {
    if (entry.key() == key) return &entry.value();
  }
  return nullptr;
}

Result<onnx::ModelProto> ParseProto(std::string_view bytes) {
  if (bytes.size() > kMaxBytes) return Status::Invalid("an ONNX file over 1 GB is not read");
  onnx::ModelProto proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Status::Invalid("not an ONNX file, or a damaged one");
  }
  return proto;
}

// The extraction below is lax: whatever it misreads, ReadOnnx's comparison with a file written anew finds.
class Extractor {
 public:
  explicit Extractor(const onnx::GraphProto& graph) : graph_(graph) {}

  bool Fill(CalibratedTrees* m) {
    for (CalibratedTrees::Fold& fold : m->folds) {
      if (!NextEnsemble(&fold.ensemble)) return false;
    }
    return true;
  }
  bool Fill(IsolationForestModel* m) { return NextEnsemble(&m->trees); }
  bool Fill(LinearModel* m) {
    const std::vector<double> intercept = Constant("intercept");
    if (intercept.size() != 1) return false;
    m->mean = Constant("mean");
    m->scale = Constant("scale");
    m->coef = Constant("coef");
    m->intercept = intercept[0];
    return true;
  }
  bool Fill(MultinomialModel* m) {
    m->mean = Constant("mean");
    m->scale = Constant("scale");
    m->intercept = Constant("intercept");
    return Transposed("coef", m->mean.size(), m->intercept.size(), &m->coef);
  }
  bool Fill(PcaModel* m) {
    m->mean = Constant("mean");
    m->scale = Constant("scale");
    return Transposed("components", m->mean.size(), m->mean.size(), &m->components);
  }
  bool Fill(ForeignModel*) { return false; }

 private:
  std::vector<double> Constant(const char* name) const {
    for (const auto& tensor : graph_.initializer()) {
      if (tensor.name() == name) return {tensor.double_data().begin(), tensor.double_data().end()};
    }
    return {};
  }
  bool Transposed(const char* name, size_t rows, size_t columns,
                  std::vector<std::vector<double>>* out) const {
    const std::vector<double> flat = Constant(name);
    if (rows == 0 || columns == 0 || flat.size() / rows != columns || flat.size() % rows != 0) return false;
    out->assign(columns, std::vector<double>(rows));
    for (size_t f = 0; f < rows; ++f) {
      for (size_t k = 0; k < columns; ++k) (*out)[k][f] = flat[f * columns + k];
    }
    return true;
  }
  // The next TreeEnsembleRegressor of the graph.
  bool NextEnsemble(TreeEnsemble* ensemble) {
    while (next_node_ < graph_.node_size()) {
      const onnx::NodeProto& node = graph_.node(next_node_++);
      if (node.op_type() == "TreeEnsembleRegressor") return ReadEnsemble(node, ensemble);
    }
    return false;
  }
  bool ReadEnsemble(const onnx::NodeProto& node, TreeEnsemble* ensemble) const {
    const auto find = [&](const char* name) -> const onnx::AttributeProto& {
      for (const auto& a : node.attribute()) {
        if (a.name() == name) return a;
      }
      return onnx::AttributeProto::default_instance();
    };
    const auto& trees = find("nodes_treeids").ints();
    const auto& features = find("nodes_featureids").ints();
    const auto& modes = find("nodes_modes").strings();
    const auto& values = find("nodes_values").floats();
    const auto& covers = find("nodes_hitrates").floats();
    const auto& lefts = find("nodes_truenodeids").ints();
    const auto& rights = find("nodes_falsenodeids").ints();
    const auto& missing = find("nodes_missing_value_tracks_true").ints();
    const auto& weights = find("target_weights").floats();
    const auto& base = find("base_values").floats();
    const int n = trees.size();
    for (const int size : {features.size(), modes.size(), values.size(), covers.size(), lefts.size(),
                           rights.size(), missing.size()}) {
      if (size != n) return false;
    }
    const auto& shape = graph_.input(0).type().tensor_type().shape();
    if (shape.dim_size() != 2 || base.size() != 1) return false;
    const int64_t width = shape.dim(1).dim_value();
    if (width < 1 || width > std::numeric_limits<int32_t>::max() / 4) return false;
    ensemble->features = static_cast<int>(width);
    ensemble->base = base.Get(0);
    ensemble->aggregate = find("aggregate_function").s() == "AVERAGE" ? TreeEnsemble::Aggregate::kAverage
                                                                      : TreeEnsemble::Aggregate::kSum;
    int next_leaf = 0;
    for (int i = 0; i < n; ++i) {
      if (trees.Get(i) == static_cast<int64_t>(ensemble->trees.size())) ensemble->trees.emplace_back();
      if (trees.Get(i) != static_cast<int64_t>(ensemble->trees.size()) - 1) return false;
      TreeNode tree_node;
      tree_node.cover = covers.Get(i);
      if (modes.Get(i) == "LEAF") {
        if (next_leaf >= weights.size()) return false;
        tree_node.value = weights.Get(next_leaf++);
      } else {
        tree_node.feature = static_cast<int32_t>(features.Get(i));
        tree_node.threshold = values.Get(i);
        tree_node.left = static_cast<int32_t>(lefts.Get(i));
        tree_node.right = static_cast<int32_t>(rights.Get(i));
        tree_node.default_left = missing.Get(i) != 0;
      }
      ensemble->trees.back().nodes.push_back(tree_node);
    }
    for (Tree& tree : ensemble->trees) tree.nodes.shrink_to_fit();
    ensemble->trees.shrink_to_fit();
    return true;
  }

  const onnx::GraphProto& graph_;
  int next_node_ = 0;
};

// True if the file is one WriteOnnx could have written, with its body in *body.
bool Recognise(const onnx::ModelProto& proto, ModelBody* body) {
  const std::string* notes = Metadata(proto, kOnnxModelKey);
  const std::string* names = Metadata(proto, kOnnxFeaturesKey);
  if (proto.producer_name() != kOnnxProducer || notes == nullptr || names == nullptr) return false;
  if (proto.graph().input_size() != 1) return false;
  auto shell = ReadBodyNotes(*notes);
  auto features = ReadNames(*names);
  if (!shell.ok() || !features.ok()) return false;
  Model model;
  model.body = std::move(*shell);
  model.info.features = std::move(*features);
  Extractor extractor(proto.graph());
  if (!std::visit([&](auto& m) { return extractor.Fill(&m); }, model.body)) return false;
  const auto again = WriteOnnx(model);
  if (!again.ok() || *again != proto.SerializeAsString()) return false;
  *body = std::move(model.body);
  return true;
}

}  // namespace

Result<ModelBody> ReadOnnx(std::string_view bytes) {
  {
    FW_ASSIGN_OR_RETURN(const onnx::ModelProto proto, ParseProto(bytes));
    ModelBody body;
    if (Recognise(proto, &body)) return body;
  }
  FW_ASSIGN_OR_RETURN(auto program, OnnxProgram::Parse(bytes));
  return ModelBody(ForeignModel{std::move(program)});
}

Result<std::vector<std::string>> ReadOnnxFeatures(std::string_view bytes) {
  FW_ASSIGN_OR_RETURN(const onnx::ModelProto proto, ParseProto(bytes));
  const std::string* names = Metadata(proto, kOnnxFeaturesKey);
  if (names == nullptr) return std::vector<std::string>();
  return ReadNames(*names);
}

}  // namespace forewarn
