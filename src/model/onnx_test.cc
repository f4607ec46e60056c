#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/file.h"
#include "model/explainer.h"
#include "model/model_info.h"
#include "model/onnx_reader.h"
#include "model/onnx_writer.h"
#include "model/predictor.h"
#include "model/random_models.h"

namespace forewarn {
namespace {

void ExpectSameTrees(const TreeEnsemble& a, const TreeEnsemble& b) {
  ASSERT_EQ(a.trees.size(), b.trees.size());
  EXPECT_EQ(a.base, b.base);
  EXPECT_EQ(a.features, b.features);
  EXPECT_EQ(a.aggregate, b.aggregate);
  for (size_t t = 0; t < a.trees.size(); ++t) {
    ASSERT_EQ(a.trees[t].nodes.size(), b.trees[t].nodes.size());
    for (size_t i = 0; i < a.trees[t].nodes.size(); ++i) {
      const TreeNode& x = a.trees[t].nodes[i];
      const TreeNode& y = b.trees[t].nodes[i];
      ASSERT_EQ(std::tie(x.feature, x.left, x.right, x.default_left, x.threshold, x.value, x.cover),
                std::tie(y.feature, y.left, y.right, y.default_left, y.threshold, y.value, y.cover));
    }
  }
}

TEST(Onnx, EveryModelComesBackAsItWasWritten) {
  for (const Model& model : random_models::All(41, 12)) {
    auto bytes = WriteOnnx(model);
    ASSERT_TRUE(bytes.ok()) << bytes.message();
    auto json = WriteModelInfo(model);
    ASSERT_TRUE(json.ok()) << json.message();
    auto loaded = LoadModel(*bytes, *json);
    ASSERT_TRUE(loaded.ok()) << model.info.run << ": " << loaded.message();
    ASSERT_EQ(loaded->body.index(), model.body.index()) << model.info.run << " was not recognised";
    EXPECT_EQ(*WriteOnnx(*loaded), *bytes);
    EXPECT_EQ(*WriteModelInfo(*loaded), *json);
    if (const auto* m = std::get_if<CalibratedTrees>(&model.body)) {
      const auto& back = std::get<CalibratedTrees>(loaded->body);
      EXPECT_EQ(m->log_odds, back.log_odds);
      for (size_t k = 0; k < m->folds.size(); ++k) {
        ExpectSameTrees(m->folds[k].ensemble, back.folds[k].ensemble);
        EXPECT_EQ(m->folds[k].calibration.x, back.folds[k].calibration.x);
        EXPECT_EQ(m->folds[k].calibration.y, back.folds[k].calibration.y);
        EXPECT_EQ(m->folds[k].calibration.a, back.folds[k].calibration.a);
      }
    }
    if (const auto* m = std::get_if<PcaModel>(&model.body)) {
      const auto& back = std::get<PcaModel>(loaded->body);
      EXPECT_EQ(m->components, back.components);
      EXPECT_EQ(m->variance, back.variance);
      EXPECT_EQ(m->spe_limit99, back.spe_limit99);
    }
  }
}

TEST(Onnx, BytesDependOnTheModelAlone) {
  const std::vector<Model> a = random_models::All(42, 9);
  std::vector<Model> b = random_models::All(42, 9);
  for (size_t i = 0; i < a.size(); ++i) {
    b[i].info.threshold = 0.25;  // lives in forewarn.json
    EXPECT_EQ(*WriteOnnx(a[i]), *WriteOnnx(b[i]));
  }
}

TEST(Onnx, AnAlteredGraphOfOursLosesTheFastPath) {
  const Model model = random_models::All(43, 9)[1];
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromString(*WriteOnnx(model)));
  auto* node = proto.mutable_graph()->mutable_node(proto.graph().node_size() - 1);
  ASSERT_EQ(node->op_type(), "Div");
  node->set_op_type("Mul");  // no longer the mean that the notes promise
  auto body = ReadOnnx(proto.SerializeAsString());
  EXPECT_TRUE(!body.ok() || std::holds_alternative<ForeignModel>(*body));
}

TEST(Onnx, RefusesModelsItCannotWrite) {
  Model model = random_models::All(44, 9)[0];
  model.info.features.pop_back();
  EXPECT_THAT(WriteOnnx(model).message(), testing::HasSubstr("names 8 features"));
  EXPECT_THAT(ReadOnnx("garbage").message(), testing::HasSubstr("not an ONNX file"));
  EXPECT_FALSE(ReadOnnx("").ok());
}

TEST(ModelInfo, RoundTripsEveryField) {
  Model model = random_models::All(45, 3)[0];
  ModelInfo& info = model.info;
  info.kind = ModelKind::kForecaster;
  info.threshold = 0.1 + 0.2;
  info.horizon = 3, info.horizon_name = "3h", info.window = 12;
  info.sensors = {"a", "b \"quoted\" µ"};
  info.gains = {1.0 / 3, 1.0 / 7, 5e-324};
  info.skill = "no skill shown";
  info.metrics = {{"auc", 0.7234567890123456}, {"f1", std::numeric_limits<double>::quiet_NaN()}};
  info.params = {{"eta", 0.05}};
  info.data_digest = "abc", info.code_version = "0.1.0", info.notes = {"fold 2 was dropped"};
  auto text = WriteModelInfo(model);
  ASSERT_TRUE(text.ok()) << text.message();
  auto back = ReadModelInfo(*text);
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ(back->run, info.run);
  EXPECT_EQ(back->kind, info.kind);
  EXPECT_EQ(back->features, info.features);
  EXPECT_EQ(back->medians, info.medians);
  EXPECT_EQ(back->threshold, info.threshold);
  EXPECT_EQ(back->gains, info.gains);
  EXPECT_EQ(back->sensors, info.sensors);
  EXPECT_EQ(back->horizon, 3);
  EXPECT_EQ(back->window, 12);
  EXPECT_EQ(back->metrics[0], info.metrics[0]);
  EXPECT_TRUE(std::isnan(back->metrics[1].second));
  EXPECT_EQ(back->notes, info.notes);
  info.threshold = std::numeric_limits<double>::infinity();
  EXPECT_THAT(WriteModelInfo(model).message(), testing::HasSubstr("threshold"));
}

TEST(ModelInfo, NamesWhatIsWrong) {
  const Model model = random_models::All(46, 3)[0];
  const std::string text = *WriteModelInfo(model);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string copy = text;
    const size_t at = copy.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    copy.replace(at, from.size(), to);
    auto read = ReadModelInfo(copy);
    return read.ok() ? std::string("accepted") : read.message();
  };
  EXPECT_THAT(changed("\"format\": 1", "\"format\": 9"), testing::HasSubstr("format 9"));
  EXPECT_THAT(changed("\"threshold\": 0.5", "\"threshold\": \"x\""),
              testing::HasSubstr("'threshold' must be a number"));
  EXPECT_THAT(changed("\"threshold\"", "\"treshold\""), testing::HasSubstr("'threshold' must be present"));
  EXPECT_THAT(changed("\"classifier\"", "\"klassifier\""), testing::HasSubstr("did you mean 'classifier'"));
  EXPECT_THAT(changed("\"window\": 0", "\"window\": 1e99"),
              testing::HasSubstr("'window' must be an integer"));
  EXPECT_THAT(ReadModelInfo("[1]").message(), testing::HasSubstr("not a JSON object"));
  EXPECT_THAT(ReadModelInfo(text.substr(0, text.size() / 2)).message(),
              testing::HasSubstr("not a JSON object"));
}

TEST(ModelInfo, RefusesTwoFilesThatDoNotBelongTogether) {
  const std::vector<Model> a = random_models::All(47, 4);
  const std::vector<Model> b = random_models::All(48, 4);
  const std::vector<Model> wider = random_models::All(47, 5);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_FALSE(LoadModel(*WriteOnnx(a[i]), *WriteModelInfo(wider[i])).ok());
    if (a[i].info.kind != ModelKind::kPca) continue;
    Model other = b[i];
    std::get<PcaModel>(other.body).t2_limit95 += 1;
    EXPECT_THAT(LoadModel(*WriteOnnx(a[i]), *WriteModelInfo(other)).message(),
                testing::HasSubstr("does not belong to model.onnx"));
  }
}

// Writes what tests/parity/test_onnx.py scores with onnxruntime: DIR/NAME/{model.onnx, inputs.f64,
// scores.f64, shap.f64}.
TEST(Onnx, ExportsForParity) {
  const char* folder = std::getenv("FOREWARN_ONNX_EXPORT");
  if (folder == nullptr) GTEST_SKIP() << "FOREWARN_ONNX_EXPORT is not set";
  const auto write = [](const std::filesystem::path& path, const std::vector<double>& values) {
    const Status status = WriteFileAtomic(
        path, std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)));
    ASSERT_TRUE(status.ok()) << status.message();
  };
  Random random(51);
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const int features = seed % 2 == 0 ? 28 : 5;
    for (const Model& model : random_models::All(seed, features)) {
      const std::filesystem::path path =
          std::filesystem::path(folder) / (model.info.run + "_" + std::to_string(seed));
      ASSERT_TRUE(MakeFolders(path).ok());
      const size_t n = 500;
      const std::vector<double> rows = random_models::Rows(random, n, static_cast<size_t>(features));
      auto predictor = Predictor::Build(model);
      std::vector<double> scores(n * predictor->outputs());
      predictor->ScoreBatch(rows.data(), n, scores.data());
      ASSERT_TRUE(WriteFileAtomic(path / "model.onnx", *WriteOnnx(model)).ok());
      write(path / "inputs.f64", rows);
      write(path / "scores.f64", scores);
      if (!std::holds_alternative<CalibratedTrees>(model.body)) continue;
      auto explainer = Explainer::Build(model);
      std::vector<double> shap(40 * static_cast<size_t>(features));
      explainer->ExplainBatch(rows.data(), 40, shap.data(), nullptr);
      shap.push_back(explainer->base_value());
      write(path / "shap.f64", shap);
    }
  }
}

// Scores what tests/parity/test_onnx.py exported from Python: DIR/NAME/{model.onnx, inputs.f64} → scores.f64
// or error.txt.
TEST(Onnx, ScoresForParity) {
  const char* folder = std::getenv("FOREWARN_ONNX_SCORE");
  if (folder == nullptr) GTEST_SKIP() << "FOREWARN_ONNX_SCORE is not set";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    auto bytes = ReadFile(entry.path() / "model.onnx");
    auto inputs = ReadFile(entry.path() / "inputs.f64");
    ASSERT_TRUE(bytes.ok() && inputs.ok());
    auto body = ReadOnnx(*bytes);
    if (!body.ok()) {
      ASSERT_TRUE(WriteFileAtomic(entry.path() / "error.txt", body.message()).ok());
      continue;
    }
    auto predictor = Predictor::Build(*body);
    ASSERT_TRUE(predictor.ok()) << predictor.message();
    std::vector<double> rows(inputs->size() / sizeof(double));
    std::memcpy(rows.data(), inputs->data(), inputs->size());
    const size_t n = rows.size() / predictor->features();
    std::vector<double> scores(n * predictor->outputs());
    predictor->ScoreBatch(rows.data(), n, scores.data());
    const std::string_view out(reinterpret_cast<const char*>(scores.data()), scores.size() * sizeof(double));
    ASSERT_TRUE(WriteFileAtomic(entry.path() / "scores.f64", out).ok());
  }
}

// Small graphs by hand, as another tool might write them.
class GraphMaker {
 public:
  GraphMaker() {
    model_.set_ir_version(8);
    auto* opset = model_.add_opset_import();
    opset->set_version(17);
    opset = model_.add_opset_import();
    opset->set_domain("ai.onnx.ml");
    opset->set_version(3);
    Value(model_.mutable_graph()->add_input(), "x", 3);
  }
  static void Value(onnx::ValueInfoProto* value, const std::string& name, int64_t columns) {
    value->set_name(name);
    auto* type = value->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::DOUBLE);
    type->mutable_shape()->add_dim()->set_dim_param("N");
    type->mutable_shape()->add_dim()->set_dim_value(columns);
  }
  onnx::NodeProto* Node(const std::string& op, const std::vector<std::string>& in, const std::string& out) {
    auto* node = model_.mutable_graph()->add_node();
    node->set_op_type(op);
    for (const auto& name : in) node->add_input(name);
    node->add_output(out);
    return node;
  }
  static void Integers(onnx::NodeProto* node, const std::string& name, const std::vector<int64_t>& values) {
    auto* a = node->add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::INTS);
    for (const int64_t v : values) a->add_ints(v);
  }
  static void Floats(onnx::NodeProto* node, const std::string& name, const std::vector<float>& values) {
    auto* a = node->add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::FLOATS);
    for (const float v : values) a->add_floats(v);
  }
  // A stump "x0 < 0.5 ? 1 : 2" with the given children ids of its root.
  void Stump(int64_t when_true, int64_t when_false, int64_t feature = 0) {
    auto* node = Node("TreeEnsembleRegressor", {"x"}, "y");
    node->set_domain("ai.onnx.ml");
    Integers(node, "nodes_treeids", {0, 0, 0});
    Integers(node, "nodes_nodeids", {0, 1, 2});
    Integers(node, "nodes_featureids", {feature, 0, 0});
    Integers(node, "nodes_truenodeids", {when_true, 0, 0});
    Integers(node, "nodes_falsenodeids", {when_false, 0, 0});
    Floats(node, "nodes_values", {0.5F, 0, 0});
    auto* modes = node->add_attribute();
    modes->set_name("nodes_modes");
    modes->set_type(onnx::AttributeProto::STRINGS);
    for (const char* mode : {"BRANCH_LT", "LEAF", "LEAF"}) modes->add_strings(mode);
    Integers(node, "target_treeids", {0, 0});
    Integers(node, "target_nodeids", {1, 2});
    Integers(node, "target_ids", {0, 0});
    Floats(node, "target_weights", {1, 2});
  }
  onnx::ModelProto& model() { return model_; }
  Result<ModelBody> Read() {
    if (model_.graph().output_size() == 0) Value(model_.mutable_graph()->add_output(), "y", 1);
    return ReadOnnx(model_.SerializeAsString());
  }

 private:
  onnx::ModelProto model_;
};

TEST(OnnxProgram, ScoresAForeignTree) {
  GraphMaker maker;
  maker.Stump(1, 2);
  auto body = maker.Read();
  ASSERT_TRUE(body.ok()) << body.message();
  auto predictor = Predictor::Build(*body);
  const double rows[] = {0.4, 0, 0, 0.5, 0, 0, std::numeric_limits<double>::quiet_NaN(), 0, 0};
  double out[3];
  predictor->ScoreBatch(rows, 3, out);
  EXPECT_THAT(out, testing::ElementsAre(1, 2, 2));
  EXPECT_EQ(predictor->Score(rows), 1);
}

TEST(OnnxProgram, NamesAnUnknownOperatorAndTheKnownOnes) {
  GraphMaker maker;
  maker.Node("LSTM", {"x"}, "y");
  const std::string message = maker.Read().message();
  EXPECT_THAT(message, testing::HasSubstr("operator 'LSTM' is not supported"));
  EXPECT_THAT(message, testing::HasSubstr("TreeEnsembleRegressor"));
}

TEST(OnnxProgram, RefusesTreesThatAreNone) {
  const auto message = [](int64_t when_true, int64_t when_false, int64_t feature) {
    GraphMaker maker;
    maker.Stump(when_true, when_false, feature);
    auto body = maker.Read();
    return body.ok() ? std::string() : body.message();
  };
  EXPECT_EQ(message(1, 2, 0), "");
  EXPECT_THAT(message(0, 2, 0), testing::HasSubstr("cycle"));
  EXPECT_THAT(message(1, 1, 0), testing::HasSubstr("two parents"));
  EXPECT_THAT(message(1, 7, 0), testing::HasSubstr("child is not there"));
  EXPECT_THAT(message(1, 2, 3), testing::HasSubstr("reads column 3"));
  EXPECT_THAT(message(1, 2, -1), testing::HasSubstr("out of range"));
}

TEST(OnnxProgram, RefusesGraphsThatDoNotHoldTogether) {
  GraphMaker unordered;
  unordered.Node("Neg", {"z"}, "y");
  unordered.Node("Neg", {"x"}, "z");
  EXPECT_THAT(unordered.Read().message(), testing::HasSubstr("reads 'z', which nothing before it makes"));
  GraphMaker twice;
  twice.Node("Neg", {"x"}, "y");
  twice.Node("Abs", {"x"}, "y");
  EXPECT_THAT(twice.Read().message(), testing::HasSubstr("two nodes make 'y'"));
  GraphMaker missing;
  missing.Node("Neg", {"x"}, "z");
  EXPECT_THAT(missing.Read().message(), testing::HasSubstr("no node makes"));
  GraphMaker wide;  // three columns added to two
  auto* two = wide.model().mutable_graph()->add_initializer();
  two->set_name("two");
  two->set_data_type(onnx::TensorProto::DOUBLE);
  two->add_dims(2);
  two->add_double_data(1);
  two->add_double_data(2);
  wide.Node("Add", {"x", "two"}, "y");
  EXPECT_THAT(wide.Read().message(), testing::HasSubstr("Add 'y': dimensions 3 and 2 do not fit together"));
  two->add_dims(int64_t{1} << 40);
  EXPECT_THAT(wide.Read().message(), testing::HasSubstr("larger than"));
  two->clear_dims();
  two->add_dims(3);
  EXPECT_THAT(wide.Read().message(), testing::HasSubstr("holds 2 values, its shape wants 3"));
}

TEST(OnnxProgram, RefusesEndlessWork) {
  GraphMaker maker;
  auto* shape = maker.model().mutable_graph()->add_initializer();
  shape->set_name("shape");
  shape->set_data_type(onnx::TensorProto::INT64);
  shape->add_dims(2);
  shape->add_int64_data(8000);
  shape->add_int64_data(8000);
  maker.Node("ConstantOfShape", {"shape"}, "c0");
  for (int i = 0; i < 50; ++i)
    maker.Node("MatMul", {"c" + std::to_string(i), "c0"}, "c" + std::to_string(i + 1));
  maker.Node("Identity", {"c50"}, "y");
  EXPECT_THAT(maker.Read().message(), testing::HasSubstr("more work or memory"));
}

}  // namespace
}  // namespace forewarn
