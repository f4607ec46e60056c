#include <gtest/gtest.h>

#include "report/charts.h"
#include "report/eda_report.h"
#include "report/html_page.h"

namespace forewarn {
namespace {

TEST(HtmlPage, EscapesEveryText) {
  HtmlPage page("<b>&\"", "sub");
  page.Heading("a<script>");
  page.Table({"h<"}, {{"<img onerror=x>"}});
  page.Chart({{"title", "</script><script>alert(1)</script>"}}, "c");
  const std::string html = page.Render();
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_EQ(html.find("<img onerror"), std::string::npos);
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
  plant.tags.emplace_back().id = "a";
  Frame table({0, kHour});
  table.Set("b", 1.0);
  EXPECT_NE(EdaReport(plant, table, nullptr).message().find("none of plant 'x'"), std::string::npos);
  EXPECT_FALSE(EdaReport(plant, Frame(), nullptr).ok());
}

}  // namespace
}  // namespace forewarn
