#include "scoring/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <thread>

#include "scoring/engine_fixture.h"
#include "scoring/reply_json.h"

namespace forewarn::scoring_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(EngineTest, PredictIsThePredictorsScoreOfTheNamedInputs) {
  Add("x_champion", PointModel(1));
  const auto engine = Loaded();
  std::vector<Fault> faults;
  const auto reply = engine->Predict(
      Point(
          R"({"features":{"Q":0.5,"p":-1,"HOUR_OF_DAY":3,"p_roll_std":1,"p_delta":0,"p_roll_mean":2,"z":1,"t":"x"}})"),
      &faults);
  ASSERT_TRUE(reply.ok()) << reply.message();
  const double row[6] = {-1, 0.5, 3, 2, 1, 0};
  EXPECT_EQ(reply->score, Predictor::Build(PointModel(1))->Score(row));
  EXPECT_THAT(reply->imputed, IsEmpty());
  EXPECT_THAT(reply->ignored, ElementsAre("z", "t"));
  EXPECT_EQ(reply->threshold, 0.375);
  EXPECT_EQ(reply->alarm, reply->score >= 0.375);
  EXPECT_EQ(reply->status, InputStatus::kOk);
  EXPECT_THAT(ToJson(*reply, *engine),
              HasSubstr(R"("model":{"name":"x_champion","version":1,"skill":"no skill shown"})"));
}

TEST_F(EngineTest, MissingInputsAreImputedByRuleAndNamed) {
  Add("x_champion", PointModel(1));
  const auto engine = Loaded();
  std::vector<Fault> faults;
  PredictRequest request = Point(R"({"p":-1,"failures_48":7})");
  auto reply = engine->Predict(request, &faults);
  ASSERT_TRUE(reply.ok()) << reply.message();
  const double row[6] = {-1, 20, 12, -1, 0, 0};  // q, hour: medians; mean: the sensor; std, delta: 0
  EXPECT_EQ(reply->score, Predictor::Build(PointModel(1))->Score(row));
  EXPECT_THAT(reply->imputed, ElementsAre("q", "hour_of_day", "p_roll_mean", "p_roll_std", "p_delta"));
  EXPECT_THAT(reply->ignored, IsEmpty()) << "the history sum is known, though no input";
  EXPECT_EQ(reply->failure_frequency, 7);
  request.plant_time = 5 * kHour;
  reply = engine->Predict(request, &faults);
  const double at_five[6] = {-1, 20, 5, -1, 0, 0};
  EXPECT_EQ(reply->score, Predictor::Build(PointModel(1))->Score(at_five));
  // A sensor that is missing itself passes its median on.
  reply = engine->Predict(Point(R"({"q":1})"), &faults);
  const double without_p[6] = {10, 1, 12, 10, 0, 0};
  EXPECT_EQ(reply->score, Predictor::Build(PointModel(1))->Score(without_p));
}

TEST_F(EngineTest, WithoutMediansEveryInputHasToBeGiven) {
  Model model = PointModel(1);
  model.info.medians.clear();
  Add("x_champion", model);
  const auto engine = Loaded();
  std::vector<Fault> faults;
  EXPECT_FALSE(engine->Predict(Point(R"({"p":-1})"), &faults).ok());
  ASSERT_EQ(faults.size(), 2u) << "rolling columns have their rules";
  EXPECT_EQ(faults[0].pointer, "/q");
  EXPECT_EQ(faults[1].pointer, "/hour_of_day");
}

TEST_F(EngineTest, FaultsAreAllToldWithTheirPointers) {
  Add("x_champion", PointModel(1));
  const auto engine = Loaded();
  const auto pointers = [&](const std::string& body) {
    std::vector<Fault> faults;
    const auto request = ParsePredict(body, &faults);
    if (request.ok()) {
      const auto reply = engine->Predict(*request, &faults);
      EXPECT_FALSE(reply.ok());
      EXPECT_EQ(reply.status().code(), Code::kInvalid);
    }
    std::vector<std::string> out;
    for (const Fault& fault : faults) out.push_back(fault.pointer);
    return out;
  };
  EXPECT_THAT(pointers(R"({"features":{"p":"1","q":true,"hour_of_day":null}})"),
              ElementsAre("/features/p", "/features/q", "/features/hour_of_day"));
  EXPECT_THAT(pointers(R"({"p":[1],"q":{}})"), ElementsAre("/p", "/q"));
  EXPECT_THAT(pointers(R"({"features":{}})"), ElementsAre("/features"));
  EXPECT_THAT(pointers(R"({"features":{"nobody":1}})"), ElementsAre("/features"));
  EXPECT_THAT(pointers(R"({"features":[1]})"), ElementsAre("/features"));
  EXPECT_THAT(pointers(R"({"features":{"p":1,"P":2}})"), ElementsAre("/features/P"));
  EXPECT_THAT(pointers(R"([1])"), ElementsAre(""));
  EXPECT_THAT(pointers(R"({"features":{"failures_48":"x","p":1}})"), ElementsAre("/features/failures_48"));
  EXPECT_THAT(pointers(R"({"features":{"failures_48":-1,"p":1}})"), ElementsAre("/features/failures_48"));
  EXPECT_THAT(pointers(R"({"features":{"p":1.1e12,"q":-1e300}})"), ElementsAre("/features/p", "/features/q"));
}

TEST_F(EngineTest, BatchGivesWhatOneByOneGives) {
  Add("x_champion", PointModel(1));
  const auto engine = Loaded();
  std::vector<Fault> faults;
  const auto rows = ParseBatch(R"({"rows":[{"p":-1,"q":2},{"q":30,"hour_of_day":4,"z":1}]})", &faults);
  ASSERT_TRUE(rows.ok()) << rows.message();
  const auto replies = engine->PredictBatch(*rows, &faults);
  ASSERT_TRUE(replies.ok()) << replies.message();
  ASSERT_EQ(replies->size(), 2u);
  EXPECT_EQ(ToJson((*replies)[0], *engine),
            ToJson(*engine->Predict(Point(R"({"p":-1,"q":2})"), &faults), *engine));
  EXPECT_EQ(ToJson((*replies)[1], *engine),
            ToJson(*engine->Predict(Point(R"({"q":30,"hour_of_day":4,"z":1})"), &faults), *engine));
}

TEST_F(EngineTest, BatchFaultsNameTheirRow) {
  Add("x_champion", PointModel(1));
  const auto engine = Loaded();
  const auto pointers = [&](const std::string& body) {
    std::vector<Fault> faults;
    const auto rows = ParseBatch(body, &faults);
    if (rows.ok()) {
      EXPECT_FALSE(engine->PredictBatch(*rows, &faults).ok());
    }
    std::vector<std::string> out;
    for (const Fault& fault : faults) out.push_back(fault.pointer);
    return out;
  };
  EXPECT_THAT(pointers(R"({"rows":[{"p":1},{"p":"1"},{},{"p":1}]})"), ElementsAre("/rows/1/p", "/rows/2"));
  EXPECT_THAT(pointers(R"({"rows":[{"p":1},7]})"), ElementsAre("/rows/1"));
  EXPECT_THAT(pointers(R"({"rows":[]})"), ElementsAre("/rows"));
  EXPECT_THAT(pointers(R"({"row":[{"p":1}]})"), ElementsAre("/row", "/rows"));
  EXPECT_THAT(pointers(R"({"rows":{"p":1}})"), ElementsAre("/rows"));
  std::string many = R"({"rows":[{"p":1})";
  for (size_t i = 0; i < kMaxBatchRows; ++i) many += ",{}";
  EXPECT_THAT(pointers(many + "]}"), ElementsAre("/rows"));
  std::vector<Fault> faults;
  const ScoringEngine unloaded(EnginePlant(), {});
  EXPECT_EQ(unloaded.PredictBatch(*ParseBatch(R"({"rows":[{"p":1}]})", &faults), &faults).status().code(),
            Code::kUnavailable);
}

TEST_F(EngineTest, WhatIsNotJsonHasNoPointer) {
  for (const char* body : {"", "{", "{\"p\":NaN}", "{\"p\":1e999}", "nul", "{\"p\":1}}", "{\"\xff\":1}",
                           "{\"p\":\"\\ud800\"}"}) {
    std::vector<Fault> faults;
    EXPECT_FALSE(ParsePredict(body, &faults).ok()) << body;
    EXPECT_TRUE(faults.empty()) << body;
  }
  std::vector<Fault> faults;
  EXPECT_FALSE(ParsePredict(std::string(100000, '['), &faults).ok());
  faults.clear();
  const auto beyond = ParsePredict(R"({"features":{"a":123456789012345678901}})", &faults);
  ASSERT_TRUE(beyond.ok());
  EXPECT_EQ(beyond->features[0].value, 123456789012345678901.0);
}

TEST_F(EngineTest, ThresholdIsTheOptionsElseTheVersions) {
  Add("x_champion", PointModel(1));
  EngineOptions options;
  options.alarm_threshold = 0.0;
  const auto engine = Loaded(options);
  std::vector<Fault> faults;
  const auto reply = engine->Predict(Point(R"({"p":1})"), &faults);
  EXPECT_EQ(reply->threshold, 0.0);
  EXPECT_EQ(reply->alarm, 1);
}

TEST_F(EngineTest, InputsBeyondTheMonitorsLimitsAreMarkedNotRefused) {
  Add("x_champion", PointModel(1));
  Add("x_forecaster_1h", WindowModel(2, 1));
  Add("x_pca", MonitorModel());
  const auto engine = Loaded();
  std::vector<Fault> faults;
  EXPECT_EQ(engine->Predict(Point(R"({"p":2.9,"q":0})"), &faults)->status, InputStatus::kOk);
  EXPECT_EQ(engine->Predict(Point(R"({"p":3.1,"q":0})"), &faults)->status,
            InputStatus::kOutsideTrainingRange);
  auto request = ParseForecast(R"([{"p":0,"q":0},{"p":0,"q":0},{"p":0,"q":4}])", &faults);
  EXPECT_EQ(engine->Forecast(*request, &faults)->status, InputStatus::kOutsideTrainingRange);
  request->stale = true;
  EXPECT_EQ(engine->Forecast(*request, &faults)->status, InputStatus::kStale);
}

TEST_F(EngineTest, ForecastTakesTheNewestWindow) {
  Add("x_forecaster_3h", WindowModel(2, 3));
  const auto engine = Loaded();
  std::vector<Fault> faults;
  const auto request = ParseForecast(
      R"({"horizon":3,"recent_observations":[{"p":9,"q":9},{"p":1,"q":2},{"P":3,"q":4,"timestamp":"x"},{"p":5,"q":7}],"note":1})",
      &faults);
  ASSERT_TRUE(request.ok()) << request.message();
  const auto reply = engine->Forecast(*request, &faults);
  ASSERT_TRUE(reply.ok()) << reply.message();
  const double rows[6] = {1, 2, 3, 4, 5, 7};
  float window[12];
  WindowFeatures(rows, 2, 3, window);
  const std::vector<double> inputs(window, window + 12);
  EXPECT_EQ(reply->probability, Predictor::Build(WindowModel(2, 3))->Score(inputs.data()));
  EXPECT_EQ(reply->horizon_hours, 3);
  EXPECT_EQ(reply->observations, 4u);
  EXPECT_EQ(reply->threshold, 0.6);
  EXPECT_THAT(reply->ignored, ElementsAre("timestamp", "note"));
}

TEST_F(EngineTest, ForecastRejectsFewRowsMissingSensorsAndUnknownHorizons) {
  Add("x_forecaster_1h", WindowModel(2, 1));
  const auto engine = Loaded();
  const auto faults_of = [&](const std::string& body) {
    std::vector<Fault> faults;
    const auto request = ParseForecast(body, &faults);
    if (request.ok()) {
      EXPECT_FALSE(engine->Forecast(*request, &faults).ok());
    }
    std::vector<std::string> out;
    for (const Fault& fault : faults) out.push_back(fault.pointer);
    return out;
  };
  EXPECT_THAT(faults_of(R"({"recent_observations":[{"p":1,"q":1},{"p":1,"q":1}]})"),
              ElementsAre("/recent_observations"));
  EXPECT_THAT(
      faults_of(R"({"recent_observations":[{"p":1},{"p":"1","q":1},{"p":1,"q":null}]})"),
      ElementsAre("/recent_observations/0/q", "/recent_observations/1/p", "/recent_observations/2/q"));
  EXPECT_THAT(faults_of(R"({"horizon":2,"recent_observations":[{"p":1,"q":1}]})"), ElementsAre("/horizon"));
  EXPECT_THAT(faults_of(R"({"horizon":"1","recent_observations":[]})"), ElementsAre("/horizon"));
  EXPECT_THAT(faults_of(R"({"horizon":1})"), ElementsAre("/recent_observations"));
  EXPECT_THAT(faults_of(R"([{"p":1,"P":1,"q":1},{"p":1,"q":1},{"p":1,"q":1}])"),
              ElementsAre("/recent_observations/0/P"));
  EXPECT_THAT(faults_of(R"({"recent_observations":[1]})"), ElementsAre("/recent_observations/0"));
  std::vector<Fault> faults;
  const auto request = ParseForecast(R"({"horizon":3,"recent_observations":[{"p":1,"q":1}]})", &faults);
  EXPECT_EQ(engine->Forecast(*request, &faults).status().code(), Code::kUnavailable)
      << "known, but not loaded";
}

TEST_F(EngineTest, ExplanationsAddUpAndAreSorted) {
  Add("x_champion", PointModel(1));
  Add("x_forecaster_1h", WindowModel(2, 1));
  const auto engine = Loaded();
  std::vector<Fault> faults;
  const auto point = engine->Explain(Point(R"({"p":0.3,"q":-1})"), &faults);
  const auto forecast_request = ParseForecast(R"([{"p":0,"q":1},{"p":1,"q":0},{"p":2,"q":4}])", &faults);
  const auto forecast = engine->ExplainForecast(*forecast_request, &faults);
  for (const auto* reply : {&point, &forecast}) {
    ASSERT_TRUE(reply->ok()) << reply->message();
    const ExplainReply& e = **reply;
    double sum = e.base_value;
    for (const Driver& d : e.drivers) sum += d.shap_value;
    EXPECT_NEAR(sum, e.output_value, 1e-6);
    for (size_t i = 1; i < e.drivers.size(); ++i) {
      EXPECT_GE(std::abs(e.drivers[i - 1].shap_value), std::abs(e.drivers[i].shap_value));
    }
    EXPECT_EQ(e.output, "log-odds");
    EXPECT_EQ(e.method, "shap_tree");
    EXPECT_TRUE(e.risk_score.has_value());
  }
  EXPECT_EQ(point->drivers.size(), 6u);
  ASSERT_EQ(forecast->drivers.size(), 2u) << "one driver a sensor";
  for (const Driver& d : forecast->drivers) EXPECT_EQ(d.value, d.feature == "p" ? 2 : 4);
}

TEST_F(EngineTest, WithoutAModelEveryAnswerSaysSo) {
  const auto engine = std::make_unique<ScoringEngine>(EnginePlant(), EngineOptions{});
  std::vector<Fault> faults;
  EXPECT_EQ(engine->Predict(Point(R"({"p":1})"), &faults).status().code(), Code::kUnavailable);
  ASSERT_TRUE(engine->Reload(*registry_).ok());
  EXPECT_EQ(engine->Predict(Point(R"({"p":1})"), &faults).status().code(), Code::kUnavailable);
  EXPECT_EQ(engine->Explain(Point(R"({"p":1})"), &faults)->method, "unavailable");
  EXPECT_EQ(engine->Importance().method, "unavailable");
  const auto states = engine->Models();
  EXPECT_EQ(states.size(), 9u) << "seven names and two horizons";
  for (const ModelState& state : states) {
    EXPECT_EQ(state.model, nullptr);
    EXPECT_FALSE(state.reason.empty());
  }
  EXPECT_THAT(ModelsToJson(states), HasSubstr(R"("x_champion":{"status":"unavailable","reason":)"));
}

TEST_F(EngineTest, ReloadTakesUpAPromotionAndKeepsWhatCannotBeReplaced) {
  Add("x_champion", PointModel(1));
  const auto engine = std::make_unique<ScoringEngine>(EnginePlant(), EngineOptions{});
  EXPECT_TRUE(*engine->Reload(*registry_));
  EXPECT_FALSE(*engine->Reload(*registry_)) << "nothing changed";
  Add("x_champion", PointModel(2));
  ASSERT_TRUE(registry_->Promote({"x_champion", 0, 1, "manual", "", 0}).ok());
  EXPECT_TRUE(*engine->Reload(*registry_)) << "the alias is new, the version is not";
  EXPECT_EQ((*engine->Find(""))->version().version, 1);
  ASSERT_TRUE(registry_->Promote({"x_champion", 1, 2, "manual", "", 0}).ok());
  EXPECT_TRUE(*engine->Reload(*registry_));
  EXPECT_EQ((*engine->Find(""))->version().version, 2);
  Add("x_champion", PointModel(3));
  std::filesystem::remove(scratch_.path() / "models" / "x_champion" / "3" / "model.onnx");
  ASSERT_TRUE(registry_->Promote({"x_champion", 2, 3, "manual", "", 0}).ok());
  ASSERT_TRUE(engine->Reload(*registry_).ok());
  EXPECT_EQ((*engine->Find(""))->version().version, 2);
  for (const ModelState& state : engine->Models()) {
    if (state.name != "x_champion") continue;
    EXPECT_THAT(state.reason, HasSubstr("model.onnx is missing; version 2 stays in service"));
  }
}

TEST_F(EngineTest, ReadersAreAnsweredByOneVersionWhileChampionsChange) {
  Add("x_champion", PointModel(1));
  Add("x_champion", PointModel(2));
  ASSERT_TRUE(registry_->Promote({"x_champion", 0, 1, "manual", "", 0}).ok());
  const auto engine = Loaded();
  const PredictRequest request = Point(R"({"p":-1,"q":0.5})");
  double expected[3] = {0, 0, 0};
  for (const int v : {1, 2}) {
    const double row[6] = {-1, 0.5, 12, -1, 0, 0};
    expected[v] = Predictor::Build(PointModel(v))->Score(row);
  }
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::jthread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      while (!stop) {
        std::vector<Fault> faults;
        const auto reply = engine->Predict(request, &faults);
        wrong += !reply.ok() || reply->score != expected[reply->model->version().version];
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const int to = i % 2 == 0 ? 2 : 1;
    ASSERT_TRUE(registry_->Promote({"x_champion", 3 - to, to, "manual", "", 0}).ok());
    ASSERT_TRUE(*engine->Reload(*registry_));
  }
  stop = true;
  readers.clear();
  EXPECT_EQ(wrong, 0);
}

TEST_F(EngineTest, RecommendFollowsTheRule) {
  const ScoringEngine engine(EnginePlant(), {});
  const auto urgency = [&](double failures, double risk) {
    return std::string(engine.Recommend({failures, risk, {}}).urgency);
  };
  EXPECT_EQ(urgency(5, 0.8), "high");
  EXPECT_EQ(urgency(5, 0.79), "medium");
  EXPECT_EQ(urgency(4, 1), "medium");
  EXPECT_EQ(urgency(0, 0.6), "medium");
  EXPECT_EQ(urgency(3, 0), "medium");
  EXPECT_EQ(urgency(2, 0.59), "low");
  std::vector<Fault> faults;
  EXPECT_FALSE(ParseRecommend(R"({"risk_score":17,"failures_48":-3})", "failures_48", &faults).ok());
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].pointer, "/risk_score");
  EXPECT_EQ(faults[1].pointer, "/failures_48");
  faults.clear();
  const auto defaults = ParseRecommend("{}", "failures_48", &faults);
  ASSERT_TRUE(defaults.ok());
  EXPECT_EQ(defaults->risk_score, 0);
}

}  // namespace
}  // namespace forewarn::scoring_test
