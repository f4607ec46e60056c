// What the live product must show (must-shows of the live monitor): the default plant at full simulated
// speed, with models trained as `up` trains them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "live/live_test_models.h"
#include "live/live_test_plant.h"
#include "live/monitor.h"
#include "live/simulated_plant.h"

namespace forewarn {
namespace {

using live_test::RecordingSink;
using live_test::TrainedPlant;

// A plant of one seed under watch; its seed is not the one the models were trained on.
struct Watched {
  Watched(TrainedPlant& trained, uint64_t seed) {
    SimulatedPlantOptions options;
    options.seed = seed;
    options.past_hours = 400;
    source = SimulatedPlant::Open(trained.plant, options, MakeFreePace()).value();
    monitor = Monitor::Make(trained.plant, source.get(), trained.scorer.get(), &log, &sink).value();
    EXPECT_TRUE(monitor->CatchUp().ok());
  }
  void Hours(int hours) {
    for (int h = 0; h < hours; ++h) {
      for (int scan = 0; scan < 12; ++scan) EXPECT_TRUE(source->Step().ok());
      EXPECT_TRUE(monitor->CatchUp().ok());
    }
  }
  PlantTime now() const { return source->Live()->plant_time; }
  std::unique_ptr<SimulatedPlant> source;
  MemoryWarningLog log;
  RecordingSink sink;
  std::unique_ptr<Monitor> monitor;
};

struct Forewarned {
  int runs = 0;
  int warned = 0;                // before the first rule alarm
  std::vector<PlantTime> leads;  // ascending
  std::vector<PlantTime> until;  // from the activation to the first alarm
  double MedianLeadHours() const {
    return leads.empty() ? 0 : static_cast<double>(leads[leads.size() / 2]) / static_cast<double>(kHour);
  }
};

// Ten plants, a day of watching, then the scenario until its first rule alarm.
Forewarned RunScenario(TrainedPlant& trained, const std::string& scenario) {
  Forewarned out;
  for (uint64_t seed = 3001; seed <= 3010; ++seed) {
    Watched watched(trained, seed);
    watched.Hours(24);
    EXPECT_TRUE(watched.source->Activate(scenario).ok());
    const PlantTime activated = watched.now();
    std::optional<LiveAlarm> first;
    for (int h = 0; h < 48 && !first; ++h) {
      watched.Hours(1);
      for (const LiveAlarm& alarm : watched.log.alarms()) {
        if (alarm.began >= activated) first = alarm;
      }
    }
    EXPECT_TRUE(first) << scenario << ", seed " << seed << ": no alarm within two days";
    if (!first) continue;
    ++out.runs;
    out.until.push_back(first->began - activated);
    if (!first->lead) continue;
    ++out.warned;
    out.leads.push_back(*first->lead);
  }
  std::sort(out.leads.begin(), out.leads.end());
  std::string text;
  for (const PlantTime lead : out.leads) text += " " + std::to_string(lead / kHour);
  text += "; from the activation to the alarm:";
  for (const PlantTime until : out.until) text += " " + std::to_string(until / kHour);
  std::printf("%s: %d of %d warned, leads (h):%s\n", scenario.c_str(), out.warned, out.runs, text.c_str());
  return out;
}

TEST(LiveStudy, AScenarioOfManyAlarmsIsWarnedOfBeforeItsFirst) {
  TrainedPlant trained;
  const Forewarned many = RunScenario(trained, "multi_alarm");
  EXPECT_EQ(many.runs, 10);
  EXPECT_GE(many.warned, 8);
  EXPECT_GE(many.MedianLeadHours(), 2);
  for (const char* other : {"pressure_rise", "level_swing"}) {
    const Forewarned one = RunScenario(trained, other);
    EXPECT_EQ(one.runs, 10) << other;
    EXPECT_GE(one.warned, 7) << other;
  }
}

// Ten plants by themselves for 30 days each: the false warnings of all, a day outside alarms.
TEST(LiveStudy, ThePlantLeftAloneRaisesFewFalseWarnings) {
  TrainedPlant trained;
  size_t wrong = 0;
  size_t found = 0;
  double days = 0;
  std::vector<double> leads;
  size_t events = 0;
  for (uint64_t seed = 4001; seed <= 4010; ++seed) {
    Watched watched(trained, seed);
    watched.Hours(24 * 30);
    const std::vector<LiveWarning> warnings = watched.log.warnings();
    wrong += static_cast<size_t>(std::count_if(warnings.begin(), warnings.end(), [](const LiveWarning& w) {
      return w.outcome == WarningOutcome::kFalse;
    }));
    days += 30;
    for (const LiveAlarm& alarm : watched.log.alarms()) {
      const PlantTime end = alarm.ended == kNoTime ? watched.now() : alarm.ended;
      days -= static_cast<double>(end - alarm.began) / static_cast<double>(kDay);
      ++events;
      if (!alarm.lead) continue;
      ++found;
      leads.push_back(static_cast<double>(*alarm.lead) / static_cast<double>(kHour));
    }
  }
  std::sort(leads.begin(), leads.end());
  const double recall = static_cast<double>(found) / static_cast<double>(events);
  std::printf("%zu of %zu events found (%.3f), %.3f false warnings a day, median lead %.1f h\n", found,
              events, recall, static_cast<double>(wrong) / days, leads[leads.size() / 2]);
  EXPECT_LE(static_cast<double>(wrong) / days, 0.35);
  EXPECT_GE(recall, 0.65);
  EXPECT_GE(leads[leads.size() / 2], 2);
}

}  // namespace
}  // namespace forewarn
