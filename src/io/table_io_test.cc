#include "io/table_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/file.h"
#include "core/random.h"
#include "io/csv_table.h"
#include "io/parquet_table.h"

namespace forewarn {
namespace {

using testing::HasSubstr;

Frame RandomFrame(size_t rows) {
  std::vector<PlantTime> times;
  for (size_t i = 0; i < rows; ++i) times.push_back(1400000000 * kSecond + static_cast<int64_t>(i) * kHour);
  Frame frame(times);
  Random random(7);
  std::vector<double> wide, nulls, labels;
  for (size_t i = 0; i < rows; ++i) {
    wide.push_back(random.Normal() * std::pow(10.0, random.Uniform(-300, 300)));
    nulls.push_back(random.Uniform() < 0.3 ? kNull : random.Normal());
    labels.push_back(static_cast<double>(random.Below(2)));
  }
  wide[0] = -0.0;
  wide[1] = std::numeric_limits<double>::denorm_min();
  wide[2] = std::numeric_limits<double>::max();
  frame.Set("wide", wide);
  frame.Set("nulls", nulls);
  frame.Set("anomaly_label", labels);
  frame.Set("empty", kNull);
  return frame;
}

TEST(TableIo, WhatIsWrittenReadsBackBitForBit) {
  const ScratchFolder folder;
  const Frame frame = RandomFrame(2000);
  for (const char* name : {"a.csv", "a.tsv", "a.parquet"}) {
    const auto path = folder.path() / name;
    ASSERT_TRUE(WriteTable(path, frame).ok());
    auto back = ReadFrame(path);
    ASSERT_TRUE(back.ok()) << back.message();
    EXPECT_TRUE(*back == frame) << name;
    EXPECT_EQ(std::signbit((*back)["wide"][0]), true) << name;
  }
}

TEST(TableIo, OneNullableColumnSurvivesBlankLines) {
  Table table;
  table.columns.push_back({"only", NumberColumn{{1, kNull, 3}, true}});
  auto back = ReadTableFromBytes(WriteCsvTable(table), "t.csv");
  ASSERT_TRUE(back.ok()) << back.message();
  ASSERT_EQ(back->rows(), 3u);
  EXPECT_TRUE(std::isnan(std::get<NumberColumn>(back->columns[0].data).values[1]));
}

TEST(TableIo, IntegralColumnsAreWrittenWithoutAFraction) {
  const ScratchFolder folder;
  Frame frame({0, kHour});
  frame.Set("anomaly_label", {0, 1});
  frame.Set("x", {80, 80.5});
  ASSERT_TRUE(WriteTable(folder.path() / "t.csv", frame).ok());
  EXPECT_EQ(*ReadFile(folder.path() / "t.csv"),
            "timestamp,anomaly_label,x\n1970-01-01 00:00:00,0,80\n1970-01-01 01:00:00,1,80.5\n");
  ASSERT_TRUE(WriteTable(folder.path() / "t.parquet", frame).ok());
  auto table = ReadTable(folder.path() / "t.parquet");
  ASSERT_TRUE(table.ok());
  EXPECT_TRUE(std::get<NumberColumn>(table->Find("anomaly_label")->data).integer);
  EXPECT_FALSE(std::get<NumberColumn>(table->Find("x")->data).integer);
}

TEST(TableIo, ParquetBytesAreTheSameEveryTime) {
  WriteTableOptions options;
  options.float32_columns = {"nulls"};
  options.metadata = {{"plant", "p"}, {"digest", "abc"}};
  const Frame frame = RandomFrame(500);
  auto a = FrameToParquet(frame, options);
  auto b = FrameToParquet(frame, options);
  ASSERT_TRUE(a.ok()) << a.message();
  EXPECT_EQ(*a, *b);
  auto metadata = ParquetMetadata(*a, "t");
  ASSERT_TRUE(metadata.ok());
  EXPECT_EQ(*metadata, options.metadata);
  auto back = FrameFromParquet(*a, "t");
  ASSERT_TRUE(back.ok());
  for (size_t r = 0; r < frame.rows(); ++r) {
    const double v = frame["nulls"][r];
    if (IsValid(v)) {
      EXPECT_EQ((*back)["nulls"][r], static_cast<double>(static_cast<float>(v)));
    }
  }
}

TEST(TableIo, ParquetRefusesANumberTooLargeForFloat) {
  WriteTableOptions options;
  options.float32_columns = {"wide"};
  auto bytes = FrameToParquet(RandomFrame(10), options);
  ASSERT_FALSE(bytes.ok());
  EXPECT_THAT(bytes.message(), HasSubstr("'wide'"));
}

TEST(TableIo, RealTableKeepsEveryCellThroughParquet) {
  const std::filesystem::path source =
      std::filesystem::path(FOREWARN_SHARED_DATA) / "gas-treatment/labeled_dataset.csv";
  if (!std::filesystem::exists(source)) GTEST_SKIP() << "no " << source;
  auto frame = ReadFrame(source);
  ASSERT_TRUE(frame.ok()) << frame.message();
  EXPECT_EQ(frame->rows(), 673u);
  EXPECT_EQ(frame->columns(), 54u);
  auto bytes = FrameToParquet(*frame);
  ASSERT_TRUE(bytes.ok());
  auto back = FrameFromParquet(*bytes, "x");
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(*back == *frame);
}

// What a wrong input is told: the message's parts.
struct Bad {
  const char* what;
  std::string bytes;
  std::vector<const char*> says;
};

TEST(TableIo, BadInputIsToldByPlaceAndRemedy) {
  const std::string header = "timestamp,a,b\n";
  const std::string row = "2024-01-01 00:00:00,1,2\n";
  const std::vector<Bad> cases = {
      {"empty", "", {"t.csv", "is empty"}},
      {"blanks", "  \n\n", {"t.csv", "is empty"}},
      {"zip", std::string("PK\x03\x04zzzz"), {"t.csv", "is not an XLSX workbook", "cut short"}},
      {"gzip", std::string("\x1f\x8bzzzz"), {"gzip"}},
      {"binary", std::string("\x01\x02\x03\x04\x05\x06 abc"), {"binary"}},
      {"control sign in a name",
       "timestamp,\"a\nb\",\"\x02"
       "c\"\n",
       {"t.csv:1:3", "control character"}},
      {"NUL", header + "2024-01-01,1,2\n2024-01-02,1,2\n" + std::string(1, '\0') + "x", {"t.csv:4", "NUL"}},
      {"open quote", header + row + "2024-01-02,\"1,2\n", {"t.csv:3:2", "never closed"}},
      {"text after quote", header + "2024-01-02,\"1\"x,2\n", {"t.csv:2:2", "doubled"}},
      {"other delimiter", "timestamp|a|b\n2024-01-01|1|2\n", {"t.csv:1", "one column", "'|'"}},
      {"short row", header + row + "2024-01-02,1\n", {"t.csv:3", "2 cells", "3 columns"}},
      {"long row", header + "2024-01-02,1,2,3\n", {"t.csv:2", "4 cells"}},
      {"infinite", header + "2024-01-02,1,inf\n", {"t.csv:2:3", "'b'", "infinite"}},
      {"out of range", header + "2024-01-02,1,-1e999\n", {"t.csv:2:3", "infinite"}},
      {"thousands", header + "2024-01-02,\"1,234\",2\n", {"t.csv:2:2", "thousands"}},
      {"no header", "2024-01-01,1,2\n2024-01-02,1,2\n", {"t.csv:1", "header line"}},
      {"cut UTF-16",
       std::string("\xFF\xFE"
                   "a\0b",
                   5),
       {"cut short"}},
      {"cut Parquet", "PAR1xxxx", {"Parquet"}},
  };
  for (const Bad& bad : cases) {
    auto table = ReadTableFromBytes(bad.bytes, "t.csv");
    ASSERT_FALSE(table.ok()) << bad.what;
    EXPECT_EQ(table.message().find('\n'), std::string::npos) << bad.what;
    for (const char* part : bad.says) EXPECT_THAT(table.message(), HasSubstr(part)) << bad.what;
  }
}

TEST(TableIo, AMillionColumnsAndAHugeCellAreRefused) {
  std::string wide = "timestamp";
  for (int i = 0; i < 1000000; ++i) wide += ",c";
  auto table = ReadTableFromBytes(wide + "\n", "w.csv");
  ASSERT_FALSE(table.ok());
  EXPECT_THAT(table.message(), HasSubstr("w.csv:1:16385: more than 16384 columns"));
  const std::string huge(100 << 20, 'x');
  table = ReadTableFromBytes("timestamp,a\n2024-01-01," + huge + "\n", "h.csv");
  ASSERT_FALSE(table.ok());
  EXPECT_THAT(table.message(), HasSubstr("h.csv:2:2: a cell of more than 1 MiB"));
  table = ReadTableFromBytes("timestamp,a\n2024-01-01,\"" + huge + "\"\n", "h.csv");
  ASSERT_FALSE(table.ok());
  EXPECT_THAT(table.message(), HasSubstr("h.csv:2:2: a quoted cell of more than 1 MiB"));
}

TEST(TableIo, AFolderAndAMissingFileAreToldApart) {
  const ScratchFolder folder;
  EXPECT_THAT(ReadTable(folder.path()).message(), HasSubstr("is a folder"));
  EXPECT_THAT(ReadTable(folder.path() / "none.csv").message(), HasSubstr("No such file"));
  EXPECT_THAT(WriteTable(folder.path() / "t.xyz", Frame()).message(), HasSubstr(".parquet"));
  EXPECT_THAT(WriteTable(folder.path() / "no" / "t.csv", Frame()).message(), HasSubstr("No such file"));
}

TEST(TableIo, ParquetIsKnownByContentToo) {
  const auto bytes = FrameToParquet(RandomFrame(10));
  ASSERT_TRUE(bytes.ok());
  auto table = ReadTableFromBytes(*bytes, "no-ending");
  ASSERT_TRUE(table.ok()) << table.message();
  EXPECT_EQ(table->rows(), 10u);
  auto cut = ReadTableFromBytes(bytes->substr(0, bytes->size() / 2), "t.parquet");
  ASSERT_FALSE(cut.ok());
  EXPECT_THAT(cut.message(), HasSubstr("cut short"));
}

}  // namespace
}  // namespace forewarn
