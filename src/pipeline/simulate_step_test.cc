#include "pipeline/simulate_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "core/file.h"
#include "ingest/ingest.h"
#include "io/table_io.h"
#include "pipeline/read_history.h"
#include "pipeline/skill_study.h"
#include "plant/plant_file.h"

namespace forewarn {
namespace {

using testing::HasSubstr;

Plant SimulateStepPlant() {
  auto plant = LoadPlantFile(FOREWARN_SOURCE_DIR "/plants/gas-treatment.toml");
  EXPECT_TRUE(plant.ok()) << plant.status().message();
  return plant.ok() ? std::move(*plant) : Plant();
}

void ExpectSameTable(const Frame& a, const Frame& b, double tolerance) {
  ASSERT_EQ(a.times(), b.times());
  ASSERT_EQ(a.names(), b.names());
  for (size_t c = 0; c < a.columns(); ++c) {
    double worst = 0;
    for (size_t r = 0; r < a.rows(); ++r) {
      ASSERT_EQ(IsValid(a.at(c)[r]), IsValid(b.at(c)[r])) << a.names()[c] << " row " << r;
      if (IsValid(a.at(c)[r])) worst = std::max(worst, std::fabs(a.at(c)[r] - b.at(c)[r]));
    }
    EXPECT_LE(worst, tolerance) << a.names()[c];
  }
}

TEST(Simulate, WorkbooksIngestToTheSimulatorsOwnTable) {
  const Plant plant = SimulateStepPlant();
  SimulateOptions options;
  options.hours = 28 * 24;
  options.seed = 5;
  const auto table = SimulateTable(plant, options);
  ASSERT_TRUE(table.ok()) << table.status().message();
  EXPECT_EQ(table->rows(), 28u * 24u);

  const ScratchFolder scratch;
  const auto folder = scratch.path() / "new" / "export";
  const auto readings = SimulateReadings(plant, options);
  ASSERT_TRUE(readings.ok());
  const auto files = WriteSimulatedWorkbooks(plant, *readings, folder);
  ASSERT_TRUE(files.ok()) << files.status().message();
  EXPECT_EQ(*files, 10u);
  auto history = ReadHistory({folder}, plant, 2);
  ASSERT_TRUE(history.ok()) << history.status().message();
  const auto ingested = Ingest(std::move(*history), plant);
  ASSERT_TRUE(ingested.ok()) << ingested.status().message();
  ExpectSameTable(ingested->table, *table, 1e-9);

  const auto csv = scratch.path() / "table.csv";
  ASSERT_TRUE(WriteTable(csv, *table).ok());
  const auto read = ReadFrame(csv);
  ASSERT_TRUE(read.ok()) << read.status().message();
  ExpectSameTable(*read, *table, 0);
}

TEST(Simulate, TableHasNoCellThatLooksAhead) {
  SimulateOptions options;
  options.hours = 24 * 120;
  const auto table = SimulateTable(SimulateStepPlant(), options);
  ASSERT_TRUE(table.ok());
  for (const std::string& name : table->names()) {
    const auto& cells = (*table)[name];
    if (name == "filled") {
      EXPECT_EQ(std::count(cells.begin(), cells.end(), 0.0), static_cast<std::ptrdiff_t>(cells.size()));
    }
    EXPECT_TRUE(std::all_of(cells.begin(), cells.end(), IsValid)) << name;
  }
}

TEST(Simulate, StartMovesTheHistory) {
  SimulateOptions options;
  options.hours = 48;
  options.start = *ParsePlantTime("2030-06-01 05:00");
  const auto table = SimulateTable(SimulateStepPlant(), options);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(FormatPlantTime(table->times().front()), "2030-06-01 05:00:00");
  EXPECT_EQ(FormatPlantTime(table->times().back()), "2030-06-03 04:00:00");
}

TEST(Simulate, ScenarioUnfoldsFromTheFirstHour) {
  SimulateOptions options;
  options.hours = 24;
  const auto plain = SimulateTable(SimulateStepPlant(), options);
  options.scenario = "pressure_rise";
  const auto forced = SimulateTable(SimulateStepPlant(), options);
  ASSERT_TRUE(plain.ok() && forced.ok());
  const auto rise = [&](size_t r) { return (*forced)["pdt31008"][r] - (*plain)["pdt31008"][r]; };
  EXPECT_LT(rise(0), 40);
  double late = 0;
  for (size_t r = 12; r < 24; ++r) late += rise(r) / 12;
  EXPECT_NEAR(late, 80, 30);
}

TEST(Simulate, SaysWhatIsWrong) {
  const Plant plant = SimulateStepPlant();
  SimulateOptions options;
  EXPECT_THAT(SimulateTable(plant, options).status().message(), HasSubstr("allowed: 1 to"));
  options.hours = kMaxSimulatedHours + 1;
  EXPECT_THAT(SimulateTable(plant, options).status().message(), HasSubstr("allowed: 1 to"));
  options.hours = 24;
  options.scenario = "flood";
  EXPECT_THAT(SimulateTable(plant, options).status().message(), HasSubstr("known: normal, pressure_rise"));
  options.scenario = "";
  options.start = kMinute;
  EXPECT_THAT(SimulateTable(plant, options).status().message(), HasSubstr("full hour"));
}

TEST(Simulate, WorkbooksDoNotReplaceAFile) {
  const Plant plant = SimulateStepPlant();
  SimulateOptions options;
  options.hours = 24;
  const auto readings = SimulateReadings(plant, options);
  ASSERT_TRUE(readings.ok());
  const ScratchFolder scratch;
  std::ofstream(scratch.path() / "taken") << "mine";
  EXPECT_THAT(WriteSimulatedWorkbooks(plant, *readings, scratch.path() / "taken").status().message(),
              HasSubstr("is a file"));
  EXPECT_EQ(*ReadFile(scratch.path() / "taken"), "mine");
}

// The full study (bench/skill_study, at least 10 seeds) is too long for a test; one seed of it shows that the
// whole way from simulated history to judged warnings has the skill the study measures.
TEST(SkillStudy, ForecastersBeatTheLevelAndSingleTagRulesOnUnseenDays) {
  SkillStudyOptions options;
  options.seed = 1004;
  options.train_days = 120;
  const auto study = RunSkillStudy(SimulateStepPlant(), options);
  ASSERT_TRUE(study.ok()) << study.status().message();
  const EventMetrics& pooled = study->pooled.judged;
  SCOPED_TRACE(SkillStudyText({*study}));
  EXPECT_GE(pooled.events, 15u);
  EXPECT_GE(pooled.Recall(), 0.6);
  EXPECT_LE(pooled.FalsePerDay(), 0.5);
  EXPECT_GE(pooled.MedianLeadHours(), 2);
  EXPECT_GT(pooled.Recall(), study->level.judged.Recall());
  EXPECT_GT(pooled.Recall(), study->rules[study->best_rule].judged.Recall());
  ASSERT_EQ(study->calibration.size(), 3u);
  for (const double ece : study->calibration) EXPECT_LE(ece, 0.06);
}

}  // namespace
}  // namespace forewarn
