#include "plant/simulator_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "plant/toml_reader.h"

namespace forewarn {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kSmallSpec[] = R"([simulator]
start = "2021-03-01 00:00"
events_per_30_days = 6
decoys_per_30_days = 4
no_precursor_share = 0.5
[[simulator.tag]]
tag = "a"
mean = 10
sd = 2
lag1 = 0.5
low = 0
high = 30
[[simulator.tag]]
tag = "c_pv"
mean = 0
sd = 1
[[simulator.loop]]
controller = "c"
gain = 0.5
setpoints = [{ value = 80 }, { value = 70, weight = 2, hours = [3, 5] }]
[[simulator.coupling]]
between = ["a", "c_pv"]
correlation = 0.6
[[simulator.episode]]
name = "flood"
precursor_hours = [4, 8]
event_hours = [2, 4]
recovery_hours = [3, 3]
precursor = [{ tag = "a", shift = 0.5, noise = 0.2 }]
event = [{ tag = "a", size = [20, 30], period_hours = 2 }]
[[simulator.decoy]]
name = "blip"
peak = [0.5, 1]
precursor = [{ tag = "c_pv", shift = -1 }]
[[scenario]]
name = "normal"
color = "green"
effects = []
[[scenario]]
name = "rise"
color = "red"
episode = "flood"
ramp_hours = [2, 3]
effects = [{ tag = "a", drift = 5, amplitude = 2, period_hours = 10, noise = 2 }]
)";

std::vector<std::string> SpecProblems(const std::string& text, SimulatorSpec* spec) {
  auto document = TomlDocument::Parse(text, "x.toml");
  EXPECT_TRUE(document.ok()) << document.status().message();
  TomlReader root = document->Root();
  ReadSimulatorSpec(root, spec);
  std::vector<std::string> out;
  for (const Problem& problem : document->Finish()) out.push_back(problem.Text());
  return out;
}

// The small file with one piece of text replaced.
std::vector<std::string> SpecProblemsWith(const std::string& from, const std::string& to) {
  std::string text = kSmallSpec;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  SimulatorSpec spec;
  return SpecProblems(text, &spec);
}

TEST(SimulatorSpec, ReadsEverySection) {
  SimulatorSpec spec;
  EXPECT_THAT(SpecProblems(kSmallSpec, &spec), IsEmpty());
  EXPECT_EQ(FormatPlantTime(spec.start), "2021-03-01 00:00:00");
  ASSERT_EQ(spec.tags.size(), 2u);
  EXPECT_EQ(spec.tags[0].lag1, 0.5);
  EXPECT_EQ(spec.tags[0].high, 30);
  EXPECT_FALSE(IsValid(spec.tags[1].low));
  ASSERT_EQ(spec.loops.size(), 1u);
  EXPECT_EQ(spec.loops[0].setpoints[1].hours.high, 5);
  ASSERT_EQ(spec.episodes.size(), 1u);
  EXPECT_EQ(spec.episodes[0].event[0].size.high, 30);
  EXPECT_EQ(spec.decoys[0].peak.low, 0.5);
  EXPECT_THAT(spec.ScenarioNames(), ElementsAre("normal", "rise"));
  ASSERT_NE(spec.FindScenario("rise"), nullptr);
  EXPECT_EQ(spec.FindScenario("rise")->effects[0].amplitude, 2);
  EXPECT_EQ(spec.FindScenario("rise")->ramp_hours_max, 3);
  EXPECT_EQ(spec.FindScenario("fall"), nullptr);
}

TEST(SimulatorSpec, AbsentMeansNoSimulator) {
  SimulatorSpec spec;
  EXPECT_THAT(SpecProblems("", &spec), IsEmpty());
  EXPECT_TRUE(spec.empty());
}

TEST(SimulatorSpec, TellsWhatIsWrongAndWhere) {
  EXPECT_THAT(SpecProblemsWith("tag = \"a\"\nmean", "tag = \"b\"\nmean"),
              Contains(HasSubstr("unknown simulated series 'a'")));
  EXPECT_THAT(SpecProblemsWith("lag1 = 0.5", "lag1 = 1.5"), Contains(HasSubstr("simulator.tag[1].lag1")));
  EXPECT_THAT(SpecProblemsWith("high = 30", "high = -1"), Contains(HasSubstr("must be above low")));
  EXPECT_THAT(SpecProblemsWith("high = 30", "highh = 30"), Contains(HasSubstr("did you mean 'high'")));
  EXPECT_THAT(SpecProblemsWith("controller = \"c\"", "controller = \"d\""),
              Contains(HasSubstr("unknown simulated series 'd_pv'")));
  EXPECT_THAT(SpecProblemsWith("\"a\", \"c_pv\"", "\"a\", \"a\""),
              Contains(HasSubstr("two different series")));
  EXPECT_THAT(SpecProblemsWith("[4, 8]", "[8, 4]"), Contains(HasSubstr("wanted [low, high]")));
  EXPECT_THAT(SpecProblemsWith("episode = \"flood\"", "episode = \"flod\""),
              Contains(HasSubstr("did you mean 'flood'")));
  EXPECT_THAT(SpecProblemsWith("color = \"red\"", "color = \"pink\""),
              Contains(HasSubstr("green, amber, red")));
  EXPECT_THAT(SpecProblemsWith("name = \"rise\"", "name = \"normal\""),
              Contains(HasSubstr("'normal' is there twice")));
  EXPECT_THAT(SpecProblemsWith("amplitude = 2, period_hours = 10", "amplitude = 2"),
              Contains(HasSubstr("an oscillation needs period_hours")));
  EXPECT_THAT(SpecProblemsWith("00:00", "00:30"), Contains(HasSubstr("must be a full hour")));
  EXPECT_THAT(SpecProblemsWith("events_per_30_days = 6", "events_per_30_days = 70"),
              Contains(HasSubstr("of the 720 hours of 30 days")));
}

TEST(SimulatorSpec, ScenariosNeedASimulator) {
  SimulatorSpec spec;
  EXPECT_THAT(SpecProblems("[[scenario]]\nname = \"x\"\n", &spec),
              ElementsAre(HasSubstr("need a [simulator] section")));
  EXPECT_THAT(SpecProblems("[simulator]\nstart = \"2021-03-01\"\n", &spec),
              Contains(HasSubstr("[[simulator.tag]]")));
}

TEST(SimulatorSpec, CouplingFactorReproducesTheCorrelations) {
  SimulatorSpec spec;
  for (const char* name : {"a", "b", "c"}) spec.tags.push_back({name});
  spec.couplings = {{"a", "b", 0.6}, {"b", "c", -0.4}, {"a", "c", 0.1}};
  const std::vector<double> lower = CouplingFactor(spec);
  ASSERT_EQ(lower.size(), 9u);
  const auto product = [&](size_t i, size_t j) {
    double sum = 0;
    for (size_t k = 0; k < 3; ++k) sum += lower[i * 3 + k] * lower[j * 3 + k];
    return sum;
  };
  EXPECT_NEAR(product(0, 0), 1, 1e-12);
  EXPECT_NEAR(product(1, 0), 0.6, 1e-12);
  EXPECT_NEAR(product(2, 1), -0.4, 1e-12);
  EXPECT_NEAR(product(2, 0), 0.1, 1e-12);
  spec.couplings = {{"a", "b", 0.9}, {"b", "c", 0.9}, {"a", "c", -0.9}};
  EXPECT_TRUE(CouplingFactor(spec).empty());
}

TEST(SimulatorSpec, ContradictingCouplingsAreAProblem) {
  std::string text = kSmallSpec;
  text.insert(text.find("[[simulator.loop]]"), R"([[simulator.tag]]
tag = "b"
mean = 0
sd = 1
[[simulator.coupling]]
between = ["a", "b"]
correlation = 0.9
[[simulator.coupling]]
between = ["b", "c_pv"]
correlation = -0.9
)");
  SimulatorSpec spec;
  EXPECT_THAT(SpecProblems(text, &spec), Contains(HasSubstr("contradict each other")));
}

TEST(SimulatorSpec, MeanEpisodeHoursWeighsKindsAndSuddenOnes) {
  SimulatedEpisode a;
  a.weight = 3;
  a.precursor_hours = {8, 12};
  a.event_hours = {2, 4};
  a.recovery_hours = {1, 1};
  SimulatedEpisode b = a;
  b.weight = 1;
  b.recovery_hours = {5, 5};
  EXPECT_DOUBLE_EQ(MeanEpisodeHours({a, b}, 0.5), (3 * 9.0 + 13.0) / 4);
  EXPECT_EQ(MeanEpisodeHours({}, 0), 0);
}

}  // namespace
}  // namespace forewarn
