#include "report/eda_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "features/dataset.h"
#include "frame/statistics.h"
#include "report/charts.h"
#include "report/html_page.h"

namespace forewarn {
namespace {

// Runs of rows with a non-zero cell, as row ranges [first, last].
std::vector<std::pair<size_t, size_t>> Runs(const std::vector<double>& flags) {
  std::vector<std::pair<size_t, size_t>> runs;
  for (size_t r = 0; r < flags.size(); ++r) {
    if (!(flags[r] > 0)) continue;
    if (!runs.empty() && runs.back().second + 1 == r) {
      runs.back().second = r;
    } else {
      runs.emplace_back(r, r);
    }
  }
  return runs;
}

class EdaPage {
 public:
  EdaPage(const Plant& plant, const Frame& table)
      : plant_(plant),
        table_(table),
        page_("Exploratory report: " + (plant.title.empty() ? plant.name : plant.title),
              fmt::format("{} rows every {}, {} to {} plant time ({})", table.rows(),
                          FormatDuration(plant.interval), FormatPlantTime(table.times().front()),
                          FormatPlantTime(table.times().back()), plant.zone)) {
    for (const std::string& name : plant.SeriesNames()) {
      if (table.Has(name)) series_.push_back(name);
    }
    for (const std::string& name : plant.Sensors()) {
      if (table.Has(name)) sensors_.push_back(name);
    }
    if (table.Has(kLabelColumn)) events_ = Runs(table[kLabelColumn]);
    for (const auto& [first, last] : events_) bands_.push_back({table.times()[first], table.times()[last]});
  }

  std::string Render(const nlohmann::json& ingest_report) {
    Labels();
    Statistics();
    Findings(ingest_report);
    Overview();
    Controllers();
    Correlations();
    Histograms();
    Volatility();
    Events();
    return page_.Render();
  }

 private:
  std::string Unit(const std::string& column) const { return plant_.Describe(column).unit; }
  std::string Name(const std::string& column) const {
    const std::string label = plant_.Describe(column).label;
    return label.empty() ? column : fmt::format("{} ({})", column, label);
  }

  void Labels() {
    if (!table_.Has(kLabelColumn)) return;
    page_.Heading("Labels and regimes");
    const auto& label = table_[kLabelColumn];
    const auto ones = std::count_if(label.begin(), label.end(), [](double v) { return v > 0; });
    page_.Text(fmt::format(
        "{} of {} rows are labelled anomalous ({:.1f} %), in {} separate runs.", ones, label.size(),
        100.0 * static_cast<double>(ones) / static_cast<double>(label.size()), events_.size()));
    if (!table_.Has(kRegimeColumn)) return;
    std::vector<std::vector<std::string>> rows;
    const char* names[] = {"normal", "transition", "alarm"};
    for (int k = 0; k < 3; ++k) {
      const auto& regime = table_[kRegimeColumn];
      const auto n = std::count(regime.begin(), regime.end(), static_cast<double>(k));
      rows.push_back(
          {fmt::format("{} ({})", names[k], k), fmt::format("{}", n),
           fmt::format("{:.1f} %", 100.0 * static_cast<double>(n) / static_cast<double>(regime.size()))});
    }
    page_.Table({"regime", "rows", "share"}, rows);
  }

  void Statistics() {
    page_.Heading("Statistics");
    std::vector<std::vector<std::string>> rows;
    for (const std::string& name : series_) {
      const auto& cells = table_[name];
      const auto nulls = std::count_if(cells.begin(), cells.end(), [](double v) { return !IsValid(v); });
      rows.push_back({Name(name), Unit(name), Figure(Mean(cells)), Figure(SampleStd(cells)),
                      Figure(Minimum(cells)), Figure(Quantile(cells, 0.25)), Figure(Median(cells)),
                      Figure(Quantile(cells, 0.75)), Figure(Maximum(cells)), fmt::format("{}", nulls)});
    }
    page_.Table({"tag", "unit", "mean", "std", "min", "25 %", "median", "75 %", "max", "nulls"}, rows);
  }

  void Findings(const nlohmann::json& ingest_report) {
    page_.Heading("Findings");
    std::vector<std::vector<std::string>> rows;
    for (const std::string& name : series_) {
      const auto& cells = table_[name];
      size_t run = 1;
      size_t longest = 1;
      for (size_t r = 1; r < cells.size(); ++r) {
        run = cells[r] == cells[r - 1] ? run + 1 : 1;
        longest = std::max(longest, run);
      }
      const Controller* controller = nullptr;
      for (const Controller& c : plant_.controllers) {
        if (name == c.id + "_sp") controller = &c;
      }
      if (longest >= 24 && controller == nullptr) {
        rows.push_back({Name(name), fmt::format("unchanged over {} rows in a row", longest)});
      }
    }
    for (const Tag& tag : plant_.tags) {
      if (!IsValid(tag.saturated_above) || !table_.Has(tag.id)) continue;
      const auto& cells = table_[tag.id];
      const auto n =
          std::count_if(cells.begin(), cells.end(), [&](double v) { return v > tag.saturated_above; });
      if (n > 0) {
        rows.push_back({Name(tag.id), fmt::format("saturated above {} {} in {} of {} rows",
                                                  tag.saturated_above, tag.unit, n, cells.size())});
      }
    }
    if (table_.Has(kFilledColumn)) {
      const auto& filled = table_[kFilledColumn];
      const auto n = std::count_if(filled.begin(), filled.end(), [](double v) { return v > 0; });
      rows.push_back(
          {"all",
           fmt::format("{} rows hold cells filled from later values; training windows leave them out", n)});
    }
    if (rows.empty()) {
      page_.Text("No stuck or saturated sensor was found.");
    } else {
      page_.Table({"tag", "finding"}, rows);
    }
    if (ingest_report.is_object()) IngestTable(ingest_report);
  }

  // The ingest report's own figures, one row a tag; values that are lists or objects stay in the report
  // itself.
  void IngestTable(const nlohmann::json& report) {
    const auto tags = report.find("tags");
    if (tags == report.end() || !tags->is_array() || tags->empty()) return;
    page_.SubHeading("Ingest");
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;
    for (const auto& tag : *tags) {
      if (!tag.is_object()) continue;
      std::vector<std::string> row;
      std::vector<std::string> names;
      for (const auto& [key, value] : tag.items()) {
        if (value.is_structured()) continue;
        names.push_back(key);
        row.push_back(value.is_string()         ? value.get<std::string>()
                      : value.is_number_float() ? Figure(value.get<double>())
                                                : value.dump());
      }
      if (header.empty()) header = names;
      if (names == header) rows.push_back(std::move(row));
    }
    page_.Table(header, rows);
  }

  void Overview() {
    page_.Heading("Every tag over time");
    for (const std::string& name : sensors_) {
      page_.Chart(TimeChart(table_.times(), {{name, {}, table_[name]}}, Unit(name), bands_),
                  Name(name) + "; shaded: labelled anomalous", 230);
    }
  }

  void Controllers() {
    if (plant_.controllers.empty()) return;
    page_.Heading("Controllers");
    for (const Controller& c : plant_.controllers) {
      std::vector<ChartSeries> lines;
      for (const char* part : {"_pv", "_sp", "_op"}) {
        if (table_.Has(c.id + part)) {
          lines.push_back({c.id + part, {}, table_[c.id + part], std::string(part) == "_sp"});
        }
      }
      if (lines.empty()) continue;
      page_.SubHeading(fmt::format("{} {}", c.id, c.label));
      page_.Chart(TimeChart(table_.times(), lines, c.unit, bands_), "process value, setpoint, output", 260);
      if (!table_.Has(c.id + "_deviation") || !table_.Has(c.id + "_sp")) continue;
      const double five = 0.05 * std::abs(Median(table_[c.id + "_sp"]));
      page_.Chart(TimeChart(table_.times(), {{"deviation", {}, table_[c.id + "_deviation"]}}, c.unit, bands_,
                            {{"+5 %", five}, {"−5 %", -five}}),
                  "deviation (PV − SP), with ±5 % of the setpoint", 220);
    }
  }

  void Correlations() {
    page_.Heading("Correlations");
    std::vector<std::vector<double>> matrix;
    struct Pair {
      double r;
      std::string text;
    };
    std::vector<Pair> pairs;
    for (size_t i = 0; i < sensors_.size(); ++i) {
      matrix.emplace_back();
      for (size_t j = 0; j < sensors_.size(); ++j) {
        const double r = Correlation(table_[sensors_[i]], table_[sensors_[j]]);
        matrix.back().push_back(r);
        if (i < j && IsValid(r)) pairs.push_back({r, sensors_[i] + " – " + sensors_[j]});
      }
    }
    page_.Chart(HeatMap(sensors_, sensors_, matrix, -1, 1), "Pearson correlation of the sensors",
                std::max(360, 28 * static_cast<int>(sensors_.size()) + 140));
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const Pair& a, const Pair& b) { return std::abs(a.r) > std::abs(b.r); });
    std::vector<std::vector<std::string>> rows;
    for (size_t i = 0; i < std::min<size_t>(10, pairs.size()); ++i) {
      rows.push_back({pairs[i].text, fmt::format("{:+.3f}", pairs[i].r)});
    }
    page_.SubHeading("The ten strongest pairs");
    page_.Table({"pair", "r"}, rows);
  }

  void Histograms() {
    page_.Heading("Distributions");
    for (const std::string& name : sensors_) {
      const auto& cells = table_[name];
      const double q1 = Quantile(cells, 0.25);
      const double q3 = Quantile(cells, 0.75);
      page_.Chart(Histogram(cells, 40, Unit(name),
                            {{"mean", Mean(cells)},
                             {"median", Median(cells)},
                             {"Q1 − 1.5 IQR", q1 - 1.5 * (q3 - q1)},
                             {"Q3 + 1.5 IQR", q3 + 1.5 * (q3 - q1)}}),
                  Name(name), 210);
    }
  }

  void Volatility() {
    std::vector<std::string> columns;
    for (const std::string& name : table_.names()) {
      for (const std::string& of : plant_.features.volatility.of) {
        if (name.starts_with(of + "_roll") && name.ends_with("h_std")) columns.push_back(name);
      }
    }
    if (columns.empty()) return;
    page_.Heading("Volatility");
    for (const std::string& name : columns) {
      const double limit = Quantile(table_[name], 0.95);
      page_.Chart(TimeChart(table_.times(), {{name, {}, table_[name]}}, Unit(name), bands_,
                            {{"95th percentile", limit}}),
                  fmt::format("{}; 95th percentile {}", name, Figure(limit)), 210);
    }
  }

  // One zoom an event: a day before, the event, half a day after, every sensor in standard deviations.
  void Events() {
    if (events_.empty()) return;
    page_.Heading("Events");
    page_.Text("Each labelled run with the day before it; sensors in standard deviations from their mean.");
    const auto before = static_cast<size_t>(kDay / plant_.interval);
    for (const auto& [first, last] : events_) {
      const size_t begin = first > before ? first - before : 0;
      const size_t end = std::min(table_.rows(), last + 1 + before / 2);
      std::vector<ChartSeries> lines;
      for (const std::string& name : sensors_) {
        const double mean = Mean(table_[name]);
        const double sd = SampleStd(table_[name]);
        ChartSeries line{name, {}, {}};
        for (size_t r = begin; r < end; ++r) line.y.push_back(sd > 0 ? (table_[name][r] - mean) / sd : kNull);
        lines.push_back(std::move(line));
      }
      const std::span<const PlantTime> times(table_.times().data() + begin, end - begin);
      page_.Chart(TimeChart(times, lines, "σ", {{table_.times()[first], table_.times()[last]}}),
                  fmt::format("{} to {} ({} rows)", FormatPlantTime(table_.times()[first]),
                              FormatPlantTime(table_.times()[last]), last - first + 1),
                  260);
    }
  }

  const Plant& plant_;
  const Frame& table_;
  HtmlPage page_;
  std::vector<std::string> series_;
  std::vector<std::string> sensors_;
  std::vector<std::pair<size_t, size_t>> events_;
  std::vector<TimeBand> bands_;
};

}  // namespace

Result<std::string> EdaReport(const Plant& plant, const Frame& table, const nlohmann::json& ingest_report) {
  if (table.rows() == 0) return Status::Invalid("the table has no rows; nothing to report");
  bool any = false;
  for (const std::string& name : plant.SeriesNames()) any = any || table.Has(name);
  if (!any) {
    return Status::Invalid(
        fmt::format("the table has none of plant '{}''s tags; is it another plant's (--plant)?", plant.name));
  }
  return EdaPage(plant, table).Render(ingest_report);
}

}  // namespace forewarn
