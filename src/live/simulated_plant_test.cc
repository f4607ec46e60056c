#include "live/simulated_plant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "core/file.h"
#include "core/random.h"
#include "ingest/ingest.h"
#include "live/live_test_plant.h"
#include "live/plant_state.h"
#include "live/sensor_json.h"
#include "sim/simulator.h"

namespace forewarn {
namespace {

using live_test::SmallPlant;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

SimulatedPlantOptions Options(const fs::path& folder = {}, uint64_t seed = 7) {
  SimulatedPlantOptions options;
  options.seed = seed;
  options.past_hours = 200;
  options.folder = folder;
  return options;
}

std::unique_ptr<SimulatedPlant> OpenPlant(const SimulatedPlantOptions& options) {
  auto plant = SimulatedPlant::Open(SmallPlant(), options, MakeFreePace());
  EXPECT_TRUE(plant.ok()) << (plant.ok() ? "" : plant.message());
  return plant.ok() ? std::move(*plant) : nullptr;
}

void StepHours(SimulatedPlant& plant, int hours) {
  for (int i = 0; i < 12 * hours; ++i) ASSERT_TRUE(plant.Step().ok());
}

// All a plant shows: its closed hours, then the open one.
std::vector<std::string> Texts(SimulatedPlant& plant) {
  const SensorJson json = SensorJson::Make(SmallPlant()).value();
  std::vector<std::string> out;
  const std::vector<ReadingPtr> hours = plant.History(kHistoryBuffer).value();
  for (const ReadingPtr& hour : hours) out.push_back(json.Reading(*hour));
  out.push_back(json.Reading(*plant.Live()->reading));
  return out;
}

// Says where two differ first, in few words.
void ExpectSame(const std::vector<std::string>& a, const std::vector<std::string>& b, int life = 0) {
  ASSERT_EQ(a.size(), b.size()) << "life " << life;
  for (size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a[i], b[i]) << "life " << life << " row " << i;
}

TEST(SimulatedPlant, IsReadyAtOnceWithItsPast) {
  const auto plant = OpenPlant(Options());
  const auto hours = plant->History(90).value();
  ASSERT_EQ(hours.size(), 90u);
  EXPECT_EQ(hours.back()->time, ParsePlantTime("2021-03-01").value() + 199 * kHour);
  EXPECT_EQ(plant->Live()->plant_time, hours.back()->time + kHour);
  EXPECT_EQ(plant->Live()->scenario, "normal");
  EXPECT_EQ(plant->Live()->seconds_per_hour, 2);
  EXPECT_EQ(plant->Meta()->at(0).unit, "m³/h");
}

TEST(SimulatedPlant, AReadNeverAdvancesIt) {
  const auto plant = OpenPlant(Options());
  ASSERT_TRUE(plant->Step().ok());
  const std::vector<std::string> before = Texts(*plant);
  for (int i = 0; i < 100; ++i) (void)plant->Live();
  ExpectSame(Texts(*plant), before);
}

// The bins of the live plant are those that ingest makes of the same readings, in every cell that does not
// look ahead.
TEST(SimulatedPlant, ItsHoursAreWhatIngestMakesOfItsReadings) {
  const Plant file = SmallPlant();
  const auto plant = OpenPlant(Options());
  StepHours(*plant, 300);
  Simulator simulator = Simulator::Make(file, 7).value();
  RawData readings;
  readings.files = {"simulated"};
  for (int h = 0; h < 500; ++h) AppendReadings(simulator.series(), simulator.StepHour(), &readings);
  IngestOptions options;
  options.live = true;
  const Frame table = Ingest(std::move(readings), file, options).value().table;
  const auto hours = plant->History(kHistoryBuffer).value();
  ASSERT_EQ(hours.size(), 500u);
  const std::vector<std::string> series = file.SeriesNames();
  for (size_t r = 0; r < hours.size(); ++r) {
    ASSERT_EQ(hours[r]->time, table.times()[r]);
    for (size_t s = 0; s < series.size(); ++s) {
      const double cell = table[series[s]][r];
      ASSERT_EQ(IsValid(hours[r]->value[s]), IsValid(cell)) << series[s] << " hour " << r;
      if (!IsValid(cell)) continue;
      ASSERT_EQ(hours[r]->value[s], cell) << series[s] << " hour " << r;
      if (!table.Has(series[s] + "_max")) continue;
      ASSERT_EQ(hours[r]->max[s], table[series[s] + "_max"][r]);
      ASSERT_EQ(hours[r]->min[s], table[series[s] + "_min"][r]);
    }
  }
}

TEST(SimulatedPlant, ScansShowTheNewestValuesAndAnHourClosesAfterThem) {
  const auto plant = OpenPlant(Options());
  std::vector<SensorEvent> events;
  const auto subscription = plant->Subscribe([&](const SensorEvent& event) { events.push_back(event); });
  StepHours(*plant, 3);
  ASSERT_EQ(events.size(), 36u);
  PlantTime before = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    const bool closes = i % 12 == 11;
    EXPECT_EQ(events[i].kind == SensorEvent::Kind::kHourClosed, closes);
    EXPECT_GT(events[i].id, before);
    before = events[i].id;
    EXPECT_EQ(events[i].reading->time, closes ? events[i].id - kHour : events[i].id);
    EXPECT_GE(events[i].reading->max[0], events[i].reading->min[0]);
  }
  EXPECT_EQ(events.back().reading, plant->History(1)->front());
  // the last scan's extremes lie within the hour's
  EXPECT_LE(events[34].reading->max[0], events[35].reading->max[0]);
}

TEST(SimulatedPlant, AnActivationWorksFromThePresentOn) {
  const auto calm = OpenPlant(Options());
  const auto forced = OpenPlant(Options());
  StepHours(*calm, 5);
  StepHours(*forced, 5);
  EXPECT_EQ(forced->Activate("rise")->description, "A climbs");
  EXPECT_EQ(forced->Live()->scenario, "rise");
  EXPECT_EQ(forced->Live()->scenario_color, "red");
  EXPECT_EQ(forced->Scenarios()->active, "rise");
  ExpectSame(Texts(*forced), Texts(*calm));  // what came before stays true
  StepHours(*calm, 12);
  StepHours(*forced, 12);
  const ReadingPtr newest = forced->History(1)->front();
  EXPECT_GT(newest->value[0], calm->History(1)->front()->value[0] + 10);
  EXPECT_EQ(newest->scenario, "rise");
  const auto unknown = forced->Activate("rose");
  EXPECT_EQ(unknown.status().code(), Code::kNotFound);
  EXPECT_THAT(unknown.message(), HasSubstr("did you mean 'rise'"));
}

// Killed (dropped without a word) at any scan: the plant goes on, no time is published twice, and its hours
// are those of a plant that was never killed.
TEST(SimulatedPlant, GoesOnAfterAKillAtAnyMoment) {
  const ScratchFolder scratch;
  Random random(3);
  auto whole = OpenPlant(Options());
  PlantTime published = 0;
  int activations = 0;
  for (int life = 0; life < 40; ++life) {
    auto plant = OpenPlant(Options(scratch.path(), life == 0 ? 7 : 99));  // the kept seed counts
    EXPECT_EQ(plant->notice(), "");
    EXPECT_EQ(plant->seed(), 7u);
    EXPECT_EQ(plant->past_hours(), 200);
    const auto subscription = plant->Subscribe([&](const SensorEvent& event) {
      EXPECT_GT(event.id, published);
      published = event.id;
    });
    const uint64_t steps = random.Below(60);
    for (uint64_t i = 0; i < steps; ++i) ASSERT_TRUE(plant->Step().ok());
    while (whole->Live()->plant_time < plant->Live()->plant_time) ASSERT_TRUE(whole->Step().ok());
    ExpectSame(Texts(*plant), Texts(*whole), life);
    if (random.Uniform() < 0.3) {
      const char* name = ++activations % 2 == 1 ? "rise" : "normal";
      ASSERT_TRUE(plant->Activate(name).ok());
      ASSERT_TRUE(whole->Activate(name).ok());
    }
  }
  EXPECT_GT(activations, 5);
}

TEST(SimulatedPlant, KeepsAWholeBufferOverARestartAfterAYear) {
  const ScratchFolder scratch;
  SimulatedPlantOptions options = Options(scratch.path());
  options.past_hours = 8760;
  auto plant = OpenPlant(options);
  ASSERT_TRUE(plant->Activate("rise").ok());
  StepHours(*plant, 20);
  const auto again = OpenPlant(options);
  while (again->Live()->plant_time > plant->Live()->plant_time) ASSERT_TRUE(plant->Step().ok());
  ExpectSame(Texts(*again), Texts(*plant));
  EXPECT_EQ(again->History(kHistoryBuffer)->size(), kHistoryBuffer);
}

TEST(SimulatedPlant, ADamagedStateIsToldSetAsideAndItsTimeNotRepeated) {
  const ScratchFolder scratch;
  PlantTime last = 0;
  {
    auto plant = OpenPlant(Options(scratch.path()));
    StepHours(*plant, 30);
    last = plant->Live()->plant_time;
  }
  const fs::path file = scratch.path() / "simulated-plant.json";
  std::string text = ReadFile(file).value();
  text.resize(text.size() / 2);
  std::ofstream(file, std::ios::trunc) << text;
  const auto plant = OpenPlant(Options(scratch.path()));
  EXPECT_THAT(plant->notice(), HasSubstr("set aside as 'simulated-plant.json.damaged-1'"));
  EXPECT_TRUE(fs::exists(scratch.path() / "simulated-plant.json.damaged-1"));
  EXPECT_GE(plant->Live()->plant_time, last);
  StepHours(*plant, 2);
  EXPECT_EQ(OpenPlant(Options(scratch.path()))->notice(), "");
}

TEST(SimulatedPlant, AStateWithoutAReadableClockStartsFromTheBeginning) {
  const ScratchFolder scratch;
  std::ofstream(scratch.path() / "simulated-plant.json") << "\x01\x02 not ours";
  const auto plant = OpenPlant(Options(scratch.path()));
  EXPECT_THAT(plant->notice(), HasSubstr("from its beginning"));
  EXPECT_EQ(plant->History(1)->front()->time, ParsePlantTime("2021-03-01").value() + 199 * kHour);
}

TEST(SimulatedPlant, StandsStillWhileItsStateCannotBeWrittenAndRecovers) {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "plant";
  const auto plant = OpenPlant(Options(folder));
  std::vector<SensorEvent::Kind> kinds;
  const auto subscription = plant->Subscribe([&](const SensorEvent& event) { kinds.push_back(event.kind); });
  fs::remove_all(folder);
  std::ofstream(folder) << "a file where the folder was";
  const PlantTime before = plant->Live()->plant_time;
  EXPECT_FALSE(plant->Step().ok());
  EXPECT_FALSE(plant->Step().ok());
  EXPECT_EQ(plant->Live()->plant_time, before);
  fs::remove(folder);
  fs::create_directory(folder);
  EXPECT_TRUE(plant->Step().ok());
  EXPECT_THAT(kinds, ::testing::ElementsAre(SensorEvent::Kind::kAway, SensorEvent::Kind::kBack,
                                            SensorEvent::Kind::kReading));
}

TEST(SimulatedPlant, APlantWithoutASimulatorIsRefusedInWords) {
  Plant plant = SmallPlant();
  plant.simulator = {};
  const auto opened = SimulatedPlant::Open(plant, Options(), MakeFreePace());
  EXPECT_THAT(opened.message(), HasSubstr("no [simulator] section"));
  SimulatedPlantOptions options = Options();
  options.seconds_per_hour = 0;
  EXPECT_THAT(SimulatedPlant::Open(SmallPlant(), options).message(), HasSubstr("more than 0"));
}

// Subscribers come and go, readers read, the clock runs free on its own thread.
TEST(SimulatedPlant, RunsOnItsThreadWhileOthersReadSubscribeAndActivate) {
  const auto plant = OpenPlant(Options());
  std::atomic<int> closed = 0;
  const auto all = plant->Subscribe([&](const SensorEvent& event) {
    if (event.kind == SensorEvent::Kind::kHourClosed) ++closed;
  });
  plant->Start();
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      while (closed < 200) {
        std::atomic<int> seen = 0;
        const auto own = plant->Subscribe([&](const SensorEvent&) { ++seen; });
        EXPECT_GE(plant->History(5)->size(), 5u);
        (void)plant->Live();
        if (i != 0) continue;
        EXPECT_TRUE(plant->Activate(seen % 2 == 0 ? "rise" : "normal").ok());
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  plant->Stop();
  const auto hours = plant->History(kHistoryBuffer).value();
  for (size_t i = 1; i < hours.size(); ++i) EXPECT_EQ(hours[i]->time, hours[i - 1]->time + kHour);
}

TEST(PlantState, ComesBackAndDamageIsRefused) {
  PlantState state;
  state.clock = ParsePlantTime("2021-04-01 05:35").value();
  state.plant = "small";
  state.past_hours = 200;
  state.simulator = R"({"version":1,"x":0.1})";
  state.activations = {{ParsePlantTime("2021-04-01 03:00").value(), "ri\"se"}};
  const std::string text = PlantStateText(state);
  const auto back = ParsePlantState(text);
  ASSERT_TRUE(back.ok()) << back.message();
  EXPECT_EQ(back->clock, state.clock);
  EXPECT_EQ(back->simulator, state.simulator);
  EXPECT_EQ(back->activations.at(0).scenario, "ri\"se");
  EXPECT_EQ(SalvageClock(text.substr(0, 40)), state.clock);
  EXPECT_EQ(SalvageClock(text.substr(0, 15)), kNoTime);
  for (size_t cut = 0; cut + 2 < text.size(); ++cut) EXPECT_FALSE(ParsePlantState(text.substr(0, cut)).ok());
}

}  // namespace
}  // namespace forewarn
