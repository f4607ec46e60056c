#include "frame/frame.h"

#include <gtest/gtest.h>

#include "frame/statistics.h"
#include "frame/table.h"

namespace forewarn {
namespace {

Frame Small() {
  Frame f({0, kHour, 2 * kHour});
  f.Set("a", {1, 2, 3});
  f.Set("b", {4, kNull, 6});
  return f;
}

TEST(Frame, SetReplacesInPlaceAndDropKeepsTheRest) {
  Frame f = Small();
  f.Set("a", {7, 8, 9});
  EXPECT_EQ(f.names(), (std::vector<std::string>{"a", "b"}));
  f.Drop("a");
  EXPECT_EQ(f.names(), std::vector<std::string>{"b"});
  EXPECT_EQ(f["b"][2], 6);
  EXPECT_FALSE(f.Has("a"));
}

TEST(Frame, ColumnNamesTheKnownOnesWhenMissing) {
  EXPECT_EQ(Small().Column("c").message(), "unknown column 'c'; known: a, b");
}

TEST(Frame, EqualityIsBitwiseWithNullsEqual) {
  Frame f = Small();
  EXPECT_TRUE(f == Small());
  f["a"][0] = 1 + 1e-15;
  EXPECT_FALSE(f == Small());
}

TEST(Frame, SliceTakeSelectAppend) {
  const Frame f = Small();
  EXPECT_EQ(f.Slice(1, 3)["a"], (std::vector<double>{2, 3}));
  const std::vector<size_t> rows = {2, 0};
  EXPECT_EQ(f.Take(rows).times(), (std::vector<PlantTime>{2 * kHour, 0}));
  const std::vector<std::string> columns = {"b"};
  EXPECT_EQ(f.Select(columns)->names(), columns);
  Frame g = f;
  ASSERT_TRUE(g.Append(f).ok());
  EXPECT_EQ(g.rows(), 6u);
  EXPECT_FALSE(g.Append(*f.Select(columns)).ok());
}

Table Messy() {
  Table t;
  t.columns.push_back(
      {" Timestamp ", TextColumn{{"2020-01-01 02:00", "2020-01-01 01:00", "x", "2020-01-01 02:00"},
                                 {true, true, true, true}}});
  t.columns.push_back({"PDT", NumberColumn{{1, 2, 3, 4}, true}});
  t.columns.push_back({"state", TextColumn{{"5.5", "Bad", "", " 7 "}, {true, true, false, true}}});
  return t;
}

TEST(ToFrame, SortsKeepsTheLastDuplicateAndCountsEveryLoss) {
  ToFrameReport report;
  const Result<Frame> frame = ToFrame(Messy(), "timestamp", &report);
  ASSERT_TRUE(frame.ok());
  EXPECT_EQ(frame->names(), (std::vector<std::string>{"pdt", "state"}));
  EXPECT_EQ((*frame)["pdt"], (std::vector<double>{2, 4}));
  EXPECT_EQ((*frame)["state"][1], 7);
  EXPECT_FALSE(IsValid((*frame)["state"][0]));
  EXPECT_EQ(report.unreadable_times, 1u);
  EXPECT_EQ(report.first_unreadable_rows, std::vector<size_t>{3});
  EXPECT_EQ(report.duplicate_times, 1u);
  EXPECT_EQ(report.out_of_order, 1u);
  ASSERT_EQ(report.non_numeric.size(), 1u);
  EXPECT_EQ(report.non_numeric[0].second, 1u);
  EXPECT_EQ(report.Words(), (std::vector<std::string>{
                                "1 of 4 rows left out: no readable time (first: data row 3)",
                                "1 rows replaced by a later row of the same time", "1 rows were out of order",
                                "1 cells of column 'state' are no numbers and became empty"}));
}

TEST(ToFrame, SaysWhatIsMissingOrAmbiguous) {
  EXPECT_NE(ToFrame(Messy(), "time", nullptr).message().find("no 'time' column; the table has"),
            std::string::npos);
  Table twice = Messy();
  twice.columns.push_back({"pdt", NumberColumn{{1, 2, 3, 4}, false}});
  EXPECT_NE(ToFrame(twice, "timestamp", nullptr).message().find("two columns are named 'pdt'"),
            std::string::npos);
}

TEST(Statistics, SkipNullsAndMatchNumpy) {
  const std::vector<double> x = {3, kNull, 1, 4, 1, 5};
  EXPECT_DOUBLE_EQ(Mean(x), 2.8);
  EXPECT_DOUBLE_EQ(SampleStd(x), 1.7888543819998317);
  EXPECT_DOUBLE_EQ(Median(x), 3);
  EXPECT_DOUBLE_EQ(Quantile(x, 0.9), 4.6);
  EXPECT_EQ(Minimum(x), 1);
  EXPECT_EQ(Maximum(x), 5);
  const std::vector<double> y = {6, 2, 2, 8, 2, 10};
  EXPECT_DOUBLE_EQ(Correlation(x, y), 1);
}

TEST(Statistics, NothingGivesNull) {
  const std::vector<double> none = {kNull, kNull};
  for (const double s : {Mean(none), SampleStd(none), Quantile(none, 0.5), Minimum(none), Maximum(none)}) {
    EXPECT_FALSE(IsValid(s));
  }
  EXPECT_FALSE(IsValid(Correlation(std::vector<double>{1, 1, 1}, std::vector<double>{1, 2, 3})));
}

}  // namespace
}  // namespace forewarn
