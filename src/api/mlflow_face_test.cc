#include "api/mlflow_face.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "api/api_fixture.h"

namespace forewarn::api_test {
namespace mlflow_face_test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr char kBase[] = "/api/2.0/mlflow/";
constexpr char kArtifacts[] = "/api/2.0/mlflow-artifacts/artifacts";

class MlflowFaceTest : public ServicesTest {
 protected:
  void SetUp() override {
    inference_options_.registry_changed = [this] { ++changes_; };
    Begin(true);
    Add(*registry_, "plant_alarm_champion", Classifier(plant_, "gradient_boosting", 7));
  }
  Json Get(const std::string& path) { return Inference("GET", kBase + path).json(); }
  int changes_ = 0;
};

TEST_F(MlflowFaceTest, TheRunbooksCurlPromotes) {
  const Reply reply = Inference("POST", std::string(kBase) + "registered-models/alias",
                                R"({"name":"plant_alarm_champion","alias":"champion","version":"2"})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json(), Json::object());
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(registry_->Find("plant_alarm_champion@champion")->version, 2);
  const auto promotions = registry_->Promotions("plant_alarm_champion");
  ASSERT_TRUE(promotions.ok());
  EXPECT_EQ(promotions->back().from, 1);
  EXPECT_EQ(promotions->back().to, 2);
  ASSERT_TRUE(engine_->Reload(*registry_).ok());
  EXPECT_EQ(Inference("POST", "/predict", PresetBody(0)).json()["model"]["version"], 2);
}

TEST_F(MlflowFaceTest, OtherAliasesAreSetAndDeleted) {
  const std::string path = std::string(kBase) + "registered-models/alias";
  EXPECT_EQ(
      Inference("POST", path, R"({"name":"plant_alarm_champion","alias":"shadow","version":"2"})").status,
      200);
  EXPECT_EQ(Get("registered-models/alias?name=plant_alarm_champion&alias=shadow")["model_version"]["version"],
            "2");
  EXPECT_EQ(Inference("DELETE", path, R"({"name":"plant_alarm_champion","alias":"shadow"})").status, 200);
  const Reply gone = Inference("GET", path + "?name=plant_alarm_champion&alias=shadow");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.json()["error_code"], "INVALID_PARAMETER_VALUE") << "as MLflow's own server says it";
  EXPECT_EQ(Inference("DELETE", path + "?name=plant_alarm_champion&alias=shadow").status, 404);
}

TEST_F(MlflowFaceTest, WhatIsNotThereIsToldInBothLanguages) {
  const std::string path = std::string(kBase) + "registered-models/alias";
  const Reply model = Inference("POST", path, R"({"name":"nobody","alias":"champion","version":"1"})");
  EXPECT_EQ(model.status, 404);
  EXPECT_EQ(model.json()["error_code"], "RESOURCE_DOES_NOT_EXIST");
  EXPECT_THAT(model.json()["message"].get<std::string>(), HasSubstr("plant_alarm_champion"));
  EXPECT_EQ(
      Inference("POST", path, R"({"name":"plant_alarm_champion","alias":"champion","version":"9"})").status,
      404);
  EXPECT_EQ(
      Inference("POST", path, R"({"name":"plant_alarm_champion","alias":"latest","version":"1"})").status,
      400);
  EXPECT_EQ(Inference("POST", path, R"({"name":"plant_alarm_champion"})").status, 422);
  EXPECT_EQ(
      Inference("GET", std::string(kBase) + "model-versions/get?name=plant_alarm_champion&version=9").status,
      404);
  EXPECT_EQ(Inference("GET", std::string(kBase) + "runs/get?run_id=x").status, 404);
}

TEST_F(MlflowFaceTest, ModelsAndVersionsAreSearched) {
  EXPECT_EQ(Get("registered-models/search")["registered_models"].size(), 6U);
  EXPECT_EQ(Get("registered-models/search?filter=name%20LIKE%20%27plant_alarm_forecaster%25%27")
                ["registered_models"]
                    .size(),
            3U);
  EXPECT_EQ(Get("registered-models/search?filter=name%20LIKE%20%27PLANT%25%27")["registered_models"].size(),
            0U);
  EXPECT_EQ(Get("registered-models/search?filter=name%20ILIKE%20%27PLANT%25%27")["registered_models"].size(),
            6U);
  const Json versions =
      Get("model-versions/search?filter=name%3D%27plant_alarm_champion%27")["model_versions"];
  ASSERT_EQ(versions.size(), 2U);
  EXPECT_EQ(versions[1]["aliases"], Json({"champion"}));
  EXPECT_EQ(versions[1]["source"], "mlflow-artifacts:/models/plant_alarm_champion/1");
  const Json model = Get("registered-models/get?name=plant_alarm_champion")["registered_model"];
  EXPECT_EQ(model["aliases"][0], Json::parse(R"({"alias":"champion","version":"1"})"));
  EXPECT_EQ(Inference("GET", std::string(kBase) + "model-versions/search?filter=stage%3D1").status, 400);
}

TEST_F(MlflowFaceTest, WhatAPageLeavesOutFollowsByItsToken) {
  std::vector<std::string> names;
  std::string token;
  size_t pages = 0;
  do {
    const Json page =
        Get("registered-models/search?max_results=4" + (token.empty() ? "" : "&page_token=" + token));
    for (const Json& model : page["registered_models"]) names.push_back(model["name"]);
    token = page.value("next_page_token", "");
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(pages, 2U);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 6U);
  EXPECT_EQ(names.size(), 6U);
  EXPECT_EQ(Get("model-versions/search?page_token=1000")["model_versions"].size(), 0U);
  EXPECT_EQ(Inference("GET", std::string(kBase) + "model-versions/search?page_token=x").status, 422);
}

TEST_F(MlflowFaceTest, FilesOfAVersionAreListedAndRead) {
  EXPECT_EQ(Get("model-versions/get-download-uri?name=plant_alarm_champion&version=1")["artifact_uri"],
            "mlflow-artifacts:/models/plant_alarm_champion/1");
  const Json files =
      Inference("GET", std::string(kArtifacts) + "?path=models/plant_alarm_champion/1").json()["files"];
  std::vector<std::string> names;
  for (const Json& file : files) names.push_back(file["path"]);
  EXPECT_THAT(names, Contains("MLmodel"));
  EXPECT_THAT(names, Contains("model.onnx"));
  const Reply file = Inference("GET", std::string(kArtifacts) + "/models/plant_alarm_champion/1/MLmodel");
  EXPECT_EQ(file.status, 200);
  EXPECT_THAT(file.body, HasSubstr("onnx"));
  for (const char* wrong : {"/models/plant_alarm_champion/1/none", "/models/plant_alarm_champion",
                            "/secrets/jwt_secret", "/models/nobody/1/MLmodel"}) {
    EXPECT_EQ(Inference("GET", std::string(kArtifacts) + wrong).status / 100, 4) << wrong;
  }
}

TEST(MlflowFilter, ReadsWhatClientsSend) {
  EXPECT_TRUE(ParseMlflowFilter("")->Matches("a", ""));
  EXPECT_TRUE(ParseMlflowFilter("name='a'")->Matches("a", ""));
  EXPECT_FALSE(ParseMlflowFilter("name = 'a'")->Matches("b", ""));
  EXPECT_TRUE(ParseMlflowFilter("name LIKE 'a%_c'")->Matches("aXbc", ""));
  EXPECT_FALSE(ParseMlflowFilter("name ilike 'a%d'")->Matches("aXbc", ""));
  EXPECT_TRUE(ParseMlflowFilter("name='a' AND run_id='7'")->Matches("a", "7"));
  EXPECT_FALSE(ParseMlflowFilter("name='a' and run_id='7'")->Matches("a", "8"));
}

TEST(MlflowFilter, KnowsThatNoModelIsAPrompt) {
  EXPECT_TRUE(ParseMlflowFilter("tag.`mlflow.prompt.is_prompt` != 'true'")->Matches("a", ""));
  EXPECT_FALSE(ParseMlflowFilter("name='b' AND tag.`mlflow.prompt.is_prompt` != 'true'")->Matches("a", ""));
  EXPECT_FALSE(ParseMlflowFilter("tags.`mlflow.prompt.is_prompt` = 'true'")->Matches("a", ""));
  EXPECT_FALSE(ParseMlflowFilter("name != 'a'").ok());
}

TEST(MlflowFilter, TellsWhatItDoesNotUnderstand) {
  for (const char* wrong : {"name", "name=", "name='a", "name='a' AND", "name='a' name='b'", "tag.x='1'",
                            "name > 'a'", "run_id LIKE 'x'", "'"}) {
    const auto filter = ParseMlflowFilter(wrong);
    ASSERT_FALSE(filter.ok()) << wrong;
    EXPECT_THAT(filter.message(), HasSubstr("known: name = 'x'")) << wrong;
  }
}

}  // namespace
}  // namespace mlflow_face_test
}  // namespace forewarn::api_test
