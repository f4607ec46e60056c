#include "report/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "frame/frame.h"

namespace forewarn {
namespace {

ChartJson Cell(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::stod(fmt::format("{:.6g}", value));  // six digits are more than a screen shows
}

ChartJson Axis(const std::string& type, const std::string& name) {
  ChartJson axis = {{"type", type}, {"name", name}, {"nameLocation", "middle"}, {"nameGap", 32}};
  if (type == "value") axis["scale"] = true;
  return axis;
}

ChartJson Base() {
  return {{"tooltip", {{"trigger", "axis"}, {"renderMode", "richText"}}},
          {"legend", {{"type", "scroll"}, {"top", 0}}},
          {"grid", {{"left", 64}, {"right", 24}, {"top", 36}, {"bottom", 52}}}};
}

ChartJson XyData(const ChartSeries& s) {
  ChartJson data = ChartJson::array();
  for (size_t i = 0; i < s.y.size(); ++i) data.push_back({Cell(s.x[i]), Cell(s.y[i])});
  return data;
}

ChartJson Style(const ChartSeries& s) { return {{"width", 1.4}, {"type", s.dashed ? "dashed" : "solid"}}; }

}  // namespace

ChartJson TimeChart(std::span<const PlantTime> times, const std::vector<ChartSeries>& series,
                    const std::string& unit, const std::vector<TimeBand>& bands,
                    const std::vector<std::pair<std::string, double>>& limits) {
  ChartJson option = Base();
  ChartJson categories = ChartJson::array();
  for (const PlantTime t : times) categories.push_back(FormatPlantTime(t).substr(0, 16));
  option["xAxis"] = {{"type", "category"}, {"data", std::move(categories)}};
  option["yAxis"] = Axis("value", unit);
  option["dataZoom"] = {{{"type", "inside"}}, {{"type", "slider"}, {"height", 14}, {"bottom", 6}}};
  option["series"] = ChartJson::array();
  for (const ChartSeries& s : series) {
    ChartJson data = ChartJson::array();
    for (const double y : s.y) data.push_back(Cell(y));
    option["series"].push_back({{"type", "line"},
                                {"name", s.name},
                                {"showSymbol", false},
                                {"sampling", "minmax"},
                                {"lineStyle", Style(s)},
                                {"data", std::move(data)}});
  }
  if (option["series"].empty()) return option;
  ChartJson& first = option["series"][0];
  if (!bands.empty()) {
    ChartJson areas = ChartJson::array();
    for (const TimeBand& b : bands) {
      areas.push_back({{{"xAxis", FormatPlantTime(b.from).substr(0, 16)}},
                       {{"xAxis", FormatPlantTime(b.to).substr(0, 16)}}});
    }
    first["markArea"] = {
        {"silent", true}, {"itemStyle", {{"color", "rgba(200,80,40,0.16)"}}}, {"data", areas}};
  }
  if (!limits.empty()) {
    ChartJson lines = ChartJson::array();
    for (const auto& [name, y] : limits) {
      lines.push_back({{"name", name},
                       {"yAxis", Cell(y)},
                       {"label", {{"formatter", name}, {"position", "insideEndTop"}}}});
    }
    first["markLine"] = {
        {"silent", true}, {"symbol", "none"}, {"lineStyle", {{"type", "dashed"}}}, {"data", lines}};
  }
  return option;
}

ChartJson LineChart(const std::vector<ChartSeries>& series, const AxisText& axes,
                    const std::vector<std::pair<std::string, std::pair<double, double>>>& marks) {
  ChartJson option = Base();
  option["xAxis"] = Axis("value", axes.x);
  option["yAxis"] = Axis("value", axes.y);
  option["series"] = ChartJson::array();
  for (const ChartSeries& s : series) {
    option["series"].push_back({{"type", "line"},
                                {"name", s.name},
                                {"showSymbol", s.y.size() <= 16},
                                {"lineStyle", Style(s)},
                                {"data", XyData(s)}});
  }
  if (!marks.empty() && !series.empty()) {
    ChartJson points = ChartJson::array();
    for (const auto& [name, at] : marks) {
      points.push_back({{"name", name},
                        {"coord", {Cell(at.first), Cell(at.second)}},
                        {"symbolSize", 10},
                        {"symbol", "circle"},
                        {"label", {{"formatter", name}, {"position", "top"}}}});
    }
    option["series"][0]["markPoint"] = {{"data", points}};
  }
  return option;
}

ChartJson ScatterChart(const std::vector<ChartSeries>& series, const AxisText& axes) {
  ChartJson option = Base();
  option["tooltip"]["trigger"] = "item";
  option["xAxis"] = Axis("value", axes.x);
  option["yAxis"] = Axis("value", axes.y);
  option["series"] = ChartJson::array();
  for (const ChartSeries& s : series) {
    option["series"].push_back(
        {{"type", "scatter"}, {"name", s.name}, {"symbolSize", 5}, {"data", XyData(s)}});
  }
  return option;
}

ChartJson BarChart(const std::vector<std::string>& categories, const std::vector<ChartSeries>& series,
                   const AxisText& axes, bool horizontal) {
  ChartJson option = Base();
  ChartJson names = {{"type", "category"}, {"data", categories}};
  if (horizontal) {
    names["inverse"] = true;
    option["grid"]["left"] = 170;
    option["xAxis"] = Axis("value", axes.x);
    option["yAxis"] = std::move(names);
  } else {
    option["xAxis"] = std::move(names);
    option["yAxis"] = Axis("value", axes.y);
  }
  option["series"] = ChartJson::array();
  for (const ChartSeries& s : series) {
    ChartJson data = ChartJson::array();
    for (const double y : s.y) data.push_back(Cell(y));
    option["series"].push_back({{"type", "bar"}, {"name", s.name}, {"data", std::move(data)}});
  }
  return option;
}

ChartJson HeatMap(const std::vector<std::string>& columns, const std::vector<std::string>& rows,
                  const std::vector<std::vector<double>>& values, double low, double high, int digits) {
  ChartJson option = Base();
  option.erase("legend");
  option["tooltip"]["trigger"] = "item";
  option["grid"] = {{"left", 130}, {"right", 80}, {"top", 10}, {"bottom", 110}};
  option["xAxis"] = {
      {"type", "category"}, {"data", columns}, {"axisLabel", {{"rotate", 60}, {"interval", 0}}}};
  option["yAxis"] = {
      {"type", "category"}, {"data", rows}, {"inverse", true}, {"axisLabel", {{"interval", 0}}}};
  option["visualMap"] = {{"min", low},         {"max", high},
                         {"calculable", true}, {"right", 0},
                         {"top", "center"},    {"inRange", {{"color", {"#2f6f9f", "#f2f2f2", "#b5502a"}}}}};
  ChartJson data = ChartJson::array();
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < columns.size(); ++c) {
      const double v = values[r][c];
      data.push_back(
          {c, r,
           std::isfinite(v) ? ChartJson(std::stod(fmt::format("{:.{}f}", v, digits))) : ChartJson("-")});
    }
  }
  option["series"] = {{{"type", "heatmap"},
                       {"label", {{"show", columns.size() <= 16}, {"fontSize", 10}, {"color", "#222"}}},
                       {"data", data}}};
  return option;
}

ChartJson Histogram(std::span<const double> values, int bins, const std::string& unit,
                    const std::vector<std::pair<std::string, double>>& lines) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const double v : values) {
    if (!IsValid(v)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  std::vector<double> counts(static_cast<size_t>(bins), 0.0);
  const double width = high > low ? (high - low) / bins : 1.0;
  ChartSeries bars{"hours", {}, {}};
  if (low <= high) {
    for (const double v : values) {
      if (IsValid(v)) ++counts[std::min<size_t>(bins - 1, static_cast<size_t>((v - low) / width))];
    }
    for (int b = 0; b < bins; ++b) {
      bars.x.push_back(low + (b + 0.5) * width);
      bars.y.push_back(counts[b]);
    }
  }
  ChartJson option = Base();
  option.erase("legend");
  option["xAxis"] = Axis("value", unit);
  option["yAxis"] = {{"type", "value"}};
  ChartJson marks = ChartJson::array();
  for (const auto& [name, x] : lines) {
    if (IsValid(x)) marks.push_back({{"xAxis", Cell(x)}, {"label", {{"formatter", name}}}});
  }
  option["series"] = {{{"type", "bar"},
                       {"barWidth", fmt::format("{:.2f}%", 96.0 / bins)},
                       {"data", XyData(bars)},
                       {"markLine", {{"symbol", "none"}, {"silent", true}, {"data", marks}}}}};
  return option;
}

}  // namespace forewarn
