#include "live/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/random.h"
#include "live/auto_inference.h"
#include "live/live_test_plant.h"
#include "live/watch_state.h"

namespace forewarn {
namespace {

using live_test::RecordingSink;
using live_test::ScriptedScorer;
using live_test::ScriptedSource;
using live_test::SmallPlant;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Kind = LiveNews::Kind;

std::vector<Kind> KindsOf(const std::vector<LiveEvent>& events) {
  std::vector<Kind> out;
  for (const LiveEvent& event : events) out.push_back(event.news.kind);
  return out;
}

// A monitor over a plant and a scorer that do what the test says. The past: 20 quiet hours.
struct Scene {
  Scene() : plant(SmallPlant()), source(plant) {
    for (int h = 0; h < 20; ++h) Close(10);
  }
  void Close(double value) { source.Close(time += kHour, value); }
  void Begin() {
    auto made = Monitor::Make(plant, &source, &scorer, log, &sink);
    ASSERT_TRUE(made.ok()) << made.message();
    monitor = std::move(*made);
    ASSERT_TRUE(monitor->CatchUp().ok());
  }
  // One more hour, with the forecasts' probability.
  void Hour(double probability, double value = 10) {
    scorer.probability = probability;
    Close(value);
    ASSERT_TRUE(monitor->CatchUp().ok());
  }
  HourRiskPtr newest() const { return monitor->Recent(1).front(); }

  const Plant plant;
  PlantTime time = ParsePlantTime("2021-03-01").value();
  ScriptedSource source;
  ScriptedScorer scorer;
  MemoryWarningLog memory;
  WarningLog* log = &memory;
  RecordingSink sink;
  std::unique_ptr<Monitor> monitor;
};

TEST(Monitor, TellsOfEachClosedHourOnce) {
  Scene scene;
  scene.Begin();
  EXPECT_TRUE(scene.sink.Of("risk").empty()) << "hours before the watch are not news";
  EXPECT_EQ(scene.monitor->Recent(100).size(), 20u);
  EXPECT_TRUE(scene.newest()->replayed);
  scene.Hour(0.2);
  ASSERT_TRUE(scene.monitor->CatchUp().ok());
  const auto events = scene.sink.Of("risk");
  ASSERT_EQ(events.size(), 1u);
  const auto risk = nlohmann::json::parse(events[0].data);
  EXPECT_EQ(risk["timestamp"], "2021-03-01T20:00:00Z");  // 21:00 in Berlin
  EXPECT_EQ(risk["known_at"], "2021-03-01T21:00:00Z");
  EXPECT_EQ(events[0].time, scene.time + kHour);
  EXPECT_EQ(events[0].id, EventId(scene.time + kHour, 0));
  EXPECT_EQ(risk["status"], "ok");
  ASSERT_EQ(risk["forecasts"].size(), 2u);
  EXPECT_EQ(risk["forecasts"][1]["horizon"], "2h");
  EXPECT_EQ(risk["forecasts"][1]["model"]["skill"], "no skill shown");
  EXPECT_EQ(risk["forecasts"][0]["drivers"][0]["feature"], "a");
  EXPECT_NEAR(risk["index"].get<double>(), 0.5, 1e-9);  // 0.2 over the warnings' 0.4
  EXPECT_NEAR(risk["blend"]["raw"].get<double>(), 0.15, 1e-9);
}

TEST(Monitor, AsksWithTheLastWindowOfTheLiveHours) {
  Scene scene;
  scene.Begin();
  scene.scorer.bodies.clear();
  scene.Hour(0.2, 11);
  ASSERT_EQ(scene.scorer.bodies.size(), 2u);
  const auto body = nlohmann::json::parse(scene.scorer.bodies[1]);
  EXPECT_EQ(body["horizon"], 2);
  ASSERT_EQ(body["recent_observations"].size(), 4u);
  EXPECT_EQ(body["recent_observations"][3]["a"], 11);
  EXPECT_EQ(body["recent_observations"][2]["c_pv"], 10);
  EXPECT_EQ(body["recent_observations"][3].size(), 2u);
}

TEST(Monitor, SmoothsTheBlendFromItsFirstValueOn) {
  Scene scene;
  scene.scorer.failure = Status::Unavailable("no model is loaded yet");
  scene.Begin();
  scene.scorer.failure = Status::Ok();
  double expected = 0.75 * 0.2;
  scene.Hour(0.2);
  EXPECT_NEAR(*scene.newest()->blend_smoothed, expected, 1e-9);
  for (const double p : {0.8, 0.4, 0.1}) {
    scene.Hour(p);
    expected = 0.3 * 0.75 * p + 0.7 * expected;
    EXPECT_NEAR(*scene.newest()->blend_smoothed, expected, 1e-9);
  }
}

TEST(Monitor, AWarningRisesWithItsReasonsAndIsJudgedByTheAlarm) {
  Scene scene;
  scene.Begin();
  scene.Hour(0.2);
  scene.Hour(0.45);  // above the warnings' threshold, below the forecasts' own
  auto warnings = scene.memory.warnings();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].rise, scene.time);
  EXPECT_EQ(warnings[0].told, scene.time + kHour);
  EXPECT_EQ(warnings[0].horizon, "2h") << "no horizon is more likely than not";
  EXPECT_EQ(warnings[0].drivers.at(0).feature, "a");
  EXPECT_EQ(warnings[0].model.version, 3);
  EXPECT_TRUE(warnings[0].on());
  scene.Hour(0.9);
  scene.Hour(0.6, 30);  // a_max > 20: the alarm
  warnings = scene.memory.warnings();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].outcome, WarningOutcome::kTrue);
  EXPECT_EQ(warnings[0].lead(), kHour);
  EXPECT_NEAR(warnings[0].peak, 0.9, 1e-9);
  EXPECT_THAT(scene.newest()->alarm_rules, ElementsAre("a_max > 20"));
  EXPECT_EQ(scene.monitor->AlarmHours(), 1);
  scene.Hour(0.1);
  EXPECT_EQ(scene.memory.warnings().at(0).end, scene.time);
  scene.Hour(0.1);
  scene.Hour(0.1);
  const auto alarms = scene.memory.alarms();
  ASSERT_EQ(alarms.size(), 1u);
  EXPECT_EQ(alarms[0].lead, kHour);
  EXPECT_EQ(alarms[0].ended, alarms[0].began + kHour);
  std::vector<std::string> told;
  for (const LiveEvent& event : scene.sink.all()) {
    if (event.name != "warning" && event.name != "alarm") continue;
    told.push_back(event.name + " " + nlohmann::json::parse(event.data)["change"].get<std::string>());
  }
  EXPECT_THAT(told,
              ElementsAre("warning raised", "alarm began", "warning judged", "warning ended", "alarm ended"));
  const auto of_warnings = scene.sink.Of("warning");
  EXPECT_THAT(KindsOf(of_warnings), ElementsAre(Kind::kRaised, Kind::kNone, Kind::kEnded));
  EXPECT_EQ(of_warnings[0].news.horizon + of_warnings[2].news.horizon, "2h2h");
}

TEST(Monitor, TheLogHasItBeforeTheSinkTellsIt) {
  Scene scene;
  struct CheckingSink final : EventSink {
    explicit CheckingSink(const MemoryWarningLog& kept) : log(kept) {}
    void Publish(const LiveEvent& event) override {
      if (event.name == "warning") kept_before.push_back(log.warnings().size());
    }
    const MemoryWarningLog& log;
    std::vector<size_t> kept_before;
  } sink(scene.memory);
  scene.monitor = Monitor::Make(scene.plant, &scene.source, &scene.scorer, &scene.memory, &sink).value();
  ASSERT_TRUE(scene.monitor->CatchUp().ok());
  scene.Hour(0.9);
  EXPECT_THAT(sink.kept_before, ElementsAre(1));
}

TEST(Monitor, WithoutAModelItRunsAndSaysSo) {
  Scene scene;
  scene.scorer.failure =
      Status::Unavailable("model 'small_forecaster_1h' is unavailable: it was never trained");
  scene.Begin();
  scene.Hour(0, 30);
  EXPECT_FALSE(scene.monitor->status().model);
  EXPECT_THAT(scene.monitor->status().detail, HasSubstr("never trained"));
  EXPECT_EQ(scene.memory.alarms().size(), 1u) << "the plant's alarms need no model";
  const auto status = nlohmann::json::parse(scene.sink.Of("status").back().data);
  EXPECT_EQ(status["model"], "no model");
  EXPECT_EQ(status["source"], "ok");
  scene.scorer.failure = Status::Ok();
  scene.Hour(0.2);
  EXPECT_TRUE(scene.monitor->status().model);
  EXPECT_EQ(nlohmann::json::parse(scene.sink.Of("status").back().data)["model"], "ok");
  const size_t told = scene.sink.Of("status").size();
  scene.Hour(0.2);
  EXPECT_EQ(scene.sink.Of("status").size(), told) << "told when it changes";
}

TEST(Monitor, AfterAGapTheForecastsAreStaleAndRaiseNothing) {
  Scene scene;
  scene.Begin();
  scene.Hour(0.2);
  scene.time += 6 * kHour;  // as many as are filled forward
  scene.Hour(0.2);
  EXPECT_EQ(scene.newest()->status, InputStatus::kOk);
  scene.time += 7 * kHour;
  for (int h = 0; h < 2; ++h) scene.Hour(0.9);
  EXPECT_EQ(scene.newest()->status, InputStatus::kStale);
  EXPECT_THAT(KindsOf(scene.sink.Of("risk")),
              ElementsAre(Kind::kHeard, Kind::kHeard, Kind::kSilent, Kind::kSilent));
  EXPECT_TRUE(scene.memory.warnings().empty());
  scene.Hour(0.9);  // one of the window's four hours is still a stale one
  EXPECT_TRUE(scene.memory.warnings().empty());
  scene.Hour(0.9);
  EXPECT_EQ(scene.newest()->status, InputStatus::kOk);
  EXPECT_EQ(scene.memory.warnings().size(), 1u);
}

TEST(Monitor, ASensorThatStaysSilentMakesTheForecastStale) {
  Scene scene;
  scene.Begin();
  const auto silent = [&](int h) {
    SensorReading reading;
    reading.time = scene.time += kHour;
    reading.value = {h <= 6 ? 10 : kNull, 1, 10, 10, 10};  // the source fills a forward six hours
    reading.max = reading.min = reading.value;
    reading.filled = {static_cast<uint8_t>(h <= 6 ? 1 : 0), 0, 0, 0, 0};
    scene.source.Close(reading);
    ASSERT_TRUE(scene.monitor->CatchUp().ok());
  };
  for (int h = 1; h <= 6; ++h) silent(h);
  EXPECT_EQ(scene.newest()->status, InputStatus::kOk);
  silent(7);
  EXPECT_EQ(scene.newest()->status, InputStatus::kStale);
  EXPECT_EQ(scene.newest()->forecasts.size(), 2u) << "the number is given, and marked";
}

TEST(Monitor, ALogThatFailsLosesNothing) {
  Scene scene;
  struct FailingLog final : WarningLog {
    Result<WatchRecord> Load() override { return kept.Load(); }
    Status Commit(const WatchStep& step) override {
      return fails ? Status::Io("the disk is full") : kept.Commit(step);
    }
    MemoryWarningLog kept;
    bool fails = false;
  } log;
  scene.log = &log;
  scene.Begin();
  scene.Hour(0.2);
  log.fails = true;
  scene.scorer.probability = 0.9;
  scene.Close(10);
  EXPECT_EQ(scene.monitor->CatchUp().code(), Code::kIo);
  EXPECT_EQ(scene.sink.Of("warning").size(), 1u) << "people are told all the same";
  EXPECT_FALSE(scene.monitor->status().log);
  EXPECT_TRUE(log.kept.warnings().empty());
  log.fails = false;
  ASSERT_TRUE(scene.monitor->CatchUp().ok());
  EXPECT_EQ(log.kept.warnings().size(), 1u);
  EXPECT_EQ(log.kept.Load()->last_hour, scene.time);
  EXPECT_TRUE(scene.monitor->status().log);
}

TEST(Monitor, ASourceThatIsAwayIsToldAndCaughtUpWith) {
  Scene scene;
  scene.Begin();
  scene.Hour(0.2);
  scene.source.Fail(Status::Unavailable("no answer from the sensors"));
  EXPECT_EQ(scene.monitor->CatchUp().code(), Code::kUnavailable);
  EXPECT_FALSE(scene.monitor->status().source);
  EXPECT_EQ(scene.sink.Of("status").back().news.kind, Kind::kSilent);
  scene.source.Fail(Status::Ok());
  scene.scorer.probability = 0.9;
  for (int h = 0; h < 5; ++h) scene.Close(10);
  ASSERT_TRUE(scene.monitor->CatchUp().ok());
  EXPECT_TRUE(scene.monitor->status().source);
  EXPECT_EQ(scene.sink.Of("status").back().news.kind, Kind::kNone) << "its readings have still to tell";
  ASSERT_EQ(scene.memory.warnings().size(), 1u);
  const LiveWarning warning = scene.memory.warnings()[0];
  EXPECT_EQ(warning.rise, scene.time - 4 * kHour);
  EXPECT_EQ(warning.told, scene.time + kHour) << "nobody could read it before";
  EXPECT_EQ(scene.sink.Of("risk").size(), 6u);
}

TEST(Monitor, AnotherPlantInTheSamePlaceIsWatchedAnew) {
  Scene scene;
  scene.Begin();
  scene.Hour(0.9);
  ASSERT_TRUE(scene.memory.warnings()[0].on());
  scene.source.Clear();
  scene.time = ParsePlantTime("2020-01-01").value();
  for (int h = 0; h < 20; ++h) scene.Close(10);
  scene.Begin();
  scene.Hour(0.2);
  EXPECT_EQ(scene.sink.Of("risk").size(), 2u);
  EXPECT_FALSE(scene.memory.warnings()[0].on()) << "what was open is ended";
  EXPECT_THAT(KindsOf(scene.sink.Of("warning")), ElementsAre(Kind::kRaised, Kind::kEnded)) << "and told";
}

// However often the monitor is stopped, and wherever: the same warnings, alarms and risks.
TEST(Monitor, RestartsLoseAndRepeatNothing) {
  Random random(17);
  for (int round = 0; round < 30; ++round) {
    Scene whole, cut;
    whole.Begin();
    cut.Begin();
    bool alarm = false;
    for (int h = 0; h < 120; ++h) {
      const double probability = random.Uniform(0, 0.6);
      alarm = alarm ? random.Uniform() < 0.7 : random.Uniform() < 0.08;
      const double value = alarm ? 30 : 10;
      whole.Hour(probability, value);
      if (random.Uniform() < 0.2) cut.Begin();
      cut.Hour(probability, value);
    }
    const auto text = [](const Scene& scene) {
      std::string out;
      for (const LiveWarning& w : scene.memory.warnings()) {
        WatchState one;
        one.warnings.warnings = {w};
        out += WatchStateText(one) + "\n";
      }
      for (const LiveAlarm& a : scene.memory.alarms()) {
        out += FormatPlantTime(a.began) + " " + (a.ended == kNoTime ? "" : FormatPlantTime(a.ended)) +
               (a.lead ? std::to_string(*a.lead) : "") + "\n";
      }
      return out;
    };
    ASSERT_EQ(text(whole), text(cut)) << "round " << round;
    const auto a = whole.sink.Of("risk");
    const auto b = cut.sink.Of("risk");
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i)
      ASSERT_EQ(a[i].data, b[i].data) << "round " << round << " hour " << i;
    ASSERT_EQ(whole.sink.Of("warning").size(), cut.sink.Of("warning").size());
  }
}

TEST(WatchState, ComesBackAndDamageIsRefused) {
  WatchState state;
  LiveWarning warning;
  warning.horizon = "6h";
  warning.horizon_hours = 6;
  warning.rise = 5;
  warning.told = 6;
  warning.drivers = {{"a", kNull, 0.25}};
  warning.model = {"m", 7, "skill"};
  state.warnings = {true, true, true, {warning}};
  state.alarm = LiveAlarm{3, kNoTime, {"a > 1"}, kHour};
  state.alarm_last_end = 9;
  state.blend_smoothed = 0.125;
  const std::string text = WatchStateText(state);
  const auto back = ParseWatchState(text);
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ(WatchStateText(*back), text);
  EXPECT_TRUE(back->warnings.warnings[0].on());
  EXPECT_FALSE(IsValid(back->warnings.warnings[0].drivers[0].value));
  for (size_t cut = 0; cut < text.size(); ++cut) EXPECT_FALSE(ParseWatchState(text.substr(0, cut)).ok());
}

TEST(AutoInference, AsksForTheShortestHorizonAndNamesThreeDrivers) {
  Scene scene;
  std::vector<Fault> faults;
  const auto result =
      RunAutoInference(scene.plant, scene.source.History(kAutoHours).value(), scene.scorer, &faults);
  ASSERT_TRUE(result.ok()) << result.message();
  const auto reply = nlohmann::json::parse(AutoInferenceJson(*result));
  EXPECT_EQ(reply["horizon_hours"], 1);
  EXPECT_EQ(reply["n_observations"], 20);
  EXPECT_EQ(reply["sensor_snapshot"], (nlohmann::json{{"a", 10.0}, {"c_pv", 10.0}}));
  EXPECT_EQ(reply["top_drivers"][0]["feature"], "a");
  EXPECT_EQ(reply["model"]["name"], "small_forecaster_1h");
  const auto few = RunAutoInference(scene.plant, scene.source.History(3).value(), scene.scorer, &faults);
  EXPECT_EQ(few.status().code(), Code::kInvalid);
  EXPECT_EQ(faults.size(), 1u);
}

TEST(ScorerReplies, RefuseWhatIsNoReply) {
  EXPECT_THAT(ParseForecastReply("{}").message(), HasSubstr("'anomaly_probability' is missing"));
  EXPECT_THAT(ParseForecastReply("no").message(), HasSubstr("the forecast's reply cannot be used"));
  EXPECT_THAT(ParseExplainReply(R"({"method":"shap_tree","model":null})").message(),
              HasSubstr("'local_importance' is missing"));
  const auto unavailable = ParseExplainReply(
      R"({"local_importance":[],"method":"unavailable","reason":"no covers","model":null})");
  ASSERT_TRUE(unavailable.ok());
  EXPECT_EQ(unavailable->reason, "no covers");
  ScriptedScorer scorer;
  scorer.probability = 1.5;
  std::vector<Fault> faults;
  EXPECT_THAT(ParseForecastReply(*scorer.Forecast("{\"horizon\":1,}", &faults)).message(),
              HasSubstr("not within 0 and 1"));
}

}  // namespace
}  // namespace forewarn
