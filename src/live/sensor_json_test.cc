#include "live/sensor_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "live/live_test_plant.h"

namespace forewarn {
namespace {

using live_test::SmallPlant;
using ::testing::HasSubstr;

SensorReading Sample() {
  SensorReading reading;
  reading.time = ParsePlantTime("2021-07-01 02:00").value();  // summer time: two hours ahead of UTC
  reading.value = {10.25, 1, 79.5, 40, 80};
  reading.max = {12, 1, 81, kNull, kNull};
  reading.min = {9, 1, 78, kNull, kNull};
  reading.filled = {0, 1, 0, 0, 0};
  reading.scenario = "normal";
  return reading;
}

TEST(SensorJson, WritesAReadingAsTheContractSays) {
  const SensorJson json = SensorJson::Make(SmallPlant()).value();
  const auto object = nlohmann::json::parse(json.Reading(Sample()));
  EXPECT_EQ(object["timestamp"], "2021-07-01T00:00:00Z");
  EXPECT_EQ(object["local_time"], "2021-07-01T02:00:00");
  EXPECT_EQ(object["a"], 10.25);
  EXPECT_EQ(object["c_pv"], 79.5);
  EXPECT_EQ(object["quality"], "good");
  EXPECT_EQ(object["filled"], nlohmann::json({"idle"}));
  const auto& tags = object["tags"];
  EXPECT_EQ(tags["c_op"], 40);
  EXPECT_EQ(tags["c_sp"], 80);
  EXPECT_EQ(tags["c_deviation"], -0.5);
  EXPECT_EQ(tags["a_max"], 12);
  EXPECT_EQ(tags["c_pv_min"], 78);
  EXPECT_FALSE(tags.contains("c_op_max"));
}

TEST(SensorJson, ReadsBackWhatItWrites) {
  const SensorJson json = SensorJson::Make(SmallPlant()).value();
  SensorReading reading = Sample();
  reading.value[0] = kNull;
  reading.quality = ReadingQuality::kStale;
  const auto back = json.ParseReading(json.Reading(reading));
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ(back->time, reading.time);
  EXPECT_FALSE(IsValid(back->value[0]));
  EXPECT_EQ(back->value[2], 79.5);
  EXPECT_EQ(back->value[4], 80);
  EXPECT_EQ(back->max[0], 12);
  EXPECT_FALSE(IsValid(back->max[3]));
  EXPECT_EQ(back->filled, reading.filled);
  EXPECT_EQ(back->quality, ReadingQuality::kStale);
  EXPECT_EQ(back->scenario, "normal");
}

// The hour that the clock shows twice in October, and the one it never shows in March.
TEST(SensorJson, KeepsPlantTimeOverAClockChange) {
  const SensorJson json = SensorJson::Make(SmallPlant()).value();
  for (const char* time : {"2021-10-31 02:00", "2021-10-31 03:00", "2021-03-28 02:00", "2021-03-28 03:00"}) {
    SensorReading reading = Sample();
    reading.time = ParsePlantTime(time).value();
    EXPECT_EQ(json.ParseReading(json.Reading(reading))->time, reading.time) << time;
  }
}

TEST(SensorJson, SaysWhatIsWrongWithAReply) {
  const SensorJson json = SensorJson::Make(SmallPlant()).value();
  EXPECT_THAT(json.ParseReading("[]").message(), HasSubstr("not a JSON object"));
  EXPECT_THAT(json.ParseReading("{").message(), HasSubstr("not JSON"));
  const std::string good = json.Reading(Sample());
  const auto broken = [&](const std::string& key, const nlohmann::json& value) {
    auto object = nlohmann::json::parse(good);
    object[key] = value;
    return json.ParseReading(object.dump()).message();
  };
  EXPECT_THAT(broken("a", "ten"), HasSubstr("'a' must be a number"));
  EXPECT_THAT(broken("timestamp", "yesterday"), HasSubstr("'timestamp' must be an ISO 8601 time"));
  EXPECT_THAT(broken("quality", "goood"), HasSubstr("did you mean 'good'"));
  EXPECT_THAT(broken("tags", 7), HasSubstr("'tags' must be an object"));
}

TEST(SensorJson, RefusesAHistoryOutOfOrder) {
  const SensorJson json = SensorJson::Make(SmallPlant()).value();
  const auto one = std::make_shared<const SensorReading>(Sample());
  SensorReading later = Sample();
  later.time += kHour;
  const auto two = std::make_shared<const SensorReading>(later);
  EXPECT_EQ(json.ParseHistory(json.History({one, two}))->size(), 2u);
  EXPECT_THAT(json.ParseHistory(json.History({two, one})).message(), HasSubstr("not in order"));
}

TEST(SensorJson, ScenariosAndMetaComeBack) {
  const SensorJson json = SensorJson::Make(SmallPlant()).value();
  const ScenarioList list{"rise", {{"rise", "red", "A \"climbs\""}, {"normal", "green", ""}}};
  const ScenarioList back = json.ParseScenarios(json.Scenarios(list)).value();
  EXPECT_EQ(back.active, "rise");
  ASSERT_EQ(back.scenarios.size(), 2u);
  EXPECT_EQ(back.scenarios[0].name, "rise");
  EXPECT_EQ(back.scenarios[0].description, "A \"climbs\"");
  const auto meta = json.ParseMeta(json.Meta({{"a", "Flow A", "m³/h", 5, kNull}, {"c_pv", "", "%", 1, 2}}));
  ASSERT_TRUE(meta.ok()) << meta.message();
  EXPECT_EQ((*meta)[0].unit, "m³/h");
  EXPECT_FALSE(IsValid((*meta)[0].high));
}

TEST(EventId, ComesBackAndRefusesOtherTexts) {
  const PlantTime time = ParsePlantTime("2021-08-28 05:05").value();
  EXPECT_EQ(EventId(time), "2021-08-28T05:05:00");
  EXPECT_EQ(EventId(time, 3), "2021-08-28T05:05:00-3");
  PlantTime back = 0;
  for (const int n : {0, 3, 12}) {
    EXPECT_TRUE(ParseEventId(EventId(time, n), &back));
    EXPECT_EQ(back, time);
  }
  for (const char* text : {"", "2021", "2021-08-28T05:05:00-", "2021-08-28T05:05:00-x", "7"}) {
    EXPECT_FALSE(ParseEventId(text, &back)) << text;
  }
}

}  // namespace
}  // namespace forewarn
