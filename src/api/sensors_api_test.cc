#include "api/sensors_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/api_fixture.h"
#include "api/event_ids.h"
#include "api/guards.h"
#include "api/sensor_flush.h"
#include "http/raw_client.h"

namespace forewarn::api_test {
namespace sensors_api_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SensorsTest : public ServedTest {};

TEST_F(SensorsTest, LiveTellsTheReadingAndThePlantsClock) {
  const Reply reply = Sensors("GET", "/sensors/live");
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(reply.json()["scenario"], "normal");
  EXPECT_EQ(reply.json()["scenario_color"], "green");
  EXPECT_EQ(reply.json()["seconds_per_hour"], 2);
  EXPECT_TRUE(reply.json()["reading"]["tags"].contains("lic31002_deviation"));
  EXPECT_EQ(Metric(sensors_, "sensor_live_reads_total"), 1);
}

TEST_F(SensorsTest, ReadingDoesNotAdvanceThePlant) {
  EXPECT_EQ(Sensors("GET", "/sensors/live").body, Sensors("GET", "/sensors/live").body);
}

TEST_F(SensorsTest, HistoryGivesTheNewestHoursOldestFirst) {
  const Json history = Sensors("GET", "/sensors/history?n=20").json();
  EXPECT_EQ(history["count"], 20);
  ASSERT_EQ(history["readings"].size(), 20U);
  EXPECT_LT(history["readings"][0]["timestamp"], history["readings"][19]["timestamp"]);
  EXPECT_EQ(Sensors("GET", "/sensors/history").json()["count"], 60);
  EXPECT_EQ(Sensors("GET", "/sensors/history?n=600").json()["count"], 120) << "all there are";
  EXPECT_EQ(Metric(sensors_, "sensor_history_reads_total"), 3);
}

TEST_F(SensorsTest, HistorysSizeIsChecked) {
  for (const char* n : {"0", "-5", "601", "1.5", "x", "", "99999999999999999999", "1&n=2"}) {
    const Reply reply = Sensors("GET", std::string("/sensors/history?n=") + n);
    EXPECT_EQ(reply.status, 422) << n;
    EXPECT_THAT(reply.Pointers(), ElementsAre("/query/n")) << n;
  }
}

TEST_F(SensorsTest, MetaHasEverySensorsUnitAndBand) {
  const Json meta = Sensors("GET", "/sensors/meta").json();
  EXPECT_EQ(meta.size(), plant_.Sensors().size());
  EXPECT_EQ(meta["pdt31008"],
            Json::parse(R"({"label":"Pressure difference D304","unit":"mbar","low":166.9,"high":282.8})"));
}

TEST_F(SensorsTest, ScenariosAreListedAndSwitched) {
  EXPECT_EQ(Sensors("GET", "/scenarios").json()["scenarios"].size(), 4U);
  EXPECT_EQ(Metric(sensors_, R"(sensor_scenario_activations_total{scenario="multi_alarm"})"), 0);
  const Reply reply = Sensors("POST", "/scenarios/activate", R"({"name":"multi_alarm"})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json()["active"], "multi_alarm");
  EXPECT_EQ(Sensors("GET", "/scenarios").json()["active"], "multi_alarm");
  EXPECT_EQ(Sensors("GET", "/sensors/live").json()["scenario_color"], "red");
  EXPECT_EQ(Metric(sensors_, R"(sensor_scenario_activations_total{scenario="multi_alarm"})"), 1);
}

TEST_F(SensorsTest, AnUnknownScenarioListsTheKnown) {
  const Reply reply = Sensors("POST", "/scenarios/activate", R"({"name":"multi"})");
  EXPECT_EQ(reply.status, 404);
  for (const char* name : {"normal", "pressure_rise", "level_swing", "multi_alarm"})
    EXPECT_THAT(reply.body, HasSubstr(name));
}

TEST_F(SensorsTest, AWrongSwitchIsToldByPointer) {
  EXPECT_THAT(Sensors("POST", "/scenarios/activate", R"({"name":1})").Pointers(), ElementsAre("/name"));
  EXPECT_THAT(Sensors("POST", "/scenarios/activate", "{}").Pointers(), ElementsAre("/name"));
  EXPECT_EQ(Sensors("POST", "/scenarios/activate", "{").status, 400);
  EXPECT_EQ(Sensors("POST", "/scenarios/activate").status, 400);
}

TEST_F(SensorsTest, TheServiceIsReadyAtOnce) {
  EXPECT_EQ(Sensors("GET", "/health").json()["service"], "sensors");
  EXPECT_EQ(Sensors("GET", "/ready").status, 200);
  EXPECT_EQ(Sensors("GET", "/docs").status, 200);
  EXPECT_EQ(Sensors("GET", "/docs/explorer.js").Header("Content-Encoding"), "gzip");
  EXPECT_EQ(Sensors("GET", "/docs/nothing.js").status, 404);
}

TEST_F(SensorsTest, StreamGivesReadingsAndClosedHoursWithPlantTimes) {
  Serve();
  http::RawClient client(sensors_port_);
  ASSERT_TRUE(client.Send(http::RawRequest("GET", "/sensors/stream")));
  ASSERT_EQ(client.Read(true).status, 200);
  while (sensors_api_->readers() == 0) std::this_thread::yield();
  StepHours(1);
  const std::string events = client.ReadUntil("event: hour");
  EXPECT_THAT(events, HasSubstr("event: reading"));
  EXPECT_THAT(client.ReadUntil("\n\n"), HasSubstr("\"quality\":"));
}

TEST_F(SensorsTest, StreamResumesBehindTheLastEventFromTheBuffer) {
  Serve();
  const Json history = Sensors("GET", "/sensors/history?n=3").json();
  // The id of an hour is its end: the start of the next.
  std::string id = history["readings"][1]["local_time"];
  http::RawClient client(sensors_port_);
  client.Send(http::RawRequest("GET", "/sensors/stream", "", "Last-Event-ID: " + id + "\r\n"));
  ASSERT_EQ(client.Read(true).status, 200);
  client.ReadUntil("data: ");
  const Json first = Json::parse(client.ReadUntil("\n"));
  EXPECT_EQ(first["timestamp"], history["readings"][1]["timestamp"]);
}

TEST_F(SensorsTest, ListeningWideAsksForABearer) {
  Mounted guarded;
  SensorsOptions options;
  options.guard = ServiceGuard("service-token", [](std::string_view token) { return token == "adas"; });
  options.bearer_needed = true;
  auto api = SensorsApi::Make(plant_, source_.get(), &guarded.metrics, options);
  ASSERT_TRUE(api.ok());
  (*api)->Mount(*guarded.router);
  EXPECT_EQ(Ask(guarded, "GET", "/sensors/live").status, 401);
  EXPECT_EQ(Ask(guarded, "GET", "/sensors/live").Header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(Ask(guarded, "GET", "/sensors/live", "", {"Authorization: Bearer wrong"}).status, 401);
  EXPECT_EQ(Ask(guarded, "GET", "/sensors/live", "", {"Authorization: Bearer service-token"}).status, 200);
  EXPECT_EQ(Ask(guarded, "GET", "/sensors/live", "", {"Authorization: Bearer adas"}).status, 200);
  EXPECT_EQ(Ask(guarded, "POST", "/scenarios/activate", R"({"name":"normal"})").status, 401);
  for (const char* open : {"/health", "/ready", "/metrics"}) EXPECT_EQ(Ask(guarded, "GET", open).status, 200);
}

TEST_F(SensorsTest, EventIdsReadBackAndGrow) {
  const http::EventHubOptions ids = PlantEventOptions();
  const PlantTime time = 1614556800LL * kSecond;
  for (const int64_t id : {time, time + 3, time + 125 * kMillisecond, time + 125 * kMillisecond + 7}) {
    EXPECT_EQ(ids.read_id(ids.write_id(id)), id) << ids.write_id(id);
  }
  for (const char* wrong : {"", "x", "2021-03-01T00:00:00-x", "17", "2021-03-01T00:00:00-99999999"}) {
    EXPECT_EQ(ids.read_id(wrong), std::nullopt) << wrong;
  }
}

TEST_F(SensorsTest, FlushWritesTheBufferAsCsvTwice) {
  SensorFlushOptions options;
  options.uri = "file:" + (folder_.path() / "raw").string();
  options.every = std::chrono::seconds(0);  // by hand
  options.clock = clock_;
  auto flush = SensorFlush::Start(plant_, source_.get(), options);
  ASSERT_TRUE(flush.ok());
  ASSERT_TRUE((*flush)->FlushOnce().ok());
  const auto latest = ReadFile(folder_.path() / "raw" / "live" / "latest.csv");
  ASSERT_TRUE(latest.ok()) << latest.message();
  EXPECT_EQ(latest->substr(0, latest->find('\n')),
            "timestamp,te301020,pdt31008,pdt31001,pdt31007,fq31050,lt301031,lic31012_pv,lic31002_pv,fic31011_"
            "pv,scenario");
  EXPECT_EQ(std::count(latest->begin(), latest->end(), '\n'), 121);
  EXPECT_EQ(*ReadFile(folder_.path() / "raw" / "live" / "sensor_20260105T080000Z.csv"), *latest);
}

}  // namespace
}  // namespace sensors_api_test
}  // namespace forewarn::api_test
