#include "io/historian_workbook.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/file.h"
#include "io/excel_time.h"
#include "io/xls_fixture.h"
#include "io/xlsx_fixture.h"
#include "io/xlsx_writer.h"

namespace forewarn {
namespace {
namespace workbook_test {

const PlantTime kStart = *ParsePlantTime("2014-12-23 08:00");

// A worksheet row of cells as XML after their column's letter: {"A", "n", "1.5"}.
struct X {
  const char* column;
  const char* type;
  std::string text;
};

std::string RowXml(int number, std::initializer_list<X> cells) {
  std::string out = "<row r='" + std::to_string(number) + "'>";
  for (const X& cell : cells) {
    const std::string where = std::string(" r='") + cell.column + std::to_string(number) + "'";
    out += std::string(cell.type) == "inlineStr"
               ? "<c" + where + " t='inlineStr'><is><t>" + cell.text + "</t></is></c>"
               : "<c" + where + " t='" + cell.type + "'><v>" + cell.text + "</v></c>";
  }
  return out + "</row>";
}

std::string Serial(PlantTime time, bool date_1904 = false) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.12f", TimeToExcelSerial(time, date_1904));
  return text;
}

const std::string kHeader =
    RowXml(1, {{"A", "inlineStr", "TT301020"}}) + RowXml(2, {{"A", "inlineStr", "Value"}});

struct Read {
  Status status;
  RawData data;
  const RawSeries& series(const std::string& tag) { return data.series[tag]; }
  uint64_t rejected(const std::string& tag, const std::string& reason) {
    const auto& reasons = data.rejected[tag];
    const auto it = reasons.find(reason);
    return it == reasons.end() ? 0 : it->second.count;
  }
  // Every row read is a reading or a rejection.
  bool Balanced(const std::string& tag) {
    uint64_t fates = series(tag).size();
    for (const auto& [reason, rejections] : data.rejected[tag]) fates += rejections.count;
    return data.rows_read[tag] == fates;
  }
};

Read ReadBytes(const std::string& bytes, const WorkbookTag& tag, const std::string& name = "x.xlsx",
               HistorianWorkbookOptions options = {}) {
  const ScratchFolder folder;
  xlsx_fixture::Save(folder.path() / name, bytes);
  Read read;
  read.status = ReadHistorianWorkbook(folder.path() / name, tag, options, read.data);
  return read;
}

Read ReadRows(const std::string& rows, const WorkbookTag& tag = {"level", false},
              const std::string& properties = "") {
  return ReadBytes(xlsx_fixture::Zip(xlsx_fixture::Workbook(kHeader + rows, properties)), tag);
}

TEST(HistorianWorkbook, EveryRowIsAReadingOrARejectionWithItsPlace) {
  Read read =
      ReadRows(RowXml(3, {{"A", "n", "1.5"}, {"B", "n", Serial(kStart)}}) +
               RowXml(4, {{"A", "inlineStr", "Bad"}, {"B", "n", Serial(kStart)}}) +
               RowXml(5, {{"A", "inlineStr", "I/O Timeout"}, {"B", "n", Serial(kStart)}}) +
               RowXml(6, {{"A", "e", "#N/A"}, {"B", "n", Serial(kStart)}}) +
               RowXml(7, {{"A", "b", "1"}, {"B", "n", Serial(kStart)}}) +
               RowXml(8, {{"A", "n", "2"}, {"B", "inlineStr", "2014-12-23T08:00:01"}}) +
               RowXml(9, {{"A", "n", "3"}, {"B", "inlineStr", "yesterday"}}) + RowXml(10, {{"A", "n", "4"}}) +
               RowXml(11, {{"B", "n", Serial(kStart)}}) + RowXml(12, {{"A", "n", "5"}, {"B", "n", "-7"}}) +
               RowXml(13, {{"A", "inlineStr", "Bad"}, {"B", "n", Serial(kStart)}}) +
               RowXml(14, {{"A", "inlineStr", "1e999"}, {"B", "n", Serial(kStart)}}) +
               RowXml(15, {{"A", "inlineStr", " 107.204 "}, {"B", "n", Serial(kStart + 2 * kSecond)}}));
  ASSERT_TRUE(read.status.ok()) << read.status.message();
  EXPECT_EQ(read.series("level").values, (std::vector<double>{1.5, 2, 107.204}));
  EXPECT_EQ(read.series("level").times,
            (std::vector<PlantTime>{kStart, kStart + kSecond, kStart + 2 * kSecond}));
  EXPECT_EQ(read.series("level").row, (std::vector<uint32_t>{3, 8, 15}));
  EXPECT_EQ(read.rejected("level", "state string 'Bad'"), 2U);
  EXPECT_EQ(read.data.rejected["level"]["state string 'Bad'"].places[1].row, 13U);
  EXPECT_EQ(read.rejected("level", "state string 'I/O Timeout'"), 1U);
  EXPECT_EQ(read.rejected("level", "error #N/A"), 1U);
  EXPECT_EQ(read.rejected("level", "a truth value"), 1U);
  EXPECT_EQ(read.rejected("level", "unreadable time"), 2U);
  EXPECT_EQ(read.rejected("level", "no time"), 1U);
  EXPECT_EQ(read.rejected("level", "no value"), 1U);
  EXPECT_EQ(read.rejected("level", "not finite"), 1U);
  EXPECT_EQ(read.data.rows_read["level"], 13U);
  EXPECT_TRUE(read.Balanced("level"));
}

TEST(HistorianWorkbook, AControllersThreeSeriesAreIndependent) {
  Read read = ReadRows(RowXml(3, {{"A", "n", "79"},
                                  {"B", "n", Serial(kStart)},
                                  {"E", "n", "41"},
                                  {"F", "n", Serial(kStart + kHour)},
                                  {"I", "n", "80"},
                                  {"J", "n", Serial(kStart)}}) +
                           RowXml(4, {{"A", "n", "78"},
                                      {"B", "n", Serial(kStart + kMinute)},
                                      {"E", "inlineStr", "Shutdown"},
                                      {"F", "n", Serial(kStart + kHour)},
                                      {"C", "inlineStr", "note"}}) +
                           RowXml(5, {{"A", "n", "77"}, {"B", "n", Serial(kStart + kHour)}}),
                       {"loop", true});
  ASSERT_TRUE(read.status.ok()) << read.status.message();
  EXPECT_EQ(read.series("loop_pv").values, (std::vector<double>{79, 78, 77}));
  EXPECT_EQ(read.series("loop_op").times, (std::vector<PlantTime>{kStart + kHour}));
  EXPECT_EQ(read.series("loop_sp").values, (std::vector<double>{80}));
  EXPECT_EQ(read.data.rows_read["loop_pv"], 3U);
  EXPECT_EQ(read.data.rows_read["loop_op"], 2U);
  EXPECT_EQ(read.data.rows_read["loop_sp"], 1U);
  for (const char* tag : {"loop_pv", "loop_op", "loop_sp"}) EXPECT_TRUE(read.Balanced(tag)) << tag;
  ASSERT_EQ(read.data.notes.size(), 1U);
  EXPECT_NE(read.data.notes[0].find("first C4"), std::string::npos) << read.data.notes[0];
}

TEST(HistorianWorkbook, DecimalCommasAreReadWhereTheyCanBeNothingElse) {
  const std::string sure = RowXml(3, {{"A", "inlineStr", "107,2"}, {"B", "n", Serial(kStart)}});
  const std::string unsure = RowXml(4, {{"A", "inlineStr", "1,234"}, {"B", "n", Serial(kStart + kSecond)}}) +
                             RowXml(5, {{"A", "n", "9"}, {"B", "n", Serial(kStart + 2 * kSecond)}});
  Read both = ReadRows(sure + unsure);
  EXPECT_EQ(both.series("level").values, (std::vector<double>{107.2, 1.234, 9}));
  ASSERT_EQ(both.data.notes.size(), 1U);
  EXPECT_NE(both.data.notes[0].find("2 numbers with a decimal comma"), std::string::npos)
      << both.data.notes[0];
  EXPECT_TRUE(both.Balanced("level"));
  Read alone = ReadRows(unsure);
  EXPECT_EQ(alone.series("level").values, (std::vector<double>{9}));
  EXPECT_EQ(alone.series("level").row, (std::vector<uint32_t>{5}));
  EXPECT_EQ(alone.data.rejected["level"].begin()->second.places[0].text, "1,234");
  EXPECT_TRUE(alone.Balanced("level"));
}

TEST(HistorianWorkbook, ReadsThe1904SystemAndRoundsToTheMillisecond) {
  const PlantTime time = kStart + 59 * kMinute + 59 * kSecond + 999 * kMillisecond;
  Read read = ReadRows(RowXml(3, {{"A", "n", "1"}, {"B", "n", Serial(time, true)}}), {"level", false},
                       "<workbookPr date1904='true'/>");
  ASSERT_TRUE(read.status.ok());
  EXPECT_EQ(read.series("level").times, (std::vector<PlantTime>{time}));
}

TEST(HistorianWorkbook, TextTimesFollowTheZoneAndTheDayFirstFormat) {
  HistorianWorkbookOptions options;
  options.zone = "Europe/Warsaw";
  options.time_format = "DD.MM.YYYY HH:MM:SS";
  const std::string rows =
      RowXml(3, {{"A", "n", "1"}, {"B", "inlineStr", "23.12.2014 08:00:00"}}) +
      RowXml(4, {{"A", "n", "2"}, {"B", "inlineStr", "2014-12-23T08:00:00Z"}}) +
      RowXml(5, {{"A", "n", "3"}, {"B", "n", Serial(*ParsePlantTime("2014-03-30 02:30"))}});
  Read read = ReadBytes(xlsx_fixture::Zip(xlsx_fixture::Workbook(kHeader + rows)), {"level", false}, "x.xlsx",
                        options);
  ASSERT_TRUE(read.status.ok()) << read.status.message();
  EXPECT_EQ(read.series("level").times, (std::vector<PlantTime>{kStart, kStart + kHour}));
  EXPECT_EQ(read.rejected("level", "time skipped by a clock change"), 1U);
}

TEST(HistorianWorkbook, AReadingInTheHeaderRowsIsNotLostSilently) {
  Read read = ReadBytes(xlsx_fixture::Zip(xlsx_fixture::Workbook(
                            RowXml(1, {{"A", "inlineStr", "Value"}, {"B", "inlineStr", "Time"}}) +
                            RowXml(2, {{"A", "n", "1"}, {"B", "n", Serial(kStart)}}) +
                            RowXml(3, {{"A", "n", "2"}, {"B", "n", Serial(kStart)}}))),
                        {"level", false});
  EXPECT_EQ(read.rejected("level", "stands in the two header rows"), 1U);
  EXPECT_TRUE(read.Balanced("level"));
}

TEST(HistorianWorkbook, ValueAndTimeInEachOthersColumnAreNoticed) {
  Read read = ReadRows("<row r='3'><c r='A3' s='1'><v>41996.5</v></c><c r='B3'><v>107.2</v></c></row>");
  EXPECT_EQ(read.rejected("level", "a date where the value belongs"), 1U);
}

TEST(HistorianWorkbook, AColumnOfFreeTextGivesFewReasons) {
  std::string rows;
  for (int i = 3; i < 1003; ++i)
    rows += RowXml(i, {{"A", "inlineStr", "text " + std::to_string(i)}, {"B", "n", Serial(kStart)}});
  Read read = ReadRows(rows);
  EXPECT_LE(read.data.rejected["level"].size(), 41U);
  EXPECT_TRUE(read.Balanced("level"));
}

TEST(HistorianWorkbook, ReadsBackWhatTheWriterWrote) {
  RawSeries pv, op, sp;
  for (int i = 0; i < 5000; ++i)
    pv.Add(kStart + i * 61'003 * kMillisecond, 80 + 0.1 * (i % 7), Quality::kGood, 0, 0);
  for (int i = 0; i < 20; ++i) op.Add(kStart + i * kHour, 41.5 + i, Quality::kGood, 0, 0);
  const ScratchFolder folder;
  const auto path = folder.path() / "LT31012.xlsx";
  ASSERT_TRUE(WriteHistorianWorkbook(path, {{"PV", &pv}, {"OP", &op}, {"SP", &sp}}).ok());
  Read read;
  ASSERT_TRUE(ReadHistorianWorkbook(path, {"loop", true}, {}, read.data).ok());
  EXPECT_EQ(read.series("loop_pv").times, pv.times);
  EXPECT_EQ(read.series("loop_pv").values, pv.values);
  EXPECT_EQ(read.series("loop_op").values, op.values);
  EXPECT_EQ(read.series("loop_sp").size(), 0U);
  EXPECT_TRUE(read.data.notes.empty());
}

TEST(HistorianWorkbook, ReadsXlsOfBothSystemsAlike) {
  std::vector<PlantTime> times;
  for (const char* system : {"1900", "1904"}) {
    Read read;
    const auto path = std::filesystem::path(FOREWARN_SOURCE_DIR) / "src/io/testdata" /
                      (std::string("readings_") + system + ".xls");
    ASSERT_TRUE(ReadHistorianWorkbook(path, {"level", false}, {}, read.data).ok());
    EXPECT_EQ(read.series("level").size(), 40U);
    EXPECT_EQ(read.rejected("level", "a truth value"), 1U);
    EXPECT_TRUE(read.Balanced("level"));
    ASSERT_EQ(read.data.notes.size(), 1U);
    EXPECT_NE(read.data.notes[0].find("1 rows on further worksheets"), std::string::npos);
    if (times.empty()) times = read.series("level").times;
    EXPECT_EQ(read.series("level").times, times);
  }
}

TEST(HistorianWorkbook, ErrorsNameTheFile) {
  for (const std::string& bytes :
       {std::string(), std::string("PK\x03\x04 cut short"), xls_fixture::Compound("x", "Other")}) {
    Read read = ReadBytes(bytes, {"level", false}, "Export.xlsx");
    ASSERT_FALSE(read.status.ok());
    EXPECT_NE(read.status.message().find("Export.xlsx"), std::string::npos) << read.status.message();
  }
  RawData data;
  EXPECT_NE(ReadHistorianWorkbook("/tmp", {"level", false}, {}, data).message().find("folder"),
            std::string::npos);
  EXPECT_FALSE(ReadHistorianWorkbook("/nowhere/x.xls", {"level", false}, {}, data).ok());
}

}  // namespace workbook_test
}  // namespace
}  // namespace forewarn
