#include "sim/simulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "plant/derived.h"
#include "plant/plant_file.h"

namespace forewarn {
namespace {

using testing::HasSubstr;

Plant SimGasPlant() {
  auto plant = LoadPlantFile(FOREWARN_SOURCE_DIR "/plants/gas-treatment.toml");
  EXPECT_TRUE(plant.ok()) << plant.status().message();
  return plant.ok() ? std::move(*plant) : Plant();
}

Plant SimQuietPlant() {
  Plant plant = SimGasPlant();
  plant.simulator.events_per_30_days = 0;
  plant.simulator.decoys_per_30_days = 0;
  return plant;
}

Simulator SimMake(const Plant& plant, uint64_t seed) {
  auto made = Simulator::Make(plant, seed);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return std::move(*made);
}

bool SimSame(const SimulatedHour& a, const SimulatedHour& b) {
  bool same = a.time == b.time && a.scenario == b.scenario && a.phase == b.phase &&
              a.series.size() == b.series.size();
  for (size_t s = 0; same && s < a.series.size(); ++s) {
    const auto& x = a.series[s].readings;
    const auto& y = b.series[s].readings;
    same = x.size() == y.size();
    for (size_t i = 0; same && i < x.size(); ++i) same = x[i].time == y[i].time && x[i].value == y[i].value;
  }
  return same;
}

// The hours as ingest's table of bins.
Frame SimTable(const Plant& plant, const std::vector<SimulatedHour>& hours) {
  std::vector<PlantTime> times;
  for (const SimulatedHour& hour : hours) times.push_back(hour.time);
  Frame table(std::move(times));
  const std::vector<std::string> names = plant.SeriesNames();
  for (size_t s = 0; s < names.size(); ++s) {
    auto value = std::vector<double>();
    auto max = std::vector<double>();
    auto min = std::vector<double>();
    for (const SimulatedHour& hour : hours) {
      value.push_back(hour.series[s].value);
      max.push_back(hour.series[s].max);
      min.push_back(hour.series[s].min);
    }
    table.Set(names[s], std::move(value));
    table.Set(MaxName(names[s]), std::move(max));
    table.Set(MinName(names[s]), std::move(min));
  }
  AddDerivedColumns(plant, table, true);
  return table;
}

std::vector<SimulatedHour> SimRun(Simulator& simulator, int hours) {
  std::vector<SimulatedHour> out;
  for (int h = 0; h < hours; ++h) out.push_back(simulator.StepHour());
  return out;
}

std::vector<bool> SimAlarms(const Plant& plant, const Frame& table) {
  auto alarms = EvaluateAny(plant.label.alarm, table);
  EXPECT_TRUE(alarms.ok()) << alarms.status().message();
  return alarms.ok() ? *alarms : std::vector<bool>(table.rows());
}

int SimOnsets(const std::vector<bool>& alarms) {
  int onsets = 0;
  for (size_t r = 0; r < alarms.size(); ++r) onsets += alarms[r] && (r == 0 || !alarms[r - 1]) ? 1 : 0;
  return onsets;
}

struct SimStatistics {
  double mean = 0, sd = 0, lag1 = 0;
};

SimStatistics SimStatisticsOf(const std::vector<double>& x) {
  SimStatistics out;
  const auto n = static_cast<double>(x.size());
  for (const double v : x) out.mean += v / n;
  double square = 0;
  double product = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    square += (x[i] - out.mean) * (x[i] - out.mean);
    if (i > 0) product += (x[i] - out.mean) * (x[i - 1] - out.mean);
  }
  out.sd = std::sqrt(square / n);
  out.lag1 = product / square;
  return out;
}

TEST(Simulator, SameSeedGivesTheSameReadings) {
  const Plant plant = SimGasPlant();
  Simulator a = SimMake(plant, 7);
  Simulator b = SimMake(plant, 7);
  Simulator other = SimMake(plant, 8);
  int different = 0;
  for (int h = 0; h < 500; ++h) {
    const SimulatedHour hour = a.StepHour();
    ASSERT_TRUE(SimSame(hour, b.StepHour())) << "hour " << h;
    different += SimSame(hour, other.StepHour()) ? 0 : 1;
  }
  EXPECT_EQ(different, 500);
}

TEST(Simulator, ReadingsAreIrregularWithinTheirHourAndLoggedOnChange) {
  const Plant plant = SimGasPlant();
  Simulator simulator = SimMake(plant, 3);
  const auto hours = SimRun(simulator, 300);
  std::map<size_t, double> last;
  std::map<PlantTime, int> gaps;
  for (const SimulatedHour& hour : hours) {
    for (size_t s = 0; s < hour.series.size(); ++s) {
      PlantTime before = hour.time - 1;
      for (const SimulatedReading& reading : hour.series[s].readings) {
        EXPECT_GT(reading.time, before);
        EXPECT_LT(reading.time, hour.time + kHour);
        EXPECT_EQ(reading.time % kMillisecond, 0);
        if (last.count(s) > 0) {
          EXPECT_NE(reading.value, last[s]) << simulator.series()[s];
        }
        if (before >= hour.time) ++gaps[reading.time - before];
        before = reading.time;
        last[s] = reading.value;
      }
      if (hour.series[s].readings.empty()) continue;
      EXPECT_LE(hour.series[s].min, hour.series[s].value);
      EXPECT_LE(hour.series[s].value, hour.series[s].max);
    }
  }
  EXPECT_GT(gaps.size(), 1000u);  // hardly two alike
}

TEST(Simulator, EverySensorHasReadingsInEveryHour) {
  const Plant plant = SimGasPlant();
  Simulator simulator = SimMake(plant, 5);
  const auto hours = SimRun(simulator, 2000);
  for (const std::string& sensor : plant.Sensors()) {
    const auto& names = simulator.series();
    const auto s = static_cast<size_t>(std::find(names.begin(), names.end(), sensor) - names.begin());
    for (const SimulatedHour& hour : hours) ASSERT_FALSE(hour.series[s].readings.empty()) << sensor;
  }
}

// values.md, "Real plant, hourly medians". The simulated spread is 0.75 of the table's (plant file: spread),
// within 20 %; means within a quarter of the table's spread; lag-1 correlations within .08.
TEST(Simulator, NormalStateHasTheTablesStatistics) {
  const std::map<std::string, SimStatistics> real = {
      {"te301020", {106.85, 1.45, .38}},    {"pdt31008", {222.42, 21.06, .22}},
      {"pdt31001", {6.17, 2.37, .94}},      {"pdt31007", {53.69, 6.06, .25}},
      {"fq31050", {84.40, 2.14, .11}},      {"lt301031", {47.06, 8.35, .22}},
      {"lic31012_pv", {79.98, .48, .02}},   {"lic31002_pv", {69.79, 1.19, .74}},
      {"fic31011_pv", {413.32, 4.00, .46}}, {"lic31012_op", {41.55, .99, .05}},
      {"lic31002_op", {17.91, 1.55, .47}},  {"fic31011_op", {42.64, .71, .82}},
  };
  const Plant plant = SimQuietPlant();
  Simulator simulator = SimMake(plant, 11);
  const Frame table = SimTable(plant, SimRun(simulator, 24 * 720));
  for (const auto& [name, expected] : real) {
    const SimStatistics got = SimStatisticsOf(table[name]);
    EXPECT_NEAR(got.mean, expected.mean, 0.25 * expected.sd) << name;
    EXPECT_NEAR(got.sd / expected.sd, 0.75, 0.15) << name;
    EXPECT_NEAR(got.lag1, expected.lag1, 0.08) << name;
  }
  EXPECT_GE(SimStatisticsOf(table["lt31013"]).mean, 103.9);  // the failed sensor, saturated
}

TEST(Simulator, NormalNoiseFiresAtMostOneRuleInSixtyDays) {
  const Plant plant = SimQuietPlant();
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Simulator simulator = SimMake(plant, seed);
    const Frame table = SimTable(plant, SimRun(simulator, 24 * 60));
    EXPECT_LE(SimOnsets(SimAlarms(plant, table)), 1) << "seed " << seed;
  }
}

TEST(Simulator, RulesFireInEventsNotInDecoys) {
  const Plant plant = SimGasPlant();
  int events = 0;
  int silent = 0;
  int stray = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    Simulator simulator = SimMake(plant, seed);
    const auto hours = SimRun(simulator, 24 * 60);
    const auto alarms = SimAlarms(plant, SimTable(plant, hours));
    bool fired = false;
    for (size_t r = 1; r < hours.size(); ++r) {
      const bool event = hours[r].phase == SimulatedPhase::kEvent;
      const bool was_event = hours[r - 1].phase == SimulatedPhase::kEvent;
      if (event) fired = (was_event && fired) || alarms[r];
      events += was_event && !event ? 1 : 0;
      silent += was_event && !event && !fired ? 1 : 0;
      const bool chance =
          hours[r].phase == SimulatedPhase::kNormal || hours[r].phase == SimulatedPhase::kDecoy;
      stray += chance && alarms[r] && !alarms[r - 1] ? 1 : 0;
    }
  }
  EXPECT_GT(events, 100);
  EXPECT_LE(silent, events / 50);
  EXPECT_LE(stray, 6);  // in 360 days
}

TEST(Simulator, EventsAndDecoysComeAtTheirRates) {
  const Plant plant = SimGasPlant();
  Simulator simulator = SimMake(plant, 21);
  const auto hours = SimRun(simulator, 24 * 30 * 40);
  int events = 0;
  int decoys = 0;
  int sudden = 0;
  SimulatedPhase before = SimulatedPhase::kNormal;
  for (const SimulatedHour& hour : hours) {
    if (hour.phase == SimulatedPhase::kEvent && before != hour.phase) {
      ++events;
      sudden += before == SimulatedPhase::kNormal ? 1 : 0;
    }
    decoys += hour.phase == SimulatedPhase::kDecoy && before != hour.phase ? 1 : 0;
    before = hour.phase;
  }
  EXPECT_NEAR(events / 40.0, 12, 1.2);
  EXPECT_NEAR(decoys / 40.0, 12, 1.2);
  EXPECT_NEAR(static_cast<double>(sudden) / events, 0.15, 0.05);
}

// The mean difference to the same seed without the scenario, hours [from, to) after its activation.
double SimEffect(const Plant& plant, const char* scenario, const std::string& series, int from, int to,
                 int seeds, bool spread) {
  double effect = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    Simulator plain = SimMake(plant, static_cast<uint64_t>(seed));
    Simulator forced = SimMake(plant, static_cast<uint64_t>(seed));
    SimRun(plain, 48);
    SimRun(forced, 48);
    EXPECT_TRUE(forced.Activate(scenario).ok());
    const Frame a = SimTable(plant, SimRun(plain, to));
    const Frame b = SimTable(plant, SimRun(forced, to));
    for (int r = from; r < to; ++r) {
      const double d = b[series][static_cast<size_t>(r)] - a[series][static_cast<size_t>(r)];
      effect += (spread ? d * d : d) / (to - from) / seeds;
    }
  }
  return spread ? std::sqrt(effect) : effect;
}

TEST(Simulator, ScenariosReachTheirSizesAfterTheRamp) {
  const Plant plant = SimQuietPlant();
  // drift: the mean over many seeds after the ramp (at most 12 h)
  EXPECT_NEAR(SimEffect(plant, "pressure_rise", "pdt31008", 12, 60, 10, false), 80, 4);
  EXPECT_NEAR(SimEffect(plant, "pressure_rise", "fq31050", 12, 60, 10, false), -5, 0.4);
  EXPECT_NEAR(SimEffect(plant, "level_swing", "lic31012_pv", 12, 60, 10, false), -8, 0.3);
  EXPECT_NEAR(SimEffect(plant, "multi_alarm", "lic31002_pv", 12, 60, 10, false), 20, 0.5);
  EXPECT_NEAR(SimEffect(plant, "multi_alarm", "te301020", 12, 72, 10, false), 8, 1);
  // oscillation: amplitude / sqrt 2 as a root mean square over whole periods, beside the grown noise
  EXPECT_NEAR(SimEffect(plant, "level_swing", "lt301031", 15, 75, 10, true), 40 / std::sqrt(2.0), 5);
  // and not before it: the first hour shows little more than a precursor's, the sixth a part of it
  const double first = SimEffect(plant, "pressure_rise", "pdt31008", 0, 1, 40, false);
  EXPECT_GT(first, 0);
  EXPECT_LT(first, 12);
  const double sixth = SimEffect(plant, "pressure_rise", "pdt31008", 5, 6, 40, false);
  EXPECT_GT(sixth, first + 10);
  EXPECT_LT(sixth, 70);
}

TEST(Simulator, ScenarioNoiseGrowsByItsFactor) {
  Plant plant = SimQuietPlant();
  for (SimulatedTag& tag : plant.simulator.tags) tag.daily = 0;
  Simulator forced = SimMake(plant, 4);
  ASSERT_TRUE(forced.Activate("pressure_rise").ok());
  const Frame grown = SimTable(plant, SimRun(forced, 2000)).Slice(12, 2000);
  Simulator plain = SimMake(plant, 4);
  const Frame usual = SimTable(plant, SimRun(plain, 2000)).Slice(12, 2000);
  const auto ratio = [&](const char* series) {
    return SimStatisticsOf(grown[series]).sd / SimStatisticsOf(usual[series]).sd;
  };
  EXPECT_NEAR(ratio("pdt31008"), 2.5, 0.1);
  EXPECT_NEAR(ratio("fq31050"), 1.5, 0.1);
}

TEST(Simulator, MultiAlarmMakesTheRulesFire) {
  const Plant plant = SimGasPlant();
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Simulator simulator = SimMake(plant, seed);
    SimRun(simulator, 90);
    ASSERT_TRUE(simulator.Activate("multi_alarm").ok());
    const auto alarms = SimAlarms(plant, SimTable(plant, SimRun(simulator, 24)));
    int late = 0;
    for (size_t r = 12; r < 24; ++r) late += alarms[r] ? 1 : 0;
    EXPECT_GE(late, 10) << "seed " << seed;
  }
}

TEST(Simulator, ActivationLeavesThePastAndTheNormalStateComesBack) {
  const Plant plant = SimQuietPlant();
  Simulator plain = SimMake(plant, 9);
  Simulator forced = SimMake(plant, 9);
  for (int h = 0; h < 50; ++h) ASSERT_TRUE(SimSame(plain.StepHour(), forced.StepHour()));
  ASSERT_TRUE(forced.Activate("multi_alarm").ok());
  EXPECT_EQ(forced.scenario(), "multi_alarm");
  const auto changed = SimRun(forced, 30);
  EXPECT_EQ(changed.back().scenario, "multi_alarm");
  EXPECT_FALSE(SimSame(changed.back(), SimRun(plain, 30).back()));
  ASSERT_TRUE(forced.Activate("normal").ok());
  SimRun(forced, 12);
  SimRun(plain, 12);
  // the noise never knew of the scenario: hours later both are the same plant, but for what was logged last
  const SimulatedHour a = forced.StepHour();
  const SimulatedHour b = plain.StepHour();
  for (size_t s = 0; s < a.series.size(); ++s)
    EXPECT_EQ(a.series[s].value, b.series[s].value) << forced.series()[s];
}

TEST(Simulator, UnknownScenarioListsTheKnown) {
  Simulator simulator = SimMake(SimGasPlant(), 1);
  const Status status = simulator.Activate("pressure_ris");
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("did you mean 'pressure_rise'"));
  EXPECT_THAT(status.message(), HasSubstr("normal, pressure_rise, level_swing, multi_alarm"));
  EXPECT_EQ(simulator.scenario(), "normal");
}

TEST(Simulator, RestoredStateGoesOnAsIfNothingHappened) {
  const Plant plant = SimGasPlant();
  Simulator simulator = SimMake(plant, 13);
  const std::map<int, const char*> scenarios = {{10, "level_swing"}, {14, "multi_alarm"}, {20, "normal"}};
  for (int round = 0; round < 40; ++round) {  // states within events, decoys, scenarios, between setpoints
    SimRun(simulator, 17);
    if (scenarios.count(round) > 0) {
      ASSERT_TRUE(simulator.Activate(scenarios.at(round)).ok());
    }
    const std::string state = simulator.SaveState();
    auto restored = Simulator::Restore(plant, state);
    ASSERT_TRUE(restored.ok()) << restored.status().message();
    EXPECT_EQ(restored->seed(), 13u);
    EXPECT_EQ(restored->NextHour(), simulator.NextHour());
    EXPECT_EQ(restored->scenario(), simulator.scenario());
    for (int h = 0; h < 60; ++h)
      ASSERT_TRUE(SimSame(restored->StepHour(), simulator.StepHour())) << "round " << round;
    EXPECT_EQ(restored->SaveState(), simulator.SaveState());
  }
}

TEST(Simulator, DamagedOrForeignStateIsRefused) {
  const Plant plant = SimGasPlant();
  Simulator simulator = SimMake(plant, 13);
  simulator.StepHour();
  const std::string state = simulator.SaveState();
  EXPECT_THAT(Simulator::Restore(plant, "").status().message(), HasSubstr("damaged"));
  EXPECT_THAT(Simulator::Restore(plant, state.substr(0, state.size() / 2)).status().message(),
              HasSubstr("damaged"));
  EXPECT_FALSE(Simulator::Restore(plant, "[1,2]").ok());
  EXPECT_FALSE(Simulator::Restore(plant, "{\"version\":1}").ok());
  Plant other = plant;
  other.tags.pop_back();
  EXPECT_THAT(Simulator::Restore(other, state).status().message(), HasSubstr("series"));
  std::string negative = state;
  negative.replace(negative.find("\"hour\":1"), 8, "\"hour\":-1");
  EXPECT_FALSE(Simulator::Restore(plant, negative).ok());
}

TEST(Simulator, PlantWithoutASimulatorIsRefused) {
  Plant plant = SimGasPlant();
  plant.interval = 3 * kMinute;
  EXPECT_THAT(Simulator::Make(plant, 1).status().message(), HasSubstr("its interval is 3min"));
  plant.simulator = {};
  EXPECT_THAT(Simulator::Make(plant, 1).status().message(), HasSubstr("no [simulator] section"));
}

}  // namespace
}  // namespace forewarn
