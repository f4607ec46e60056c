#include "api/inference_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "api/api_fixture.h"
#include "api/registry_watch.h"

namespace forewarn::api_test {
namespace inference_api_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InferenceTest : public ServicesTest {};

// A registry whose versions are listed while their files are out of reach.
class StoreAway final : public Registry {
 public:
  explicit StoreAway(Registry* registry) : registry_(*registry) {}
  std::string Uri() const override { return registry_.Uri(); }
  Result<std::string> LogRun(const RunRecord& run) override { return registry_.LogRun(run); }
  Result<RunRecord> GetRun(const std::string& id) override { return registry_.GetRun(id); }
  Result<std::vector<RunRecord>> Runs(const std::string& name) override { return registry_.Runs(name); }
  Result<ModelVersion> AddVersion(const NewVersion& version) override {
    return registry_.AddVersion(version);
  }
  Result<std::vector<ModelVersion>> Versions(const std::string& name) override {
    return registry_.Versions(name);
  }
  Result<FileSet> Files(const ModelVersion& version) override {
    ++asked;
    if (is_away) return Status::Unavailable("the store is away");
    return registry_.Files(version);
  }
  Status SetTag(const std::string& name, int version, const std::string& key,
                const std::string& value) override {
    return registry_.SetTag(name, version, key, value);
  }
  Status SetAlias(const std::string& name, const std::string& alias, int version) override {
    return registry_.SetAlias(name, alias, version);
  }
  Status Promote(const PromotionEvent& event) override { return registry_.Promote(event); }
  Result<std::vector<PromotionEvent>> Promotions(const std::string& name) override {
    return registry_.Promotions(name);
  }
  Result<uint64_t> Revision() override { return registry_.Revision(); }
  Result<VerifyReport> Verify() override { return registry_.Verify(); }

  bool is_away = true;
  int asked = 0;

 private:
  Registry& registry_;
};

class NoModelTest : public ServicesTest {
 protected:
  void SetUp() override { Begin(false); }
};

TEST_F(InferenceTest, PredictAnswersWithRiskAndModel) {
  const Reply reply = Inference("POST", "/predict", PresetBody(0));
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json json = reply.json();
  EXPECT_EQ(json["model"],
            Json::parse(R"({"name":"plant_alarm_champion","version":1,"skill":"no skill shown"})"));
  EXPECT_EQ(json["alarm"], json["risk_score"] >= 0.43 ? 1 : 0);
  EXPECT_EQ(json["imputed"], Json::array());
  EXPECT_EQ(json["ignored"], Json::array()) << "the failure count is known beside the features";
  EXPECT_NE(Inference("POST", "/predict", PresetBody(1)).json()["risk_score"], json["risk_score"]);
}

// Fault 3: misspelt, missing and upper-case features are no silent zeros.
TEST_F(InferenceTest, PredictNamesWhatItImputedAndIgnored) {
  const Json reply =
      Inference("POST", "/predict", R"({"features":{"PDT31008":340,"pdt31O08":1},"note":"x"})").json();
  EXPECT_EQ(reply["imputed"].size(), plant_.features.point.size() - 1);
  EXPECT_EQ(reply["ignored"], Json({"pdt31O08", "note"}));
  const Json lower = Inference("POST", "/predict", R"({"features":{"pdt31008":340}})").json();
  EXPECT_EQ(reply["risk_score"], lower["risk_score"]);
  // Keys beside the features are told apart by case.
  const Json others =
      Inference("POST", "/predict", R"({"features":{"pdt31008":340},"None":1,"none":2})").json();
  EXPECT_EQ(others["ignored"], Json({"None", "none"}));
}

// Faults 9 and 17: nothing is coerced, and no body is a 500.
TEST_F(InferenceTest, WrongValuesAre422WithEveryPointer) {
  const auto pointers = [&](const std::string& body) {
    const Reply reply = Inference("POST", "/predict", body);
    EXPECT_EQ(reply.status, 422) << body;
    EXPECT_EQ(reply.content_type, "application/problem+json");
    return reply.Pointers();
  };
  EXPECT_THAT(pointers(R"({"features":{"te301020":"107.2","pdt31008":true,"lt301031":null}})"),
              ElementsAre("/features/te301020", "/features/pdt31008", "/features/lt301031"));
  EXPECT_THAT(pointers("{}"), ElementsAre(""));
  EXPECT_THAT(pointers(R"({"features":{}})"), ElementsAre("/features"));
  EXPECT_THAT(pointers(R"({"features":[]})"), ElementsAre("/features"));
  EXPECT_THAT(pointers(R"({"features":{"te301020":1e13}})"), ElementsAre("/features/te301020"));
  EXPECT_THAT(pointers(R"({"features":{"te301020":1,"failure_frequency_48":-3}})"),
              ElementsAre("/features/failure_frequency_48"));
}

TEST_F(InferenceTest, WhatIsNoJsonIs400) {
  for (const std::string body :
       {"{", "nope", "{\"features\":{\"te301020\":NaN}}", "{\"features\":{\"te301020\":Infinity}}",
        "{\"features\":{\"te301020\":1e999}}", "\"\\ud800\"", "{\"a\":\"\xff\"}"}) {
    const Reply reply = Inference("POST", "/predict", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.body, HasSubstr("not JSON")) << body;
  }
  EXPECT_EQ(Inference("POST", "/predict", std::string(100000, '[')).status, 400) << "depth is bounded";
  EXPECT_EQ(Inference("POST", "/predict").status, 400);
}

// Fault 10: bodies are bounded.
TEST_F(InferenceTest, BodiesOverAMebibyteAre413) {
  const std::string big = R"({"features":{"te301020":1},"note":")" + std::string(1 << 20, 'x') + "\"}";
  EXPECT_EQ(Inference("POST", "/predict", big).status, 413);
  EXPECT_EQ(Inference("POST", "/forecast", big).status, 413);
}

TEST_F(InferenceTest, OtherContentTypesAndMethodsAreRefused) {
  EXPECT_EQ(
      Ask(inference_, "POST", "/predict", "a=1", {"Content-Type: application/x-www-form-urlencoded"}).status,
      415);
  const Reply reply = Inference("GET", "/predict");
  EXPECT_EQ(reply.status, 405);
  EXPECT_THAT(reply.Header("Allow"), HasSubstr("POST"));
  const Reply missing = Inference("GET", "/predictions");
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, HasSubstr("/predict"));
}

TEST_F(InferenceTest, PredictByAnotherClassifier) {
  const Json reply = Inference("POST", "/predict?model=plant_alarm_lr_soft_alarm", PresetBody(0)).json();
  EXPECT_EQ(reply["model"]["name"], "plant_alarm_lr_soft_alarm");
  EXPECT_EQ(Metric(inference_, "inference_requests_total"), 0) << "the metrics count the champion";
  EXPECT_EQ(Inference("POST", "/predict?model=nobody", PresetBody(0)).status, 404);
}

TEST_F(InferenceTest, BatchGivesWhatOneByOneGives) {
  const Json features = Json::parse(PresetBody(0))["features"];
  Json rows = Json::array();
  Json one_by_one = Json::array();
  for (int i = 0; i < 100; ++i) {
    Json row = features;
    row["pdt31008"] = 180 + i;
    one_by_one.push_back(Inference("POST", "/predict", Json{{"features", row}}.dump()).json());
    rows.push_back(row);
  }
  const Json reply = Inference("POST", "/predict/batch", Json{{"rows", rows}}.dump()).json();
  EXPECT_EQ(reply["count"], 100);
  EXPECT_EQ(reply["predictions"], one_by_one);
  EXPECT_THAT(Inference("POST", "/predict/batch", R"({"rows":[{"te301020":1},{"te301020":"1"}]})").Pointers(),
              ElementsAre("/rows/1/te301020"));
  EXPECT_THAT(Inference("POST", "/predict/batch", R"({"rows":[{"te301020":1}],"row":1})").Pointers(),
              ElementsAre("/row"));
}

TEST_F(InferenceTest, ForecastAnswersForEachHorizon) {
  for (const double horizon : {1.0, 3.0, 6.0}) {
    const Reply reply = Inference("POST", "/forecast", WindowBody(horizon));
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.json()["horizon_hours"], horizon);
    EXPECT_EQ(reply.json()["n_observations"], 12);
    EXPECT_EQ(Metric(inference_, "forecast_requests_total{horizon=\"" +
                                     std::to_string(static_cast<int>(horizon)) + "\"}"),
              1);
  }
}

TEST_F(InferenceTest, ForecastTakesTheNewestTwelveAndCountsAll) {
  Json body = Json::parse(WindowBody(1));
  Json old = body["recent_observations"][0];
  old["pdt31008"] = 100;
  body["recent_observations"].insert(body["recent_observations"].begin(), old);
  const Json more = Inference("POST", "/forecast", body.dump()).json();
  EXPECT_EQ(more["n_observations"], 13);
  EXPECT_EQ(more["anomaly_probability"],
            Inference("POST", "/forecast", WindowBody(1)).json()["anomaly_probability"]);
}

TEST_F(InferenceTest, ForecastWithoutHorizonIsTheShortest) {
  Json body = Json::parse(WindowBody(1));
  body.erase("horizon");
  for (Json& row : body["recent_observations"]) row["timestamp"] = "2021-03-01T00:00:00Z";
  const Json reply = Inference("POST", "/forecast", body.dump()).json();
  EXPECT_EQ(reply["horizon_hours"], 1);
  EXPECT_EQ(reply["ignored"], Json({"timestamp"}));
}

TEST_F(InferenceTest, ForecastsFaultsHavePointers) {
  Json body = Json::parse(WindowBody(2));
  EXPECT_THAT(Inference("POST", "/forecast", body.dump()).Pointers(), ElementsAre("/horizon"));
  body["horizon"] = 1;
  body["recent_observations"][3].erase("pdt31008");
  body["recent_observations"][7]["lt301031"] = "45";
  EXPECT_THAT(Inference("POST", "/forecast", body.dump()).Pointers(),
              ElementsAre("/recent_observations/3/pdt31008", "/recent_observations/7/lt301031"));
  body["recent_observations"] = Json::array({body["recent_observations"][0]});
  const Reply few = Inference("POST", "/forecast", body.dump());
  EXPECT_EQ(few.status, 422);
  EXPECT_THAT(few.body, HasSubstr("at least 12"));
  // Rows before the window count as little as they are checked as much.
  body = Json::parse(WindowBody(1));
  Json old = body["recent_observations"][0];
  old["pdt31008"] = "high";
  body["recent_observations"].insert(body["recent_observations"].begin(), old);
  EXPECT_THAT(Inference("POST", "/forecast", body.dump()).Pointers(),
              ElementsAre("/recent_observations/0/pdt31008"));
}

// Fault 4: the explanation adds up to the output it states.
TEST_F(InferenceTest, ExplanationsAddUpToTheirOutput) {
  for (const std::string& body : {PresetBody(0), PresetBody(1), WindowBody(1), WindowBody(6)}) {
    const Reply reply = Inference("POST", "/explain", body);
    ASSERT_EQ(reply.status, 200) << reply.body;
    const Json json = reply.json();
    EXPECT_EQ(json["method"], "shap_tree");
    EXPECT_EQ(json["output"], "log-odds");
    double sum = json["base_value"];
    double before = std::numeric_limits<double>::infinity();
    for (const Json& driver : json["local_importance"]) {
      sum += driver["shap_value"].get<double>();
      EXPECT_LE(std::abs(driver["shap_value"].get<double>()), before);
      before = std::abs(driver["shap_value"].get<double>());
    }
    EXPECT_NEAR(sum, json["output_value"], 1e-6);
  }
  EXPECT_EQ(Inference("POST", "/explain", PresetBody(0)).json()["local_importance"].size(), 28U);
  EXPECT_EQ(Inference("POST", "/explain", WindowBody(3)).json()["local_importance"].size(), 9U);
}

TEST_F(InferenceTest, ImportancesSumToOne) {
  const Json reply = Inference("GET", "/global_importance").json();
  EXPECT_EQ(reply["method"], "feature_importances");
  double sum = 0;
  for (const Json& each : reply["importances"]) sum += each["importance"].get<double>();
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST_F(InferenceTest, RecommendationsFollowTheRule) {
  const auto urgency = [&](const std::string& body) {
    return Inference("POST", "/recommend", body).json()["urgency"];
  };
  EXPECT_EQ(urgency(R"({"failure_frequency_48":5,"risk_score":0.8})"), "high");
  EXPECT_EQ(urgency(R"({"failure_frequency_48":4,"risk_score":0.9})"), "medium");
  EXPECT_EQ(urgency(R"({"risk_score":0.6})"), "medium");
  EXPECT_EQ(urgency("{}"), "low");
}

TEST_F(InferenceTest, RecommendRefusesImpossibleNumbers) {
  const Reply reply = Inference("POST", "/recommend", R"({"failure_frequency_48":-3,"risk_score":17})");
  EXPECT_EQ(reply.status, 422);
  EXPECT_THAT(reply.Pointers(), ElementsAre("/failure_frequency_48", "/risk_score"));
}

TEST_F(InferenceTest, ModelsListsEveryServedName) {
  const Json models = Inference("GET", "/models").json()["models"];
  EXPECT_EQ(models.size(), 10U);
  EXPECT_EQ(models["plant_alarm_champion"]["status"], "loaded");
  EXPECT_EQ(models["plant_alarm_champion"]["aliases"], Json({"champion"}));
  EXPECT_EQ(models["plant_alarm_pca"]["status"], "unavailable");
  EXPECT_NE(models["plant_alarm_pca"]["reason"], "");
}

TEST_F(InferenceTest, MetricsCountPredict) {
  EXPECT_EQ(Metric(inference_, "inference_requests_total"), 0);
  EXPECT_EQ(Metric(inference_, "inference_high_risk_total"), 0);
  const double risk = Inference("POST", "/predict", PresetBody(0)).json()["risk_score"];
  EXPECT_EQ(Inference("POST", "/predict", "{}").status, 422);
  EXPECT_EQ(Metric(inference_, "inference_requests_total"), 1);
  EXPECT_DOUBLE_EQ(Metric(inference_, "inference_last_risk_score"), risk);
  EXPECT_EQ(Metric(inference_, "inference_latency_seconds_count"), 1);
  EXPECT_EQ(Metric(inference_, R"(inference_model_info{name="plant_alarm_champion",version="1"})"), 1);
}

TEST_F(InferenceTest, ReadyOnceChampionAndForecastersAreLoaded) {
  EXPECT_EQ(Inference("GET", "/ready").status, 200);
  EXPECT_EQ(Inference("GET", "/v2/health/ready").status, 200);
}

// Fault 1: 503 at once, with when to come again.
TEST_F(NoModelTest, Is503AtOnceAndTheServiceRuns) {
  for (const char* path : {"/predict", "/forecast", "/predict/batch"}) {
    const std::string body = std::string(path) == "/forecast"  ? WindowBody(1)
                             : std::string(path) == "/predict" ? PresetBody(0)
                                                               : R"({"rows":[{"te301020":1}]})";
    const Reply reply = Inference("POST", path, body);
    EXPECT_EQ(reply.status, 503) << path;
    EXPECT_NE(reply.Header("Retry-After"), "") << path;
  }
  EXPECT_EQ(Inference("GET", "/health").status, 200);
  const Reply ready = Inference("GET", "/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.json()["ready"], false);
  EXPECT_EQ(ready.json()["progress"], 0);
  EXPECT_THAT(ready.json()["stage"].get<std::string>(), HasSubstr("4 of 4"));
}

TEST_F(NoModelTest, ExplainAndImportanceSayUnavailable) {
  for (const std::string& body : {PresetBody(0), WindowBody(1)}) {
    const Reply reply = Inference("POST", "/explain", body);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.json()["method"], "unavailable");
    EXPECT_EQ(reply.json()["local_importance"], Json::array());
  }
  EXPECT_EQ(Inference("GET", "/global_importance").json()["method"], "unavailable");
  for (const auto& [name, model] : Inference("GET", "/models").json()["models"].items()) {
    EXPECT_EQ(model["status"], "unavailable") << name;
  }
}

// Fault 2: no restart, no failed request, and the reply says which version answered.
TEST_F(NoModelTest, PromotedVersionsAreTakenUpWhileRequestsRun) {
  std::atomic<bool> stop = false;
  std::atomic<int> failed = 0;
  RegistryWatchOptions options;
  options.every = std::chrono::milliseconds(1);
  options.changed = [this] { inference_api_->ModelsChanged(); };
  const RegistryWatch watch(engine_.get(), registry_.get(), options);
  const std::string name = plant_.ModelName(kChampionSuffix);
  Add(*registry_, name, Classifier(plant_, "xgboost_calibrated", 1));
  const auto served = [&] {
    const http::Response reply =
        inference_.router->Dispatch(MakeRequest("POST", "/predict", PresetBody(0), {}));
    return reply.status == 200 ? Json::parse(reply.body)["model"]["version"].get<int>() : -reply.status;
  };
  while (served() != 1) std::this_thread::yield();
  std::thread asking([&] {
    while (!stop) {
      if (served() < 0) ++failed;
    }
  });
  for (int version = 2; version < 6; ++version) {
    Add(*registry_, name, Classifier(plant_, "xgboost_calibrated", static_cast<uint64_t>(version)));
    ASSERT_TRUE(registry_->SetAlias(name, kChampionAlias, version).ok());
    while (served() != version) std::this_thread::yield();
  }
  stop = true;
  asking.join();
  EXPECT_EQ(failed, 0);
  while (Metric(inference_, R"(inference_model_info{name="plant_alarm_champion",version="5"})") != 1) {
    std::this_thread::yield();
  }
  EXPECT_EQ(Metric(inference_, R"(inference_model_info{name="plant_alarm_champion",version="1"})"), -1);
}

// The files of a version that is promoted while the store behind the registry is away are fetched when it is
// back, though nothing has changed in the registry since.
TEST_F(NoModelTest, AVersionThatWasOutOfReachIsTakenUpLater) {
  const std::string name = plant_.ModelName(kChampionSuffix);
  Add(*registry_, name, Classifier(plant_, "xgboost_calibrated", 1));
  std::optional<uint64_t> seen;
  ASSERT_TRUE(RegistryWatch::LookOnce(*engine_, *registry_, &seen).ok());
  StoreAway away(registry_.get());
  Add(*registry_, name, Classifier(plant_, "xgboost_calibrated", 2));
  ASSERT_TRUE(registry_->SetAlias(name, kChampionAlias, 2).ok());
  const auto served = [&] { return engine_->Find("")->get()->version().version; };
  for (int look = 0; look < 3; ++look) {
    ASSERT_TRUE(RegistryWatch::LookOnce(*engine_, away, &seen).ok());
    EXPECT_EQ(served(), 1);
  }
  EXPECT_EQ(away.asked, 3);
  away.is_away = false;
  ASSERT_TRUE(*RegistryWatch::LookOnce(*engine_, away, &seen));
  EXPECT_EQ(served(), 2);
  // What is wrong for good is not asked for again.
  ASSERT_FALSE(*RegistryWatch::LookOnce(*engine_, away, &seen));
  EXPECT_EQ(away.asked, 4);
}

// The Open Inference Protocol ------------------------------------------------------------------------------

class OpenInferenceTest : public ServicesTest {
 protected:
  static std::string Tensor(const Json& shape, const Json& data) {
    return Json{{"id", "a1"},
                {"inputs", {{{"name", "features"}, {"datatype", "FP64"}, {"shape", shape}, {"data", data}}}}}
        .dump();
  }
  Json Row() const {
    Json row = Json::array();
    const Json features = Json::parse(PresetBody(0))["features"];
    for (const std::string& name : plant_.features.point) row.push_back(features[name]);
    return row;
  }
};

TEST_F(OpenInferenceTest, MetadataNamesInputsAndOutputs) {
  EXPECT_EQ(Inference("GET", "/v2").json()["name"], "forewarn");
  const Json model = Inference("GET", "/v2/models/plant_alarm_champion").json();
  EXPECT_EQ(model["versions"], Json({"1"}));
  EXPECT_EQ(model["inputs"][0]["shape"], Json({-1, 28}));
  EXPECT_EQ(model["features"], Json(plant_.features.point));
  EXPECT_EQ(Inference("GET", "/v2/models/plant_alarm_champion/versions/1/ready").json()["ready"], true);
  EXPECT_EQ(Inference("GET", "/v2/models/plant_alarm_forecaster_3h").json()["inputs"][0]["shape"],
            Json({-1, 135}));
}

TEST_F(OpenInferenceTest, ScoresAreThoseOfPredictFlatAndNested) {
  const double risk = Inference("POST", "/predict", PresetBody(0)).json()["risk_score"];
  Json flat = Row();
  for (const Json& value : Row()) flat.push_back(value);
  const std::string path = "/v2/models/plant_alarm_champion/infer";
  for (const std::string& body : {Tensor({2, 28}, flat), Tensor({2, 28}, Json::array({Row(), Row()}))}) {
    const Json reply = Inference("POST", path, body).json();
    EXPECT_EQ(reply["id"], "a1");
    EXPECT_EQ(reply["model_version"], "1");
    EXPECT_EQ(reply["outputs"][0]["shape"], Json({2, 1}));
    EXPECT_EQ(reply["outputs"][0]["data"], Json({risk, risk}));
  }
  EXPECT_EQ(Inference("POST", path, Tensor({1, 28}, Row())).json()["outputs"][0]["data"], Json({risk}));
  // 1.0 is the whole number 1, and an integer beyond 64 bits is a number like others.
  Json body = Json::parse(Tensor({1.0, 28.0}, Row()));
  body["parameters"]["n"] = "N";
  std::string text = body.dump();
  text.replace(text.find("\"N\""), 3, "70197503077015879680");
  EXPECT_EQ(Inference("POST", path, text).json()["outputs"][0]["data"], Json({risk}));
}

TEST_F(OpenInferenceTest, FaultsHavePointersAndTheProtocolsError) {
  const std::string path = "/v2/models/plant_alarm_champion/infer";
  int status = 0;
  const auto pointers = [&](const std::string& body) {
    const Reply reply = Inference("POST", path, body);
    EXPECT_EQ(reply.status, status) << body;
    EXPECT_NE(reply.json().value("error", ""), "") << body;
    return reply.Pointers();
  };
  // Of the right form, but it does not fit the model or itself.
  status = 409;
  EXPECT_THAT(pointers(Tensor({1, 2}, {1, 2})), ElementsAre("/inputs/0/shape"));
  EXPECT_THAT(pointers(Tensor({2, 28}, Row())), ElementsAre("/inputs/0/data"));
  EXPECT_THAT(pointers(Tensor({2, 28}, Json::array({Row(), {1}}))), ElementsAre("/inputs/0/data/1"));
  Json body = Json::parse(Tensor({1, 28}, Row()));
  body["outputs"] = Json::array({{{"name", "nobody"}}});
  EXPECT_THAT(pointers(body.dump()), ElementsAre("/outputs/0/name"));
  status = 422;
  Json row = Row();
  row[3] = "51";
  EXPECT_THAT(pointers(Tensor({1, 28}, row)), Contains("/inputs/0/data/3"));
  EXPECT_THAT(pointers(Tensor({1, 28}, Json::array({row}))), Contains("/inputs/0/data/0/3"));
  EXPECT_THAT(pointers("{}"), ElementsAre("/inputs"));
  EXPECT_THAT(pointers(R"({"inputs":[{}]})"),
              ElementsAre("/inputs/0/name", "/inputs/0/datatype", "/inputs/0/shape"));
  EXPECT_EQ(Inference("POST", path, "{").status, 400);
}

TEST_F(OpenInferenceTest, UnknownModelsAndVersionsListTheKnown) {
  const Reply model = Inference("GET", "/v2/models/nobody");
  EXPECT_EQ(model.status, 404);
  EXPECT_THAT(model.body, HasSubstr("plant_alarm_champion"));
  EXPECT_EQ(Inference("GET", "/v2/models/plant_alarm_champion/versions/7").status, 404);
  EXPECT_EQ(Inference("GET", "/v2/models/plant_alarm_pca").status, 503);
}

}  // namespace
}  // namespace inference_api_test
}  // namespace forewarn::api_test
