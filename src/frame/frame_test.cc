#include "frame/frame.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(Small().Column("c").message(), "unknown column 'c' (did you mean 'a'?); known: a, b");
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
}

TEST(ToFrame, SaysWhatIsMissingOrAmbiguous) {
  EXPECT_NE(ToFrame(Messy(), "time", nullptr).message().find("no 'time' column; the table has"),
            std::string::npos);
  Table twice = Messy();
  twice.columns.push_back({"pdt", NumberColumn{{1, 2, 3, 4}, false}});
  EXPECT_NE(ToFrame(twice, "timestamp", nullptr).message().find("two columns are named 'pdt'"),
            std::string::npos);
}

}  // namespace
}  // namespace forewarn
