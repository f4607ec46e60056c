#include "plant/plant_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "core/file.h"
#include "plant/derived.h"

namespace forewarn {
namespace plant_file_test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const fs::path kTestData = fs::path(FOREWARN_SOURCE_DIR) / "src" / "plant" / "testdata";
const fs::path kPlants = fs::path(FOREWARN_SOURCE_DIR) / "plants";

std::string AllText(const std::vector<Problem>& problems) {
  std::string out;
  for (const Problem& problem : problems) out += problem.Text() + "\n";
  return out;
}

std::vector<fs::path> FilesEndingIn(const std::string& end) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(kTestData)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > end.size() && name.substr(name.size() - end.size()) == end) out.push_back(entry.path());
  }
  return out;
}

TEST(PlantFile, GoodFilesLoad) {
  const auto files = FilesEndingIn(".good.toml");
  ASSERT_GE(files.size(), 2u);
  for (const fs::path& file : files) {
    EXPECT_EQ(AllText(CheckPlantFile(file).problems), "");
    EXPECT_TRUE(LoadPlantFile(file).ok());
  }
}

// Each bad file lists what must be found in it, one "#! text" line a problem, and nothing else may be found.
TEST(PlantFile, BadFilesGiveEveryProblemWithItsPlace) {
  const auto files = FilesEndingIn(".bad.toml");
  ASSERT_GE(files.size(), 6u);
  for (const fs::path& file : files) {
    std::istringstream text(*ReadFile(file));
    const auto problems = CheckPlantFile(file).problems;
    size_t expected = 0;
    for (std::string line; std::getline(text, line) && line.rfind("#! ", 0) == 0; ++expected) {
      EXPECT_THAT(AllText(problems), HasSubstr(line.substr(3))) << file;
    }
    EXPECT_EQ(problems.size(), expected) << file << "\n" << AllText(problems);
    EXPECT_FALSE(LoadPlantFile(file).ok());
  }
}

TEST(PlantFile, ShippedPlantsLoad) {
  for (const char* name : {"gas-treatment.toml", "tennessee-eastman.toml"}) {
    EXPECT_EQ(AllText(CheckPlantFile(kPlants / name).problems), "");
  }
}

TEST(PlantFile, GasTreatmentHasWhatTheSpecificationSays) {
  const auto loaded = LoadPlantFile(kPlants / "gas-treatment.toml");
  ASSERT_TRUE(loaded.ok()) << loaded.message();
  const Plant& plant = *loaded;
  EXPECT_EQ(plant.name, "gas-treatment");
  EXPECT_EQ(plant.interval, kHour);
  EXPECT_THAT(plant.Sensors(), ElementsAre("te301020", "pdt31008", "pdt31001", "pdt31007", "fq31050",
                                           "lt301031", "lic31012_pv", "lic31002_pv", "fic31011_pv"));
  EXPECT_EQ(plant.SeriesNames().size(), 7u + 9u);
  EXPECT_EQ(plant.features.point.size(), 28u);
  EXPECT_THAT(plant.HorizonSteps(), ElementsAre(1, 3, 6));
  EXPECT_EQ(plant.HorizonName(1), "3h");
  EXPECT_EQ(plant.label.periods.size(), 6u);
  EXPECT_EQ(plant.label.alarm.size(), 3u);
  EXPECT_EQ(plant.label.transition.size(), 2u);
  EXPECT_EQ(plant.models.train.size(), 12u);
  EXPECT_EQ(plant.ModelName("champion"), "plant_alarm_champion");
  EXPECT_EQ(plant.FindController("lic31012")->sp_fixed, 80);
  EXPECT_EQ(plant.FindTag("lt31013")->saturated_above, 100);
  EXPECT_EQ(plant.features.history_sum->rows, 49);
  EXPECT_EQ(VolatilityStdName(plant, "pdt31008"), "pdt31008_roll3h_std");
  EXPECT_TRUE(fs::exists(plant.suite));
  EXPECT_EQ(plant.Describe("lic31002_pv").unit, "%");
  EXPECT_EQ(plant.Describe("lic31002_deviation").label, "Level controller D301, deviation");
  EXPECT_EQ(plant.Describe("pdt31008").high, 282.8);
  EXPECT_EQ(plant.Describe("nothing").label, "");
}

TEST(PlantFile, TennesseeEastmanHasNoLabels) {
  const auto plant = LoadPlantFile(kPlants / "tennessee-eastman.toml");
  ASSERT_TRUE(plant.ok()) << plant.message();
  EXPECT_EQ(plant->Sensors().size(), 52u);
  EXPECT_EQ(plant->interval, 3 * kMinute);
  EXPECT_TRUE(plant->label.empty());
  EXPECT_THAT(plant->models.train, ElementsAre("pca", "isolation_forest"));
}

TEST(PlantFile, LoadGivesTheFirstProblemAndTheCount) {
  const auto plant = LoadPlantFile(kTestData / "types.bad.toml");
  ASSERT_FALSE(plant.ok());
  EXPECT_THAT(plant.message(), HasSubstr("types.bad.toml:11: plant.interval: 7min"));
  EXPECT_THAT(plant.message(), HasSubstr("and 7 more; `forewarn plant check` shows all"));
  EXPECT_EQ(LoadPlantFile(kTestData / "absent.toml").status().code(), Code::kIo);
  EXPECT_FALSE(LoadPlantFile(kTestData).ok());
}

TEST(PlantFile, PresetsComeInTheOrderOfTheModelsInputs) {
  const auto plant = LoadPlantFile(kTestData / "small.good.toml");
  ASSERT_TRUE(plant.ok());
  ASSERT_EQ(plant->presets.predict.size(), 1u);
  const PredictPreset& hour = plant->presets.predict[0];
  EXPECT_EQ(hour.label, "calm");  // a label is the name where it is not given
  EXPECT_THAT(hour.features, ElementsAre(std::pair<std::string, double>("level", 40),
                                         std::pair<std::string, double>("lic1_pv", 80)));
  ASSERT_EQ(plant->presets.forecast.size(), 1u);
  const ForecastPreset& window = plant->presets.forecast[0];
  EXPECT_EQ(window.label, "Calm");
  EXPECT_THAT(window.rows, ElementsAre(ElementsAre(40, 80), ElementsAre(41, 80.5), ElementsAre(42, 80),
                                       ElementsAre(41, 79.5)));
}

TEST(PlantFile, SuiteThatIsNotThereIsAProblem) {
  const auto check =
      CheckPlant("[plant]\nname='a'\n[[tag]]\nid='t'\n[quality]\nsuite='no.json'\n", "a.toml", kTestData);
  EXPECT_THAT(AllText(check.problems), HasSubstr("a.toml:6: quality.suite: there is no file 'no.json'"));
}

TEST(PlantFile, ListPlantsFindsTheFirstOfAName) {
  const ScratchFolder scratch;
  ASSERT_TRUE(WriteFileAtomic(scratch.path() / "gas-treatment.toml", "x").ok());
  const auto plants = ListPlants({scratch.path(), kPlants});
  ASSERT_EQ(plants.size(), 2u);
  EXPECT_EQ(plants[0].path.parent_path(), scratch.path());
  EXPECT_EQ(plants[1].name, "tennessee-eastman");
}

TEST(PlantFile, UnknownPlantListsTheKnown) {
  const auto path = FindPlantFile("gas-treatmnt");
  ASSERT_FALSE(path.ok());
  EXPECT_EQ(path.status().code(), Code::kNotFound);
  EXPECT_THAT(path.message(), HasSubstr("unknown plant 'gas-treatmnt'"));
  EXPECT_EQ(*FindPlantFile("some/where"), fs::path("some/where"));
}

}  // namespace
}  // namespace plant_file_test
}  // namespace forewarn
