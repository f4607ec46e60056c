// HtmlPage: a self-contained report page: headings, text, tables and charts in the order they are added.
// Every text is escaped here; callers pass plain text. Charts are ECharts options as JSON (charts.h makes the
// usual ones).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace forewarn {

std::string EscapeHtml(std::string_view text);

class HtmlPage {
 public:
  // subtitle stands under the title: what was judged, when it was measured (plant time), which plant.
  HtmlPage(std::string title, std::string subtitle);

  void Heading(std::string_view text);  // a section; also an entry of the contents
  void SubHeading(std::string_view text);
  void Text(std::string_view text);
  // rows of cells as text; cells that look like numbers are set flush right.
  void Table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);
  // caption says what one sees; height in px.
  void Chart(const nlohmann::ordered_json& option, std::string_view caption, int height = 320);

  std::string Render() const;

 private:
  std::string title_;
  std::string subtitle_;
  std::string body_;
  std::vector<std::string> contents_;
  std::vector<nlohmann::ordered_json> charts_;
};

// Shortest sensible text of a figure: `digits` significant digits, "–" for null.
std::string Figure(double value, int digits = 4);

}  // namespace forewarn
