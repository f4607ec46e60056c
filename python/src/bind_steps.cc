// The steps from readings to a labelled table: ingest, fill, derive, label.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bindings.h"
#include "core/names.h"
#include "handles.h"
#include "ingest/fill.h"
#include "ingest/ingest.h"
#include "label/label.h"
#include "plant/derived.h"

namespace forewarn::python {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kReadingsName[] = "readings";

const TableColumn& ColumnNamed(const Table& table, const std::string& name) {
  for (const TableColumn& column : table.columns) {
    if (ToLower(Trim(column.name)) == name) return column;
  }
  throw StatusError(Status::Invalid(fmt::format(
      "no '{}' column; readings have tag, timestamp, value and perhaps quality, the table has: {}", name,
      JoinNames(table.Names()))));
}

template <typename Kind>
const Kind& ColumnOf(const Table& table, const std::string& name, const char* what) {
  const auto* column = std::get_if<Kind>(&ColumnNamed(table, name).data);
  if (column == nullptr)
    throw StatusError(Status::Invalid(fmt::format("column '{}' does not hold {}", name, what)));
  return *column;
}

// 0 good, 1 uncertain, 2 bad; a row without one is good.
std::vector<Quality> QualityOf(const Table& table) {
  std::vector<Quality> out(table.rows(), Quality::kGood);
  const bool there = std::any_of(table.columns.begin(), table.columns.end(),
                                 [](const TableColumn& c) { return ToLower(Trim(c.name)) == "quality"; });
  if (!there) return out;
  const auto& codes = ColumnOf<NumberColumn>(table, "quality", "numbers (0 good, 1 uncertain, 2 bad)");
  for (size_t r = 0; r < out.size(); ++r) {
    const double code = codes.values[r];
    if (!IsValid(code) || code == 0) continue;
    if (code != 1 && code != 2) {
      throw StatusError(Status::Invalid(
          fmt::format("quality is {} at row {}; it is 0 good, 1 uncertain or 2 bad", code, r + 1)));
    }
    out[r] = code == 1 ? Quality::kUncertain : Quality::kBad;
  }
  return out;
}

RawData ReadingsOf(const Table& table) {
  const auto& tags = ColumnOf<TextColumn>(table, "tag", "text");
  const auto& times = ColumnOf<TimeColumn>(table, "timestamp", "times");
  const auto& values = ColumnOf<NumberColumn>(table, "value", "numbers");
  const std::vector<Quality> quality = QualityOf(table);
  RawData data;
  data.files = {kReadingsName};
  for (size_t r = 0; r < table.rows(); ++r) {
    const auto row = static_cast<uint32_t>(r + 1);
    const std::string tag = tags.valid[r] ? ToLower(Trim(tags.values[r])) : "";
    ++data.rows_read[tag];
    const char* problem = tag.empty()                  ? "no tag"
                          : times.values[r] == kNoTime ? "no time"
                          : !IsValid(values.values[r]) ? "no value"
                                                       : nullptr;
    if (problem != nullptr) {
      data.rejected[tag][problem].Add(0, row, "");
      continue;
    }
    RawSeries& series = data.series[tag];
    series.tag = tag;
    series.Add(times.values[r], values.values[r], quality[r], 0, row);
  }
  return data;
}

nb::tuple IngestReadings(const PlantHandle& plant, nb::handle readings, bool live, int threads) {
  const Table table = ReadTabular(readings, &plant, "timestamp", "");
  std::string report;
  std::optional<FrameHandle> frame;
  {
    const nb::gil_scoped_release release;
    IngestOptions options;
    options.live = live;
    options.threads = threads;
    IngestResult result = Unwrap(Ingest(ReadingsOf(table), *plant.plant, options));
    report = ReportJson(result.report).dump();
    frame.emplace(std::move(result.table));
  }
  return nb::make_tuple(std::move(*frame), FromJson(report));
}

Json CountsJson(const CellCounts& counts) {
  return {{"observed", counts.observed}, {"forward", counts.forward},           {"fixed", counts.fixed},
          {"carried", counts.carried},   {"interpolated", counts.interpolated}, {"median", counts.median},
          {"null", counts.null}};
}

nb::tuple Fill(const PlantHandle& plant, const FrameHandle& table, bool live) {
  std::optional<FrameHandle> filled;
  Json counts = Json::object();
  {
    const nb::gil_scoped_release release;
    Frame out = *table.frame;
    const std::vector<std::string> series = plant.plant->SeriesNames();
    for (const std::string& name : series) {
      if (!out.Has(name)) continue;
      std::vector<bool> looks_ahead(out.rows(), false);
      counts[name] = CountsJson(FillColumn(out[name], FillRuleOf(*plant.plant, name, live), looks_ahead));
    }
    filled.emplace(std::move(out));
  }
  return nb::make_tuple(std::move(*filled), FromJson(counts.dump()));
}

nb::tuple Derive(const PlantHandle& plant, const FrameHandle& table, bool overwrite) {
  std::optional<FrameHandle> derived;
  std::vector<std::string> added;
  {
    const nb::gil_scoped_release release;
    Frame out = *table.frame;
    added = AddDerivedColumns(*plant.plant, out, overwrite);
    derived.emplace(std::move(out));
  }
  return nb::make_tuple(std::move(*derived), std::move(added));
}

struct Labelled {
  FrameHandle table;
  std::vector<double> rule_alarm;
  std::string report;
};

Labelled Label(const PlantHandle& plant, const FrameHandle& table) {
  LabelResult result = Unwrap(LabelTable(*plant.plant, *table.frame));
  return {FrameHandle(std::move(result.table)),
          {result.rule_alarm.begin(), result.rule_alarm.end()},
          LabelReportJson(result.report).dump()};
}

}  // namespace

void BindSteps(nb::module_& m) {
  nb::class_<Labelled>(m, "Labelled", "What `label` gives.")
      .def_prop_ro(
          "table", [](const Labelled& self) { return self.table; },
          "The table with anomaly_label and regime as its last columns.")
      .def_prop_ro(
          "rule_alarm", [](const Labelled& self) { return ToNumpy(self.rule_alarm); },
          nb::sig("def rule_alarm(self) -> numpy.ndarray"),
          "The rules alone, without operator-marked periods: what is known live.")
      .def_prop_ro(
          "report", [](const Labelled& self) { return FromJson(self.report); },
          nb::sig("def report(self) -> dict"));
  m.def("label", &Label, nb::arg("plant"), nb::arg("table"), ReleaseGil(),
        "Which rows are anomalies, by the plant file's periods and rules, and each row's regime.");
  m.def(
      "ingest", &IngestReadings, nb::arg("plant"), nb::arg("readings"), nb::kw_only(),
      nb::arg("live") = false, nb::arg("threads") = 0,
      nb::sig("def ingest(plant: Plant, readings: object, *, live: bool = False, "
              "threads: int = 0) -> tuple[Frame, dict]"),
      "A table of readings (tag, timestamp, value, perhaps quality) to the plant's grid, and the report of\n"
      "every row's fate.");
  m.def("fill", &Fill, nb::arg("plant"), nb::arg("table"), nb::kw_only(), nb::arg("live") = false,
        nb::sig("def fill(plant: Plant, table: Frame, *, live: bool = False) -> tuple[Frame, dict]"),
        "Fills the series' empty cells by the plant file's rules; counts of cells by what filled them.");
  m.def("derive", &Derive, nb::arg("plant"), nb::arg("table"), nb::kw_only(), nb::arg("overwrite") = false,
        nb::sig(
            "def derive(plant: Plant, table: Frame, *, overwrite: bool = False) -> tuple[Frame, list[str]]"),
        "Adds deviations, volatility, saturation and time columns; the names of those added.");
}

}  // namespace forewarn::python
