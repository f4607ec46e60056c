#include "registry/artifact.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "frame/frame.h"
#include "model/predictor.h"
#include "model/random_models.h"

namespace forewarn {
namespace {

Model ArtifactModel(ModelBody body, ModelKind kind) {
  Model model;
  model.body = std::move(body);
  model.info.kind = kind;
  model.info.run = "r";
  const size_t features = FeatureCount(model.body);
  for (size_t i = 0; i < features; ++i) {
    model.info.features.push_back("f" + std::to_string(i));
    model.info.medians.push_back(0.1 * static_cast<double>(i));
  }
  return model;
}

Model ArtifactLinear() {
  LinearModel body;
  body.mean = {0, 1, 2};
  body.scale = {1, 2, 3};
  body.coef = {0.1, -0.7, 0.3};
  body.intercept = 0.25;
  body.logistic = true;
  return ArtifactModel(body, ModelKind::kClassifier);
}

TEST(Artifact, PackedModelScoresTheSameAfterUnpacking) {
  const Model model = ArtifactLinear();
  const Result<FileSet> files = PackModel(model);
  ASSERT_TRUE(files.ok()) << files.message();
  EXPECT_EQ(files->size(), 4u);
  const Result<Model> back = UnpackModel(*files);
  ASSERT_TRUE(back.ok()) << back.message();
  const Result<Predictor> a = Predictor::Build(model);
  const Result<Predictor> b = Predictor::Build(*back);
  ASSERT_TRUE(a.ok() && b.ok());
  const double row[3] = {0.5, -1.25, kNull};
  const double other[3] = {3, 1e6, -2};
  EXPECT_EQ(a->Score(other), b->Score(other));
  EXPECT_EQ(std::isnan(a->Score(row)), std::isnan(b->Score(row)));
  EXPECT_EQ(back->info.features, model.info.features);
}

TEST(Artifact, SameModelGivesTheSameBytes) {
  EXPECT_EQ(*PackModel(ArtifactLinear()), *PackModel(ArtifactLinear()));
}

TEST(Artifact, EachMissingOrAlteredFileIsNamed) {
  const FileSet whole = *PackModel(ArtifactLinear());
  for (const auto& [name, bytes] : whole) {
    FileSet missing = whole;
    missing.erase(name);
    const Result<Model> without = UnpackModel(missing);
    ASSERT_FALSE(without.ok());
    EXPECT_NE(without.message().find(name + " is missing"), std::string::npos) << without.message();
    if (name == kModelManifestFile) continue;
    FileSet altered = whole;
    altered[name][bytes.size() / 2] ^= 1;
    const Result<Model> changed = UnpackModel(altered);
    ASSERT_FALSE(changed.ok());
    EXPECT_NE(changed.message().find(name + " was altered"), std::string::npos) << changed.message();
  }
  FileSet more = whole;
  more["code.py"] = "x";
  EXPECT_NE(UnpackModel(more).message().find("code.py is not in manifest.json"), std::string::npos);
  FileSet damaged = whole;
  damaged[kModelManifestFile] = "{";
  EXPECT_NE(UnpackModel(damaged).message().find("manifest.json is damaged"), std::string::npos);
  damaged[kModelManifestFile] = R"({"format":9,"sha256":{}})";
  EXPECT_NE(UnpackModel(damaged).message().find("update forewarn"), std::string::npos);
}

TEST(Artifact, SignatureListsTheFeaturesInOrder) {
  Model model = ArtifactLinear();
  model.info.features = {"it's", "b\"c", "d: [e]"};
  const FileSet files = *PackModel(model);
  const auto names = ReadSignatureInputs(files.at(kMlmodelFile));
  ASSERT_TRUE(names.ok()) << names.message();
  EXPECT_EQ(*names, model.info.features);
}

TEST(Artifact, SignatureFoldedOverLinesIsRead) {
  const auto names = ReadSignatureInputs(
      "flavors:\n  onnx: {data: model.onnx}\nsignature:\n  inputs: '[{\"type\": \"double\", \"name\": "
      "\"a\"},\n"
      "    {\"type\": \"double\", \"name\": \"b\"}]'\n  outputs: '[]'\n");
  ASSERT_TRUE(names.ok()) << names.message();
  EXPECT_EQ(*names, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(ReadSignatureInputs("flavors: {}")->empty());
  EXPECT_FALSE(ReadSignatureInputs("inputs: '[{\"type\": \"tensor\", \"name\": \"a\"}]'").ok());
  EXPECT_FALSE(ReadSignatureInputs("inputs: '{}'").ok());
}

TEST(Artifact, FolderMadeElsewhereIsAdoptedUnderItsSignaturesNames) {
  FileSet files = *PackModel(ArtifactLinear());
  files.erase(kInfoFile);
  files.erase(kModelManifestFile);
  const Result<Model> model = AdoptForeign(files, ModelKind::kClassifier, "imported");
  ASSERT_TRUE(model.ok()) << model.message();
  EXPECT_EQ(model->info.features, ArtifactLinear().info.features);
  EXPECT_EQ(model->info.run, "imported");
  files.erase(kOnnxFile);
  EXPECT_FALSE(AdoptForeign(files, ModelKind::kClassifier, "imported").ok());
}

}  // namespace
}  // namespace forewarn
