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
    }
  }
}

}  // namespace
}  // namespace forewarn
