#include <gtest/gtest.h>

#include "report/charts.h"
#include "report/curves.h"
#include "report/eda_report.h"
#include "report/html_page.h"

namespace forewarn {
namespace {

const std::vector<double> kScores = {0.9, 0.8, 0.8, 0.3, 0.1};
const std::vector<uint8_t> kLabels = {1, 1, 0, 0, 1};

TEST(Curves, RocTakesTiesAsOneStep) {
  const auto roc = RocCurve(kScores, kLabels);
  ASSERT_EQ(roc.size(), 5u);
  EXPECT_DOUBLE_EQ(roc[2].x, 0.5);
  EXPECT_DOUBLE_EQ(roc[2].y, 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(roc.back().x, 1);
  EXPECT_DOUBLE_EQ(roc.back().y, 1);
}

TEST(Curves, PrecisionRecallEndsAtTheBaseRate) {
  const auto pr = PrecisionRecallCurve(kScores, kLabels);
  EXPECT_DOUBLE_EQ(pr.front().y, 1);
  EXPECT_DOUBLE_EQ(pr.back().y, 0.6);
}

TEST(Curves, F1AndReliability) {
  const auto f1 = F1Curve(kScores, kLabels, 9, 0.1, 0.9);
  EXPECT_DOUBLE_EQ(f1.front().y, 0.75);  // all called: 2·3/(5+3)
  const auto bins = Reliability(kScores, kLabels, 2);
  ASSERT_EQ(bins.size(), 2u);
  EXPECT_EQ(bins[0].rows, 2u);
  EXPECT_DOUBLE_EQ(bins[1].positive_share, 2.0 / 3.0);
}

TEST(Curves, OneClassGivesNoCurveAndNoCrash) {
  const std::vector<uint8_t> zeros(5, 0);
  EXPECT_EQ(RocCurve(kScores, zeros).size(), 1u);
  EXPECT_TRUE(PrecisionRecallCurve(kScores, zeros).empty());
}

TEST(HtmlPage, EscapesEveryText) {
  HtmlPage page("<b>&\"", "sub");
  page.Heading("a<script>");
  page.Table({"h<"}, {{"<img onerror=x>"}});
  page.Chart({{"title", "</script><script>alert(1)</script>"}}, "c");
  const std::string html = page.Render();
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_EQ(html.find("<img"), std::string::npos);
  EXPECT_NE(html.find("&lt;b&gt;&amp;&quot;"), std::string::npos);
}

TEST(HtmlPage, FiguresHaveSensibleDigits) {
  EXPECT_EQ(Figure(0.123456), "0.123");
  EXPECT_EQ(Figure(222.4178), "222.4");
  EXPECT_EQ(Figure(kNull), "–");
  EXPECT_EQ(Figure(0), "0");
}

TEST(Charts, NullsBecomeGapsAndHistogramCountsEveryValidCell) {
  const std::vector<PlantTime> times = {0, kHour};
  const auto line = TimeChart(times, {{"a", {}, {1, kNull}}}, "bar");
  EXPECT_TRUE(line["series"][0]["data"][1].is_null());
  const std::vector<double> values = {1, 2, 3, kNull, 3};
  const auto histogram = Histogram(values, 4, "bar", {});
  double sum = 0;
  for (const auto& point : histogram["series"][0]["data"]) sum += point[1].get<double>();
  EXPECT_EQ(sum, 4);
}

TEST(EdaReport, RefusesAnotherPlantsTable) {
  Plant plant;
  plant.name = "x";
  plant.tags.push_back({"a"});
  Frame table({0, kHour});
  table.Set("b", 1.0);
  EXPECT_NE(EdaReport(plant, table, nullptr).message().find("none of plant 'x'"), std::string::npos);
  EXPECT_FALSE(EdaReport(plant, Frame(), nullptr).ok());
}

}  // namespace
}  // namespace forewarn
