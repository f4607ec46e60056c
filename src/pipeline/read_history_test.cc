#include "pipeline/read_history.h"

#include <gtest/gtest.h>

#include "core/file.h"
#include "io/xlsx_writer.h"

namespace forewarn {
namespace {
namespace history_test {

Plant TwoTags() {
  Plant plant;
  plant.name = "two";
  Tag level;
  level.id = "xmeas_1";
  level.files = {"*LT1*"};
  Tag other;
  other.id = "xmeas_10";
  other.files = {"*LT10*"};
  plant.tags = {level, other};
  Controller loop;
  loop.id = "lic31012";
  loop.files = {"*LT31012*"};
  plant.controllers = {loop};
  return plant;
}

TEST(FindWorkbookTag, TakesOwnNameThenPatternsWithoutRegardToCase) {
  const Plant plant = TwoTags();
  EXPECT_EQ(FindWorkbookTag(plant, "/a/XMEAS_1.xlsx")->id, "xmeas_1");
  EXPECT_EQ(FindWorkbookTag(plant, "Export xmeas_10 (2).xlsx")->id, "xmeas_10");
  EXPECT_EQ(FindWorkbookTag(plant, "lt31012 export.XLS")->id, "lic31012");
  EXPECT_TRUE(FindWorkbookTag(plant, "LIC31012_2014.xlsx")->controller);
}

TEST(FindWorkbookTag, NoMatchListsThePatternsAndACollisionTheTags) {
  const Plant plant = TwoTags();
  const auto none = FindWorkbookTag(plant, "pump.xlsx");
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.message().find("*LT31012*"), std::string::npos) << none.message();
  EXPECT_NE(none.message().find("xmeas_1: *LT1* *xmeas_1*"), std::string::npos) << none.message();
  const auto two = FindWorkbookTag(plant, "LT10.xlsx");
  ASSERT_FALSE(two.ok());
  EXPECT_NE(two.message().find("xmeas_1, xmeas_10"), std::string::npos) << two.message();
}

TEST(ReadHistory, JoinsFilesOfOneTagAndSaysSo) {
  const ScratchFolder folder;
  RawSeries first, second;
  first.Add(16'000 * kDay, 1, Quality::kGood, 0, 0);
  second.Add(16'001 * kDay, 2, Quality::kGood, 0, 0);
  second.Add(16'002 * kDay, 3, Quality::kGood, 0, 0);
  ASSERT_TRUE(WriteHistorianWorkbook(folder.path() / "xmeas_1 a.xlsx", {{"x", &first}}).ok());
  ASSERT_TRUE(WriteHistorianWorkbook(folder.path() / "xmeas_1 b.xlsx", {{"x", &second}}).ok());
  ASSERT_TRUE(WriteFileAtomic(folder.path() / "long.csv",
                              "tag,timestamp,value\nLIC31012.PV,2014-01-01 00:00:00,5\n"
                              "xmeas_1,2014-01-01 00:00:00,7\n")
                  .ok());
  ASSERT_TRUE(WriteFileAtomic(folder.path() / "readme.md", "x").ok());
  const auto data = ReadHistory({folder.path()}, TwoTags(), 2);
  ASSERT_TRUE(data.ok()) << data.message();
  EXPECT_EQ(data->files.size(), 3U);
  const RawSeries& joined = data->series.at("xmeas_1");
  EXPECT_EQ(joined.values, (std::vector<double>{7, 1, 2, 3}));
  EXPECT_NE(data->files[joined.FileOf(1)].find("1 a.xlsx"), std::string::npos);
  EXPECT_NE(data->files[joined.FileOf(3)].find("1 b.xlsx"), std::string::npos);
  EXPECT_EQ(data->series.at("lic31012_pv").values, (std::vector<double>{5}));
  std::string notes;
  for (const std::string& note : data->notes) notes += note + "\n";
  EXPECT_NE(notes.find("2 files are joined for xmeas_1"), std::string::npos) << notes;
  EXPECT_NE(notes.find("readme.md' is not read"), std::string::npos) << notes;
  EXPECT_NE(notes.find("'lic31012.pv' is read as 'lic31012_pv'"), std::string::npos) << notes;
}

TEST(ReadHistory, AFileGivenTwiceIsReadOnce) {
  const ScratchFolder folder;
  const auto path = folder.path() / "long.csv";
  ASSERT_TRUE(WriteFileAtomic(path, "tag,timestamp,value\nxmeas_1,2014-01-01 00:00:00,7\n").ok());
  const auto data = ReadHistory({path, folder.path()}, TwoTags(), 1);
  ASSERT_TRUE(data.ok()) << data.message();
  EXPECT_EQ(data->series.at("xmeas_1").size(), 1U);
  ASSERT_EQ(data->notes.size(), 1U);
}

TEST(ReadHistory, SaysWhatIsMissing) {
  const ScratchFolder folder;
  EXPECT_NE(ReadHistory({folder.path()}, TwoTags(), 1).message().find("holds no workbook"),
            std::string::npos);
  EXPECT_EQ(ReadHistory({folder.path() / "x.csv"}, TwoTags(), 1).status().code(), Code::kNotFound);
}

}  // namespace history_test
}  // namespace
}  // namespace forewarn
