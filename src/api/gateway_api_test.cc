#include "api/gateway_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "api/api_fixture.h"
#include "http/raw_client.h"

namespace forewarn::api_test {
namespace gateway_api_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class GatewayTest : public ServedTest {};

// Inferences and history -----------------------------------------------------------------------------------

TEST_F(GatewayTest, PredictAddsARecommendationAndIsStored) {
  SignInAs("ada");
  const Reply reply = Gateway("POST", "/infer/predict", PresetBody(1));
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json json = reply.json();
  EXPECT_EQ(json["failure_frequency"], 9);
  EXPECT_EQ(json["risk_score"], Inference("POST", "/predict", PresetBody(1)).json()["risk_score"]);
  const Json rows = Gateway("GET", "/history").json();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["id"], json["id"]);
  EXPECT_EQ(rows[0]["type"], "predict");
  EXPECT_EQ(rows[0]["input"], Json::parse(PresetBody(1))["features"]);
  EXPECT_EQ(rows[0]["result"]["risk_score"], json["risk_score"]);
  EXPECT_EQ(rows[0]["result"]["urgency"], json["urgency"]);
  EXPECT_EQ(rows[0]["ts"], json["ts"]);
  EXPECT_EQ(Metric(gateway_, R"(gateway_infer_total{type="predict"})"), 1);
  EXPECT_EQ(Metric(gateway_, R"(gateway_infer_latency_seconds_count{type="predict"})"), 1);
  EXPECT_EQ(Metric(gateway_, R"(gateway_infer_total{type="auto"})"), 0);
}

TEST_F(GatewayTest, PredictWithoutACountTakesTheWatchs) {
  SignInAs("ada");
  const Json reply = Gateway("POST", "/infer/predict", R"({"features":{"te301020":107}})").json();
  EXPECT_EQ(reply["failure_frequency"], monitor_->AlarmHours());
}

TEST_F(GatewayTest, ForecastIsStoredWithItsWindow) {
  SignInAs("ada");
  Json body = Json::parse(WindowBody(3));
  body["recent_observations"].insert(body["recent_observations"].begin(), body["recent_observations"][0]);
  const Reply reply = Gateway("POST", "/infer/forecast", body.dump());
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json row = Gateway("GET", "/history?type=forecast").json()[0];
  EXPECT_EQ(row["type"], "forecast_3h");
  EXPECT_EQ(row["input"]["horizon"], 3);
  EXPECT_EQ(row["input"]["n_obs"], 13);
  EXPECT_EQ(row["input"]["recent_observations"].size(), 12U);
  EXPECT_EQ(row["input"]["recent_observations"][11], body["recent_observations"][12]);
  // What the models take, the history takes: an integer beyond 64 bits under a key nobody reads.
  std::string large = body.dump();
  large.replace(0, 1, "{\"note\":70197503077015879680,");
  EXPECT_EQ(Gateway("POST", "/infer/forecast", large).status, 200);
}

// Fault 8: what is explained is this forecast, with every input.
TEST_F(GatewayTest, AutoForecastsTheLivePlantAndExplainsIt) {
  SignInAs("ada");
  const Reply reply = Gateway("POST", "/infer/auto");
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json json = reply.json();
  EXPECT_EQ(json["n_observations"], 20);
  EXPECT_EQ(json["horizon_hours"], 1);
  EXPECT_EQ(json["sensor_snapshot"].size(), 9U);
  ASSERT_EQ(json["top_drivers"].size(), 3U);
  double sum = json["explanation"]["base_value"];
  for (const Json& driver : json["explanation"]["local_importance"])
    sum += driver["shap_value"].get<double>();
  EXPECT_NEAR(sum, json["explanation"]["output_value"], 1e-6);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(json["top_drivers"][i], json["explanation"]["local_importance"][i]);
  const Json row = Gateway("GET", "/history").json()[0];
  EXPECT_EQ(row["type"], "auto_1h");
  EXPECT_EQ(row["input"]["sensor_snapshot"], json["sensor_snapshot"]);
  EXPECT_EQ(row["input"]["scenario"], "normal");
}

// Faults 9 and 15: the caller's fault is told to the caller, in the same words, with the same pointers.
TEST_F(GatewayTest, FaultsOfAnInferenceArePassedOnAndNotStored) {
  SignInAs("ada");
  for (const char* path : {"/infer/predict", "/infer/explain"}) {
    EXPECT_THAT(Gateway("POST", path, R"({"features":{"te301020":"107"}})").Pointers(),
                ElementsAre("/features/te301020"));
    EXPECT_EQ(Gateway("POST", path, R"({"features":{"te301020":NaN}})").status, 400);
  }
  EXPECT_THAT(Gateway("POST", "/infer/forecast", R"({"horizon":2,"recent_observations":[]})").Pointers(),
              ElementsAre("/horizon"));
  EXPECT_EQ(Gateway("GET", "/history").json(), Json::array());
  EXPECT_EQ(Metric(gateway_, R"(gateway_infer_total{type="predict"})"), 0) << "successes are counted";
}

TEST_F(GatewayTest, ExplainAndImportancesAreNotStored) {
  SignInAs("ada");
  EXPECT_EQ(Gateway("POST", "/infer/explain", PresetBody(0)).body,
            Inference("POST", "/explain", PresetBody(0)).body);
  EXPECT_EQ(Gateway("GET", "/infer/global_importance").body, Inference("GET", "/global_importance").body);
  EXPECT_EQ(Gateway("GET", "/models").body, Inference("GET", "/models").body);
  EXPECT_EQ(Gateway("GET", "/history/count").json()["count"], 0);
}

class HistoryTest : public ServicesTest {
 protected:
  void SetUp() override {
    Begin(true);
    SignInAs("ada");
    for (int i = 0; i < 5; ++i) {
      now_us_ += kMinute;
      ids_.push_back(Gateway("POST", i % 2 == 0 ? "/infer/predict" : "/infer/forecast",
                             i % 2 == 0 ? PresetBody(0) : WindowBody(1))
                         .json()["id"]);
    }
  }
  std::vector<int64_t> Listed(const std::string& query) {
    std::vector<int64_t> out;
    for (const Json& row : Gateway("GET", "/history" + query).json()) out.push_back(row["id"]);
    return out;
  }
  std::vector<int64_t> ids_;
};

TEST_F(HistoryTest, NewestComesFirstAndPagesGoBack) {
  EXPECT_THAT(Listed(""), ElementsAre(ids_[4], ids_[3], ids_[2], ids_[1], ids_[0]));
  EXPECT_THAT(Listed("?limit=2"), ElementsAre(ids_[4], ids_[3]));
  EXPECT_THAT(Listed("?limit=2&before=" + std::to_string(ids_[3])), ElementsAre(ids_[2], ids_[1]));
  EXPECT_THAT(Listed("?type=fore"), ElementsAre(ids_[3], ids_[1]));
  EXPECT_THAT(Listed("?from=2026-01-05T08:02:00Z&to=2026-01-05T09:04:00%2B01:00"),
              ElementsAre(ids_[2], ids_[1]));
  EXPECT_EQ(Gateway("GET", "/history/count?type=predict").json()["count"], 3);
}

// Faults 10 and 17: a limit that is none is no "all" and no 500.
TEST_F(HistoryTest, WrongParametersAre422) {
  for (const char* query : {"?limit=0", "?limit=-1", "?limit=1001", "?limit=99999999999999999999", "?limit=x",
                            "?limit=1&limit=2", "?before=0", "?before=x", "?type=A", "?from=yesterday",
                            "?from=2026-01-05T08:00:00", "?to=2026-13-05T08:00:00Z"}) {
    EXPECT_EQ(Gateway("GET", std::string("/history") + query).status, 422) << query;
  }
}

// Fault 11: another's row is not there, and is not deleted.
TEST_F(HistoryTest, EverybodySeesAndDeletesTheirOwn) {
  const std::string ada = token_;
  SignInAs("grace");
  EXPECT_THAT(Listed(""), IsEmpty());
  EXPECT_EQ(Gateway("DELETE", "/history/" + std::to_string(ids_[0])).status, 404);
  EXPECT_EQ(Gateway("DELETE", "/history").json()["count"], 0);
  token_ = ada;
  EXPECT_EQ(Listed("").size(), 5U);
}

TEST_F(HistoryTest, ADeletedRowComesBackByUndo) {
  const std::string row = "/history/" + std::to_string(ids_[2]);
  EXPECT_EQ(Gateway("DELETE", row).json(), Json({{"deleted", ids_[2]}}));
  EXPECT_THAT(Listed(""), ElementsAre(ids_[4], ids_[3], ids_[1], ids_[0]));
  EXPECT_EQ(Gateway("DELETE", row).status, 404);
  EXPECT_EQ(Gateway("POST", row + "/restore").json(), Json({{"restored", ids_[2]}}));
  EXPECT_EQ(Listed("").size(), 5U);
  EXPECT_EQ(Gateway("POST", row + "/restore").status, 404);
}

TEST_F(HistoryTest, AClearedHistoryComesBackByUndo) {
  const Json cleared = Gateway("DELETE", "/history").json();
  EXPECT_EQ(cleared["cleared"], true);
  EXPECT_EQ(cleared["count"], 5);
  EXPECT_THAT(Listed(""), IsEmpty());
  const Reply back = Gateway("POST", "/history/restore", Json{{"undo", cleared["undo"]}}.dump());
  EXPECT_EQ(back.json()["restored"], 5);
  EXPECT_EQ(Listed("").size(), 5U);
}

TEST_F(HistoryTest, IdsThatAreNoneAre422) {
  for (const char* id : {"0", "-1", "x", "99999999999999999999", "1.5"}) {
    EXPECT_EQ(Gateway("DELETE", std::string("/history/") + id).status, 422) << id;
  }
}

TEST_F(HistoryTest, DeletionsAreAudited) {
  EXPECT_EQ(Gateway("DELETE", "/history").status, 200);
  bool found = false;
  for (int i = 0; i < 1000 && !found; ++i) {
    const auto rows = store_->ListAudit(0, 100);
    ASSERT_TRUE(rows.ok());
    for (const AuditRow& row : *rows) found = found || row.action == "delete";
  }
  EXPECT_TRUE(found);
}

TEST_F(HistoryTest, ExportIsACsvOfOnesOwnRows) {
  const Reply reply = Gateway("GET", "/history.csv?type=predict");
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.content_type, HasSubstr("text/csv"));
  EXPECT_THAT(reply.Header("Content-Disposition"), HasSubstr("attachment"));
  EXPECT_EQ(std::count(reply.body.begin(), reply.body.end(), '\n'), 4);
  EXPECT_THAT(reply.body, HasSubstr("id,ts,type,risk"));
}

// The plant, live ------------------------------------------------------------------------------------------

TEST_F(GatewayTest, ThePlantIsSeenThroughTheGateway) {
  SignInAs("ada");
  EXPECT_EQ(Gateway("GET", "/sensors/live").body, Sensors("GET", "/sensors/live").body);
  EXPECT_EQ(Gateway("GET", "/sensors/history?n=5").body, Sensors("GET", "/sensors/history?n=5").body);
  EXPECT_EQ(Gateway("GET", "/sensors/meta").body, Sensors("GET", "/sensors/meta").body);
  EXPECT_EQ(Gateway("POST", "/scenarios/activate", R"({"name":"pressure_rise"})").json()["active"],
            "pressure_rise");
  EXPECT_EQ(Gateway("GET", "/scenarios").json()["active"], "pressure_rise");
  EXPECT_EQ(Gateway("POST", "/scenarios/activate", R"({"name":"x"})").status, 404);
}

TEST_F(GatewayTest, PlantTellsSensorsFeaturesAndPresets) {
  SignInAs("ada");
  const Json plant = Gateway("GET", "/plant").json();
  EXPECT_EQ(plant["horizons"], Json({1, 3, 6}));
  EXPECT_EQ(plant["features"].size(), 28U);
  EXPECT_EQ(plant["history_sum"], "failure_frequency_48");
  for (const Json& feature : plant["features"]) {
    EXPECT_NE(feature["label"], feature["name"]) << "every feature is described";
    EXPECT_NE(feature["group"], "other") << feature;
  }
  const Json presets = Gateway("GET", "/presets").json();
  EXPECT_EQ(presets["predict"].size(), 2U);
  EXPECT_EQ(presets["forecast"][0]["rows"].size(), 12U);
}

TEST_F(GatewayTest, RiskAndStatusTellWhatTheWatchSaw) {
  SignInAs("ada");
  StepHours(3);
  const Json risk = Gateway("GET", "/risk").json();
  ASSERT_GE(risk["count"], 3);
  const Json newest = risk["points"].back();
  EXPECT_EQ(newest["forecasts"].size(), 3U);
  for (const Json& forecast : newest["forecasts"]) {
    double sum = forecast["base_value"];
    for (const Json& driver : forecast["drivers"]) sum += driver["shap_value"].get<double>();
    EXPECT_NEAR(sum, forecast["output_value"], 1e-6);
  }
  EXPECT_FALSE(newest["blend"].is_null());
  const std::string since = risk["points"][risk["points"].size() - 3]["timestamp"];
  EXPECT_EQ(Gateway("GET", "/risk?since=" + since).json()["count"], 2);
  EXPECT_EQ(Gateway("GET", "/risk?limit=1").json()["points"][0], newest);
  const Json status = Gateway("GET", "/status").json();
  EXPECT_EQ(status["status"]["model"], "ok") << status["status"];
  EXPECT_EQ(status["risk"], newest);
  EXPECT_EQ(Gateway("GET", "/ready").status, 200);
}

TEST_F(GatewayTest, LiveBeginsWithThePresentStateAndGoesOn) {
  SignInAs("ada");
  StepHours(1);
  Serve();
  http::RawClient client(gateway_port_);
  client.Send(http::RawRequest("GET", "/live", "", "Authorization: Bearer " + token_ + "\r\n"));
  ASSERT_EQ(client.Read(true).status, 200);
  EXPECT_THAT(client.ReadUntil("event: risk"), HasSubstr("event: status"));
  while (feed_->hub()->subscribers() == 0) std::this_thread::yield();
  StepHours(1);
  EXPECT_NE(client.ReadUntil("event: risk"), "");
  const Json risk = Json::parse(client.ReadUntil("\n\n").substr(sizeof("\ndata: ") - 1));
  EXPECT_EQ(gateway_.schema->CheckComponent("RiskEvent", risk), "");
}

TEST_F(GatewayTest, LiveNeedsASignIn) {
  Serve();
  http::RawClient client(gateway_port_);
  EXPECT_EQ(client.Ask(http::RawRequest("GET", "/live")).status, 401);
}

class WarningTest : public ServicesTest {
 protected:
  void SetUp() override {
    Begin(true);
    SignInAs("ada");
    LiveWarning warning;
    warning.horizon = "3h";
    warning.horizon_hours = 3;
    warning.rise = source_->Live()->plant_time - 5 * kHour;
    warning.told = warning.rise + kHour;
    warning.probability = warning.peak = 0.7;
    warning.threshold = 0.5;
    warning.drivers = {{"pdt31008", 280, 0.5}};
    warning.model = {"plant_alarm_forecaster_3h", 1, "skill"};
    WatchStep step;
    step.warnings = {warning};
    ASSERT_TRUE(log_->Commit(step).ok());
    id_ = Gateway("GET", "/warnings").json()[0]["id"];
  }
  int64_t id_ = 0;
};

TEST_F(WarningTest, IsListedUntilItEnds) {
  const Json warning = Gateway("GET", "/warnings?state=active").json()[0];
  EXPECT_EQ(warning["horizon"], "3h");
  EXPECT_EQ(warning["end"], nullptr);
  EXPECT_EQ(warning["outcome"], "pending");
  EXPECT_EQ(warning["ack"], nullptr);
  EXPECT_EQ(Gateway("GET", "/status").json()["active_warnings"], 1);
  EXPECT_EQ(Gateway("GET", "/warnings?before=" + std::to_string(id_)).json(), Json::array());
}

TEST_F(WarningTest, IsAcknowledgedAndJudgedByName) {
  const std::string path = "/warnings/" + std::to_string(id_);
  const Json acked = Gateway("POST", path + "/ack", R"({"note":"on my way"})").json();
  EXPECT_EQ(acked["ack"], Json::parse(R"({"by":"ada","at":"2026-01-05T08:00:00Z","note":"on my way"})"));
  const Json judged = Gateway("POST", path + "/verdict", R"({"verdict":"known"})").json();
  EXPECT_EQ(judged["verdict"]["verdict"], "known");
  EXPECT_EQ(judged["ack"]["by"], "ada");
}

TEST_F(WarningTest, RemarksReachTheStream) {
  auto reader = feed_->hub()->Subscribe();
  Gateway("POST", "/warnings/" + std::to_string(id_) + "/ack", "{}");
  const auto frames = reader->Take();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_THAT(*frames[0], HasSubstr(R"("change":"acknowledged")"));
  EXPECT_THAT(*frames[0], HasSubstr("event: warning"));
}

TEST_F(WarningTest, EventsOfTheWatchGetTheStoresId) {
  auto reader = feed_->hub()->Subscribe();
  const Json row = Gateway("GET", "/warnings").json()[0];
  Json event = {{"change", "raised"}, {"horizon", "3h"}, {"rise", row["rise"]}};
  feed_->Publish({"warning", event.dump(), 0, ""});
  const std::string frame = *reader->Take().at(0);
  const Json sent = Json::parse(frame.substr(frame.find("data: ") + 6));
  EXPECT_EQ(sent["id"], id_);
  EXPECT_EQ(gateway_.schema->CheckComponent("WarningEvent", sent), "");
}

TEST_F(WarningTest, WrongRemarksAreRefused) {
  const std::string path = "/warnings/" + std::to_string(id_);
  EXPECT_EQ(Gateway("POST", "/warnings/4711/ack", "{}").status, 404);
  EXPECT_EQ(Gateway("POST", "/warnings/x/ack", "{}").status, 422);
  EXPECT_THAT(Gateway("POST", path + "/verdict", R"({"verdict":"maybe"})").Pointers(),
              ElementsAre("/verdict"));
  EXPECT_THAT(Gateway("POST", path + "/verdict", R"({"verdict":true})").Pointers(), ElementsAre("/verdict"));
  EXPECT_THAT(Gateway("POST", path + "/ack", R"({"note":")" + std::string(2001, 'x') + "\"}").Pointers(),
              ElementsAre("/note"));
}

// Headers, pages -------------------------------------------------------------------------------------------

TEST_F(GatewayTest, RepliesCarrySecurityHeaders) {
  Serve();
  http::RawClient client(gateway_port_);
  const http::RawReply reply = client.Ask(http::RawRequest("GET", "/health"));
  EXPECT_EQ(reply.Header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(reply.Header("X-Frame-Options"), "DENY");
  EXPECT_EQ(reply.Header("Access-Control-Allow-Origin"), "");
  const http::RawReply docs = client.Ask(http::RawRequest("GET", "/docs"));
  EXPECT_THAT(docs.Header("Content-Security-Policy"), HasSubstr("script-src 'self';"));
  EXPECT_THAT(docs.body, Not(HasSubstr("<script>"))) << "no script inside the page";
}

class CorsTest : public ServedTest {
 protected:
  void SetUp() override {
    gateway_options_.origins = {"https://hmi.example"};
    Begin(true);
  }
};

TEST_F(CorsTest, OnlyNamedOriginsAreLetIn) {
  Serve();
  http::RawClient client(gateway_port_);
  EXPECT_EQ(client.Ask(http::RawRequest("GET", "/health", "", "Origin: https://hmi.example\r\n"))
                .Header("Access-Control-Allow-Origin"),
            "https://hmi.example");
  EXPECT_EQ(client.Ask(http::RawRequest("GET", "/health", "", "Origin: https://evil.example\r\n"))
                .Header("Access-Control-Allow-Origin"),
            "");
}

class RunLogTest : public ServicesTest {
 protected:
  void BeforeMount() override {
    run_log_ = std::make_unique<RunLog>(registry_.get(), [this] {
      gateway_api_->CountRunLog();
      ++logged_;
    });
  }
  void TearDown() override { run_log_.reset(); }
  std::atomic<int> logged_ = 0;
};

TEST_F(RunLogTest, AutoInferencesBecomeRuns) {
  SignInAs("ada");
  const Json reply = Gateway("POST", "/infer/auto").json();
  while (logged_ == 0) std::this_thread::yield();
  const auto runs = registry_->Runs(kLiveExperiment);
  ASSERT_TRUE(runs.ok());
  ASSERT_EQ(runs->size(), 1U);
  EXPECT_EQ((*runs)[0].name, "auto_1h");
  EXPECT_EQ((*runs)[0].tags.at("scenario"), "normal");
  EXPECT_EQ((*runs)[0].metrics.at("anomaly_probability"), reply["anomaly_probability"]);
  EXPECT_EQ((*runs)[0].metrics.count("pdt31008"), 1U);
  EXPECT_EQ(Metric(gateway_, "gateway_mlflow_logs_total"), 1);
}

}  // namespace
}  // namespace gateway_api_test
}  // namespace forewarn::api_test
