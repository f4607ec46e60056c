#include "io/historian.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/file.h"
#include "core/names.h"
#include "core/random.h"
#include "io/csv_blocks.h"
#include "io/number_text.h"
#include "io/parquet_table.h"
#include "io/separators.h"

namespace forewarn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct HistorianCase {
  ScratchFolder folder;
  HistorianOptions options;
  RawData data;

  Status Read(const std::string& bytes, const std::string& name = "h.csv") {
    const auto path = folder.path() / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return ReadHistorianTable(path, options, data);
  }
  std::vector<std::string> Times(const std::string& tag) {
    std::vector<std::string> out;
    for (const PlantTime t : data.series[tag].times) out.push_back(FormatPlantTime(t));
    return out;
  }
};

std::string Utf16(const std::string& ascii, bool big_endian, bool mark) {
  std::string out;
  const auto put = [&](unsigned char high, unsigned char low) {
    out += static_cast<char>(big_endian ? high : low);
    out += static_cast<char>(big_endian ? low : high);
  };
  if (mark) put(0xFE, 0xFF);
  for (const char c : ascii) put(0, static_cast<unsigned char>(c));
  return out;
}

TEST(Historian, EveryDialectGivesTheSameReadings) {
  const std::string plain =
      "tag,timestamp,value,quality\n"
      "PDT1,2024-01-05 10:00:00,1.5,Good\n"
      "lt2,2024-01-05 10:00:01.250,-2,192\n"
      "PDT1,2024-01-05 10:30:00,2.25,Uncertain\n";
  const auto with = [&](const std::string& from, const std::string& to, std::string text) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
    return text;
  };
  std::string semicolon = with(",", ";", plain);
  semicolon = with("1.5;", "1,5;", with("2.25;", "2,25;", semicolon));
  const std::string day_first =
      "tag;timestamp;value;quality\n"
      "PDT1;05.01.2024 10:00:00;1,5;Good\n"
      "lt2;05.01.2024 10:00:01.250;-2;192\n"
      "PDT1;05.01.2024 10:30;2,25;Uncertain\n";
  const std::string quoted =
      "\"value\",\"quality\",\"tag\",\"timestamp\"\r\n"
      "\"1,5\",Good,\" PDT1 \",\"2024-01-05T10:00:00\"\r\n"
      "-2,192,lt2,2024-01-05 10:00:01.250\r\n"
      "\"2.25\",Uncertain,PDT1,2024-01-05 10:30\r\n";
  const std::vector<std::pair<std::string, std::string>> dialects = {
      {"plain", plain},
      {"CRLF", with("\n", "\r\n", plain)},
      {"CR alone", with("\n", "\r", plain)},
      {"no last line end", plain.substr(0, plain.size() - 1)},
      {"blank lines", with("\n", "\n\n", plain)},
      {"semicolon, decimal comma", semicolon},
      {"tab", with(",", "\t", plain)},
      {"UTF-8 mark", "\xEF\xBB\xBF" + plain},
      {"UTF-16LE", Utf16(plain, false, true)},
      {"UTF-16BE", Utf16(plain, true, true)},
      {"UTF-16LE without mark", Utf16(plain, false, false)},
      {"UTF-16BE without mark", Utf16(plain, true, false)},
      {"quoted, other order", quoted},
      {"day first", day_first},
      {"UTC", with("00,", "00Z,", with("250,", "250Z,", plain))},
      {"offset", with("10:", "12:", with("250,", "250+02:00,", with("00,", "00+02:00,", plain)))},
  };
  for (const auto& [what, bytes] : dialects) {
    HistorianCase c;
    c.options.time_format = "DD.MM.YYYY HH:MM:SS";
    const Status status = c.Read(bytes);
    ASSERT_TRUE(status.ok()) << what << ": " << status.message();
    EXPECT_TRUE(c.data.rejected.empty()) << what;
    ASSERT_EQ(c.data.series.size(), 2u) << what;
    EXPECT_THAT(c.Times("pdt1"), ElementsAre("2024-01-05 10:00:00", "2024-01-05 10:30:00")) << what;
    EXPECT_THAT(c.data.series["pdt1"].values, ElementsAre(1.5, 2.25)) << what;
    EXPECT_THAT(c.data.series["pdt1"].quality, ElementsAre(Quality::kGood, Quality::kUncertain)) << what;
    EXPECT_THAT(c.Times("lt2"), ElementsAre("2024-01-05 10:00:01.250000")) << what;
    EXPECT_EQ(c.data.rows_read["pdt1"], 2u) << what;
  }
}

TEST(Historian, WideTableSkipsEmptyCellsAndKeepsRows) {
  HistorianCase c;
  ASSERT_TRUE(c.Read("timestamp,A,\"B, wide\"\n2024-01-01 00:00:00,1,\n2024-01-01 01:00:00,,2\n,5,\n").ok());
  EXPECT_THAT(c.data.series["a"].values, ElementsAre(1));
  EXPECT_THAT(c.data.series["b, wide"].row, ElementsAre(3));
  EXPECT_EQ(c.data.rejected["a"]["no time"].count, 1u);
  EXPECT_EQ(c.data.rejected["a"]["no time"].places[0].row, 4u);
}

TEST(Historian, NothingIsLostWithoutAReason) {
  HistorianCase c;
  c.options.zone = "Europe/Warsaw";
  ASSERT_TRUE(c.Read("tag,timestamp,value,quality\n"
                     "a,2024-01-01 00:00:00,Bad,Bad\n"
                     "a,2024-01-01 00:00:00,I/O Timeout,Good\n"
                     "a,2024-13-01 00:00:00,1,Good\n"
                     "a,,1,Good\n"
                     "a,2024-01-01 00:00:00,inf,Good\n"
                     "a,2024-01-01 00:00:00,,Good\n"
                     "a,2024-01-01 00:00:00,1,Great\n"
                     ",2024-01-01 00:00:00,1,Good\n"
                     "a,2024-01-01 00:00:00\n"
                     "a,2024-03-31 02:30:00,1,Good\n"
                     "a,2024-01-01 00:00:00,0x1F,0\n"
                     "a,2024-01-01 00:00:00,7,64\n")
                  .ok());
  auto& reasons = c.data.rejected["a"];
  for (const char* reason :
       {"state string 'Bad'", "state string 'I/O Timeout'", "unreadable time", "no time", "infinite value",
        "no value", "unknown quality 'Great'", "state string '0x1F'", "time skipped by the clock change"}) {
    EXPECT_EQ(reasons[reason].count, 1u) << reason;
  }
  EXPECT_EQ(c.data.rejected[""]["no tag"].places[0].row, 9u);
  EXPECT_EQ(c.data.rejected[""]["too few cells"].places[0].row, 10u);
  EXPECT_EQ(reasons["time skipped by the clock change"].places[0].text, "2024-03-31 02:30:00");
  uint64_t lost = 0;
  for (const auto& [reason, rejections] : reasons) lost += rejections.count;
  EXPECT_EQ(c.data.rows_read["a"], lost + c.data.series["a"].size());
  EXPECT_THAT(c.data.series["a"].quality, ElementsAre(Quality::kUncertain));
}

TEST(Historian, BothHoursOfAnAutumnClockChangeStayApart) {
  HistorianCase c;
  c.options.zone = "Europe/Warsaw";  // 2024-10-27 03:00 CEST -> 02:00 CET
  ASSERT_TRUE(c.Read("timestamp,utc,local\n"
                     "2024-10-27T00:30:00Z,1,\n"
                     "2024-10-27T01:30:00Z,2,\n"
                     "2024-10-27 02:00:00,,3\n"
                     "2024-10-27 02:30:00,,4\n"
                     "2024-10-27 02:30:00,,5\n"
                     "2024-10-27 02:00:00,,6\n"
                     "2024-10-27 02:30:00,,7\n"
                     "2024-10-27 03:00:00,,8\n"
                     "2024-07-01T00:00:00Z,9,\n")
                  .ok());
  EXPECT_THAT(c.Times("utc"),
              ElementsAre("2024-10-27 02:30:00", "2024-10-27 02:30:00.000001", "2024-07-01 02:00:00"));
  EXPECT_THAT(c.Times("local"),
              ElementsAre("2024-10-27 02:00:00", "2024-10-27 02:30:00", "2024-10-27 02:30:00",
                          "2024-10-27 02:00:00.000001", "2024-10-27 02:30:00.000001", "2024-10-27 03:00:00"));
}

// A long file over several blocks: every reading compared with a plain reader, for one and two threads.
TEST(Historian, ManyBlocksEqualAPlainReaderOnAnyNumberOfThreads) {
  Random random(3);
  std::string bytes = "tag,timestamp,value,quality\n";
  std::map<std::string, std::vector<std::pair<uint32_t, double>>> expected;
  for (uint32_t row = 2; row < 120000; ++row) {
    const std::string tag = "t" + std::to_string(random.Below(7));
    const double value = random.Normal() * 100;
    std::string number;
    AppendNumber(value, number);
    const bool quote = random.Below(50) == 0;
    bytes += quote ? "\"" + tag + "\"" : tag;
    bytes += "," + FormatPlantTime(row * kSecond) + "," + number + ",Good\n";
    expected[tag].emplace_back(row, value);
  }
  ASSERT_GT(bytes.size(), 4 * CsvBlocks::kBlock);
  for (const int threads : {1, 2, 5}) {
    HistorianCase c;
    c.options.threads = threads;
    const Status status = c.Read(bytes);
    ASSERT_TRUE(status.ok()) << status.message();
    ASSERT_EQ(c.data.series.size(), expected.size());
    for (const auto& [tag, readings] : expected) {
      const RawSeries& series = c.data.series[tag];
      ASSERT_EQ(series.size(), readings.size());
      for (size_t i = 0; i < readings.size(); ++i) {
        ASSERT_EQ(series.row[i], readings[i].first);
        ASSERT_EQ(series.values[i], readings[i].second);
        ASSERT_EQ(series.times[i], readings[i].first * kSecond);
        ASSERT_EQ(series.FileOf(i), 0u);
      }
    }
  }
}

TEST(Historian, AQuotedCellMayHoldLineEndsAcrossABlock) {
  std::string bytes = "timestamp,a,note\n";
  const std::string note = "\"line\nend \"\"and\"\" " + std::string(200, 'x') + "\n\"";
  for (int i = 0; i < 12000; ++i) bytes += "2024-01-01 00:00:00,1," + note + "\n";
  ASSERT_GT(bytes.size(), 2 * CsvBlocks::kBlock);
  HistorianCase c;
  const Status status = c.Read(bytes);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(c.data.series["a"].size(), 12000u);
  EXPECT_EQ(c.data.series["a"].row.back(), 2u + 3 * 11999u);
  EXPECT_EQ(c.data.rejected["note"].begin()->second.count, 12000u);
}

TEST(Historian, BadFilesAreToldByPlaceAndRemedy) {
  const std::string header = "tag,timestamp,value\n";
  std::string late_quote = header;
  for (int i = 0; i < 60000; ++i) late_quote += "a,2024-01-01 00:00:00,1\n";
  const std::string rows = late_quote;
  late_quote += "\"a,2024-01-01 00:00:00,1\n";
  std::string late_nul = rows;
  late_nul[rows.size() - 3] = '\0';
  std::string wide = "timestamp";
  for (int i = 0; i < 1000000; ++i) wide += ",c";
  const std::vector<std::tuple<const char*, std::string, std::vector<std::string>>> cases = {
      {"empty", "", {"is empty"}},
      {"blank", "\n\n", {"is empty"}},
      {"workbook", "PK\x03\x04...", {"XLSX"}},
      {"no timestamp", "tag,when,value\n", {"no 'timestamp' column", "tag, when, value"}},
      {"one column", "timestamp\n2024-01-01\n", {"no column beside"}},
      {"wrong delimiter", "tag|timestamp|value\na|2024-01-01|1\n", {":1:", "one column", "'|'"}},
      {"same name", "timestamp,a,A\n", {"two columns are named 'a'"}},
      {"open quote", late_quote, {":60002:1:", "never closed"}},
      {"NUL", late_nul, {":60001:", "NUL"}},
      {"a million columns", wide + "\n", {"more than 16384 columns"}},
      {"huge cell",
       rows + "a,2024-01-01," + std::string(100 << 20, '1') + "\n",
       {".csv:60002: a line", "more than 8 MiB"}},
  };
  for (const auto& [what, bytes, says] : cases) {
    HistorianCase c;
    const Status status = c.Read(bytes);
    ASSERT_FALSE(status.ok()) << what;
    EXPECT_THAT(status.message(), HasSubstr("h.csv")) << what;
    EXPECT_EQ(status.message().find('\n'), std::string::npos) << what;
    for (const std::string& part : says) EXPECT_THAT(status.message(), HasSubstr(part)) << what;
  }
  HistorianCase c;
  EXPECT_THAT(ReadHistorianTable(c.folder.path(), c.options, c.data).message(), HasSubstr("is a folder"));
  EXPECT_THAT(ReadHistorianTable(c.folder.path() / "no.csv", c.options, c.data).message(),
              HasSubstr("No such"));
}

TEST(Historian, Latin1NamesBecomeUtf8) {
  HistorianCase c;
  ASSERT_TRUE(c.Read("tag,timestamp,value\nTemp\xE9rature,2024-01-01,1\n").ok());
  EXPECT_EQ(c.data.series.begin()->first, "temp\xC3\xA9rature");
}

TEST(Historian, ParquetGivesWhatCsvGives) {
  const std::string csv =
      "tag,timestamp,value,quality\na,2024-01-01 00:00:00,1.5,Good\nb,2024-01-01 00:00:01,2,Bad\n"
      "a,2024-01-02 00:00:00,3,Good\n";
  HistorianCase by_csv;
  ASSERT_TRUE(by_csv.Read(csv).ok());
  auto table = ReadTableFromBytes(csv, "x.csv");
  ASSERT_TRUE(table.ok());
  auto bytes = TableToParquet(*table);
  ASSERT_TRUE(bytes.ok());
  HistorianCase by_parquet;
  const Status status = by_parquet.Read(*bytes, "h.parquet");
  ASSERT_TRUE(status.ok()) << status.message();
  for (const char* tag : {"a", "b"}) {
    EXPECT_EQ(by_parquet.data.series[tag].times, by_csv.data.series[tag].times);
    EXPECT_EQ(by_parquet.data.series[tag].values, by_csv.data.series[tag].values);
    EXPECT_EQ(by_parquet.data.series[tag].quality, by_csv.data.series[tag].quality);
  }
  HistorianCase wide;
  auto wide_table =
      ReadTableFromBytes("timestamp,a,b\n2024-01-01 00:00:00,1,\n2024-01-01 01:00:00,,2\n", "x.csv");
  auto wide_bytes = TableToParquet(*wide_table);
  ASSERT_TRUE(wide.Read(*wide_bytes, "no-ending").ok());
  EXPECT_THAT(wide.data.series["a"].values, ElementsAre(1));
  EXPECT_THAT(wide.data.series["b"].row, ElementsAre(2));
}

TEST(Historian, CutParquetIsAnErrorNotACrash) {
  auto table = ReadTableFromBytes("timestamp,a\n2024-01-01 00:00:00,1\n", "x.csv");
  auto bytes = TableToParquet(*table);
  for (size_t n = 0; n < bytes->size(); n += 7) {
    HistorianCase c;
    EXPECT_FALSE(c.Read(bytes->substr(0, n), "h.parquet").ok()) << n;
  }
}

TEST(Historian, TagsOfEveryLengthAreKeptApart) {
  std::string bytes = "tag,timestamp,value\n";
  std::map<std::string, size_t> expected;
  Random random(9);
  for (int i = 0; i < 20000; ++i) {
    std::string tag(1 + random.Below(20), 'a');
    for (uint64_t k = random.Below(4); k > 0; --k) tag[random.Below(tag.size())] = "xyzAXY"[random.Below(6)];
    bytes += tag + ",2024-01-01,1\n";
    ++expected[ToLower(tag)];
  }
  HistorianCase c;
  ASSERT_TRUE(c.Read(bytes).ok());
  ASSERT_EQ(c.data.series.size(), expected.size());
  for (const auto& [tag, count] : expected) EXPECT_EQ(c.data.series[tag].size(), count) << tag;
}

TEST(Separators, TheFastWayEqualsThePlainOne) {
  Random random(1);
  std::vector<uint32_t> fast, plain;
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    const uint64_t size = random.Below(300);
    for (uint64_t k = 0; k < size; ++k) text += ";\nabc\x80\xBB"[random.Below(7)];
    FindSeparators(text, ';', fast);
    FindSeparatorsPlain(text, ';', plain);
    ASSERT_EQ(fast, plain);
  }
}

}  // namespace
}  // namespace forewarn
