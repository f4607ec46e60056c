#include "ingest/ingest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "ingest/fill.h"
#include "plant/derived.h"

namespace forewarn {
namespace {

namespace ingest_test {

constexpr PlantTime kStart = 16'000 * kDay;  // midnight

Plant SmallPlant() {
  Plant plant;
  plant.name = "small";
  Tag level;
  level.id = "level";
  level.unit = "%";
  Tag broken;
  broken.id = "broken";
  broken.sensor = false;
  broken.saturated_above = 100;
  plant.tags = {level, broken};
  Controller flow;
  flow.id = "flow";
  flow.sp_fixed = 80;
  plant.controllers = {flow};
  plant.features.volatility = {3, {"level"}};
  return plant;
}

class Readings {
 public:
  Readings() { data_.files = {"a.csv", "b.csv"}; }
  Readings& Add(const std::string& tag, PlantTime since_start, double value, Quality quality = Quality::kGood,
                uint32_t file = 0) {
    RawSeries& series = data_.series[tag];
    series.tag = tag;
    series.Add(kStart + since_start, value, quality, file, static_cast<uint32_t>(++rows_[tag] + 1));
    ++data_.rows_read[tag];
    return *this;
  }
  RawData Take() { return std::move(data_); }

 private:
  RawData data_;
  std::map<std::string, int> rows_;
};

const SeriesReport& Of(const IngestReport& report, const std::string& tag) {
  return *std::find_if(report.series.begin(), report.series.end(),
                       [&](const SeriesReport& s) { return s.tag == tag; });
}

void ExpectBalanced(const IngestReport& report) {
  for (const SeriesReport& series : report.series) EXPECT_TRUE(series.Balanced()) << series.tag;
}

TEST(Ingest, BinsAreClosedOnTheLeftAndStampedWithTheirStart) {
  auto result = Ingest(Readings()
                           .Add("level", 0, 1)
                           .Add("level", kHour - 1, 2)
                           .Add("level", kHour, 10)
                           .Add("level", kHour + kMinute, 30)
                           .Add("level", kHour + 2 * kMinute, 11)
                           .Take(),
                       SmallPlant());
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(result->table.times(), (std::vector<PlantTime>{kStart, kStart + kHour}));
  EXPECT_EQ(result->table["level"], (std::vector<double>{1.5, 11}));
  EXPECT_EQ(result->table["level_max"], (std::vector<double>{2, 30}));
  EXPECT_EQ(result->table["level_min"], (std::vector<double>{1, 10}));
  EXPECT_EQ(result->table["filled"], (std::vector<double>{0, 0}));
}

TEST(Ingest, LastOfEqualTimesWinsWhateverTheOrderAndIsCounted) {
  auto result = Ingest(Readings()
                           .Add("level", kMinute, 5)
                           .Add("level", 0, 1)
                           .Add("level", kMinute, 7)
                           .Add("level", 0, 3)
                           .Add("level", kMinute, 9)
                           .Take(),
                       SmallPlant());
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(result->table["level"], (std::vector<double>{6}));  // of 3 and 9
  const SeriesReport& level = Of(result->report, "level");
  EXPECT_EQ(level.accepted, 2U);
  EXPECT_EQ(level.duplicates.count, 3U);
  ASSERT_EQ(level.duplicates.places.size(), 3U);
  EXPECT_EQ(level.duplicates.places[0].row, 2U);
  EXPECT_EQ(level.duplicates.places[1].row, 3U);
  EXPECT_EQ(level.duplicates.places[2].row, 4U);
  EXPECT_EQ(level.out_of_order.count, 2U);
  EXPECT_EQ(level.out_of_order.places[0].row, 3U);
  ExpectBalanced(result->report);
}

TEST(Ingest, BadReadingsAreLeftOutBeforeDuplicatesAreJudged) {
  auto result = Ingest(Readings()
                           .Add("level", 0, 4)
                           .Add("level", 0, 999, Quality::kBad)
                           .Add("level", kMinute, 6, Quality::kUncertain)
                           .Take(),
                       SmallPlant());
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(result->table["level_max"], (std::vector<double>{6}));
  const SeriesReport& level = Of(result->report, "level");
  EXPECT_EQ(level.bad_quality.count, 1U);
  EXPECT_EQ(level.bad_quality.places[0].row, 3U);
  EXPECT_EQ(level.uncertain, 1U);
  EXPECT_EQ(level.duplicates.count, 0U);
  ExpectBalanced(result->report);
}

TEST(Ingest, OrderIsJudgedFileByFile) {
  auto result = Ingest(Readings()
                           .Add("level", 2 * kHour, 3)
                           .Add("level", 0, 1, Quality::kGood, 1)
                           .Add("level", kHour, 2, Quality::kGood, 1)
                           .Take(),
                       SmallPlant());
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(Of(result->report, "level").out_of_order.count, 0U);
  EXPECT_EQ(result->table["level"], (std::vector<double>{1, 2, 3}));
}

TEST(Ingest, FillsForwardThenInterpolatesThenTakesTheMedianAndFlagsWhatLooksAhead) {
  Readings readings;
  readings.Add("level", 0, 10).Add("level", 13 * kHour, 23);  // a gap of 12 cells
  auto result = Ingest(readings.Take(), SmallPlant());
  ASSERT_TRUE(result.ok()) << result.message();
  const std::vector<double>& level = result->table["level"];
  for (size_t r = 0; r <= 6; ++r) EXPECT_EQ(level[r], 10) << r;
  const double step = 13.0 / 7;
  for (size_t r = 7; r <= 9; ++r) EXPECT_NEAR(level[r], 10 + step * static_cast<double>(r - 6), 1e-12) << r;
  for (size_t r = 10; r <= 12; ++r) EXPECT_EQ(level[r], 10) << r;  // the median of the column so filled
  EXPECT_EQ(result->table["level_max"][8], level[8]);
  EXPECT_EQ(result->table["level_min"][11], 10);
  const std::vector<double>& filled = result->table["filled"];
  EXPECT_EQ(filled[6], 0);
  for (size_t r = 7; r <= 12; ++r) EXPECT_EQ(filled[r], 1) << r;
  const CellCounts& cells = Of(result->report, "level").cells;
  EXPECT_EQ(cells.observed, 2U);
  EXPECT_EQ(cells.forward, 6U);
  EXPECT_EQ(cells.interpolated, 3U);
  EXPECT_EQ(cells.median, 3U);
  EXPECT_EQ(Of(result->report, "level").gaps, 1U);
  EXPECT_EQ(Of(result->report, "level").longest_gap, 12U);
}

TEST(Ingest, LiveFillsOnlyWhatDoesNotLookAhead) {
  IngestOptions live;
  live.live = true;
  auto result =
      Ingest(Readings().Add("level", 0, 10).Add("flow_pv", 0, 1).Add("flow_pv", 13 * kHour, 2).Take(),
             SmallPlant(), live);
  ASSERT_TRUE(result.ok()) << result.message();
  const std::vector<double>& level = result->table["level"];
  EXPECT_EQ(level[6], 10);
  for (size_t r = 7; r <= 13; ++r) EXPECT_FALSE(IsValid(level[r])) << r;
  EXPECT_FALSE(IsValid(result->table["level_max"][9]));
  EXPECT_EQ(result->table["flow_sp"], std::vector<double>(14, 80));
  EXPECT_EQ(result->table["filled"], std::vector<double>(14, 0));
  EXPECT_EQ(Of(result->report, "level").cells.null, 7U);
}

TEST(Ingest, SetpointsAreFixedOrCarriedAndNeverFlagged) {
  Plant plant = SmallPlant();
  Controller other;
  other.id = "other";
  plant.controllers.push_back(other);
  Readings readings;
  readings.Add("flow_pv", 0, 81).Add("other_pv", 0, 64).Add("other_pv", 30 * kHour, 66);
  readings.Add("other_sp", 2 * kHour, 65).Add("other_sp", 29 * kHour, 70);
  auto result = Ingest(readings.Take(), plant);
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(result->table["flow_sp"], std::vector<double>(31, 80));
  EXPECT_EQ(Of(result->report, "flow_sp").cells.fixed, 31U);
  EXPECT_EQ(result->table["other_sp"][28], 65);
  EXPECT_EQ(result->table["other_sp"][30], 70);
  EXPECT_EQ(Of(result->report, "other_sp").cells.carried, 20U);
  EXPECT_EQ(Of(result->report, "other_sp").cells.median, 2U);  // nothing to carry before the first value
  EXPECT_EQ(result->table["flow_deviation"][0], 1);
  EXPECT_EQ(result->table["other_deviation_max"][30], -4);
  // bits: level 1, broken 2, flow 4 8 16, other_pv 32, other_op 64, other_sp 128
  EXPECT_EQ(static_cast<int>(result->table["filled"][0]), 128);
}

TEST(Ingest, MoreThan52SeriesSpreadTheirBitsOverColumns) {
  Plant plant;
  Readings readings;
  for (int i = 0; i < 60; ++i) {
    Tag tag;
    tag.id = "t" + std::to_string(i);
    plant.tags.push_back(tag);
    readings.Add(tag.id, 0, i);
  }
  readings.Add("t0", 20 * kHour, 1);
  auto result = Ingest(readings.Take(), plant);
  ASSERT_TRUE(result.ok()) << result.message();
  const double low = result->table["filled"][7];
  const double high = result->table["filled_2"][7];
  EXPECT_EQ(low, std::ldexp(1.0, 52) - 1);  // every one of the first 52 looks ahead in row 7
  EXPECT_EQ(high, 255);
}

TEST(Ingest, AnUnknownTagsRowsAreRejectedAndSaid) {
  auto result =
      Ingest(Readings().Add("level", 0, 1).Add("stranger", 0, 2).Add("stranger", 1, 2).Take(), SmallPlant());
  ASSERT_TRUE(result.ok()) << result.message();
  const SeriesReport& stranger = Of(result->report, "stranger");
  EXPECT_FALSE(stranger.in_plant);
  EXPECT_EQ(stranger.rejected, 2U);
  EXPECT_EQ(stranger.rejections[0].places.size(), 2U);
  EXPECT_FALSE(result->table.Has("stranger"));
  ExpectBalanced(result->report);
}

TEST(Ingest, NoUsableReadingIsAnErrorThatNamesWhatThereIs) {
  auto result = Ingest(Readings().Add("stranger", 0, 2).Take(), SmallPlant());
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.message().find("stranger"), std::string::npos) << result.message();
  EXPECT_NE(result.message().find("level"), std::string::npos);
}

TEST(Ingest, AStrayTimestampIsNamedByFileAndRow) {
  auto result = Ingest(Readings().Add("level", 0, 1).Add("level", 100 * 365 * kDay, 2).Take(), SmallPlant());
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.message().find("a.csv:3"), std::string::npos) << result.message();
}

TEST(Ingest, AMissingSeriesIsLeftOutOfTheTableAndSaid) {
  auto result = Ingest(Readings().Add("level", 0, 1).Take(), SmallPlant());
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_FALSE(result->table.Has("broken"));
  EXPECT_FALSE(result->table.Has("flow_sp"));  // without its PV a fixed setpoint says nothing
  EXPECT_NE(Of(result->report, "broken").verdicts.at(0).find("no readings"), std::string::npos);
}

TEST(Ingest, StuckAndSaturatedSensorsAreTold) {
  Readings readings;
  for (int h = 0; h < 60; ++h) {
    readings.Add("level", h * kHour, h < 20 ? h : 7.5);
    readings.Add("broken", h * kHour, 105 + 0.001 * h);
    readings.Add("flow_pv", h * kHour, h % 3 == 0 ? h : 100);
  }
  auto result = Ingest(readings.Take(), SmallPlant());
  ASSERT_TRUE(result.ok()) << result.message();
  const auto verdict = [&](const char* tag) { return Of(result->report, tag).verdicts.at(0); };
  EXPECT_NE(verdict("level").find("stuck at 7.5"), std::string::npos) << verdict("level");
  EXPECT_NE(verdict("level").find("40 of 60"), std::string::npos) << verdict("level");
  EXPECT_NE(verdict("broken").find("saturated: above 100 in 100 %"), std::string::npos) << verdict("broken");
  EXPECT_NE(verdict("flow_pv").find("highest value 100"), std::string::npos) << verdict("flow_pv");
  EXPECT_EQ(result->table["broken_saturated"], std::vector<double>(60, 1));
}

TEST(Ingest, PeriodsComeFromRulesAndFromTheKnownOnes) {
  Plant plant = SmallPlant();
  auto rule = Rule::Parse("level_max > 100");
  auto other = Rule::Parse("absent > 1");
  ASSERT_TRUE(rule.ok() && other.ok());
  plant.label.alarm = {*rule, *other};
  plant.label.periods = {{kStart + 4 * kHour, kStart + 5 * kHour, "flooding"}};
  Readings readings;
  for (int h = 0; h < 10; ++h) readings.Add("level", h * kHour, h == 1 || h == 2 || h == 5 ? 101 : 1);
  auto result = Ingest(readings.Take(), plant);
  ASSERT_TRUE(result.ok()) << result.message();
  ASSERT_EQ(result->report.periods.size(), 2U);
  EXPECT_EQ(result->report.periods[0].from, kStart + kHour);
  EXPECT_EQ(result->report.periods[0].to, kStart + 2 * kHour);
  EXPECT_EQ(result->report.periods[1].from, kStart + 4 * kHour);
  EXPECT_EQ(result->report.periods[1].rows, 2U);
  EXPECT_EQ(result->report.periods[1].causes.size(), 2U);
  ASSERT_FALSE(result->report.notes.empty());
  EXPECT_NE(result->report.notes[0].find("absent"), std::string::npos);
}

// The same bins by the plainest means: a map of times a series, a sorted vector a bin.
Frame PlainBins(const RawData& data, const std::string& tag, PlantTime interval) {
  std::map<PlantTime, double> last;
  const RawSeries& series = data.series.at(tag);
  for (size_t i = 0; i < series.size(); ++i) {
    if (series.quality[i] != Quality::kBad) last[series.times[i]] = series.values[i];
  }
  std::map<PlantTime, std::vector<double>> bins;
  for (const auto& [time, value] : last) bins[BinStart(time, interval)].push_back(value);
  std::vector<PlantTime> times;
  std::vector<double> median, high, low;
  for (auto& [time, values] : bins) {
    std::sort(values.begin(), values.end());
    times.push_back(time);
    const size_t n = values.size();
    median.push_back(n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2);
    low.push_back(values.front());
    high.push_back(values.back());
  }
  Frame out(times);
  out.Set("median", median);
  out.Set("max", high);
  out.Set("min", low);
  return out;
}

TEST(Ingest, EqualsThePlainTwinOnShuffledDataAndForAnyThreads) {
  std::mt19937_64 random(7);
  Readings readings;
  for (int i = 0; i < 20'000; ++i) {
    const auto time = static_cast<PlantTime>(random() % 5000) * 10 * kSecond - kDay;  // also duplicates
    readings.Add("level", time, static_cast<double>(random() % 1000) / 8,
                 random() % 20 == 0 ? Quality::kBad : Quality::kGood);
    readings.Add("flow_pv", i * kSecond, static_cast<double>(random() % 1000) / 8);
  }
  const RawData data = readings.Take();
  IngestOptions one;
  one.threads = 1;
  IngestOptions four;
  four.threads = 4;
  auto first = Ingest(data, SmallPlant(), one);
  auto second = Ingest(data, SmallPlant(), four);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_TRUE(first->table == second->table);
  EXPECT_EQ(ReportJson(first->report), ReportJson(second->report));
  ExpectBalanced(first->report);
  const Frame plain = PlainBins(data, "level", kHour);
  size_t row = 0;
  for (size_t p = 0; p < plain.rows(); ++p) {
    while (first->table.times()[row] != plain.times()[p]) ++row;
    EXPECT_EQ(first->table["level"][row], plain["median"][p]);
    EXPECT_EQ(first->table["level_max"][row], plain["max"][p]);
    EXPECT_EQ(first->table["level_min"][row], plain["min"][p]);
  }
}

TEST(Ingest, TableHoldsTheColumnsOfTheOriginalDataSet) {
  Plant plant = SmallPlant();
  auto result = Ingest(
      Readings().Add("level", 0, 1).Add("broken", 0, 101).Add("flow_pv", 0, 1).Add("flow_op", 0, 1).Take(),
      plant);
  ASSERT_TRUE(result.ok()) << result.message();
  for (const std::string& name : TableColumns(plant)) EXPECT_TRUE(result->table.Has(name)) << name;
}

TEST(Ingest, WithNothingUsableItSaysWhyAndWhere) {
  RawData data = Readings().Add("level", 0, 1).Take();
  data.series.clear();
  data.rows_read = {{"level", 3}};
  data.rejected["level"]["not a number"].Add(0, 2, "x");
  data.rejected["level"]["not a number"].Add(0, 4, "y");
  data.rejected["level"]["infinite"].Add(0, 3, "inf");
  const Status status = Ingest(std::move(data), SmallPlant()).status();
  EXPECT_NE(status.message().find("1 infinite, first at a.csv:3; 2 not a number, first at a.csv:2"),
            std::string::npos)
      << status.message();
}

TEST(IngestReport, HtmlEscapesWhatFilesSay) {
  RawData data = Readings().Add("level", 0, 1).Take();
  data.rejected["level"]["state string '<script>'"].Add(0, 9, "<script>alert(1)</script>");
  ++data.rows_read["level"];
  auto result = Ingest(std::move(data), SmallPlant());
  ASSERT_TRUE(result.ok()) << result.message();
  ExpectBalanced(result->report);
  const std::string html = ReportHtml(result->report);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;alert(1)"), std::string::npos);
  EXPECT_NE(html.find("a.csv:9"), std::string::npos);
  EXPECT_NE(ReportText(result->report).find("a.csv:9"), std::string::npos);
}

TEST(Fill, LeadingCellsAreFilledByTheMedianAlone) {
  std::vector<double> cells = {kNull, kNull, 4, 8, kNull};
  std::vector<bool> ahead(cells.size());
  FillRule rule;
  rule.forward = 0;
  rule.interpolate = 3;
  rule.median = true;
  const CellCounts counts = FillColumn(cells, rule, ahead);
  EXPECT_EQ(cells,
            (std::vector<double>{8, 8, 4, 8, 8}));  // at the end: the last value; then the median of 4, 8, 8
  EXPECT_EQ(counts.interpolated, 1U);
  EXPECT_EQ(counts.median, 2U);
  EXPECT_EQ(ahead, (std::vector<bool>{true, true, false, false, true}));
}

}  // namespace ingest_test

}  // namespace
}  // namespace forewarn
