// What scale-out needs beyond whole tables: rows as they come, blocks with their halo, over-sampling of a
// minority kept apart.
#include <fmt/format.h>

#include "arrow_export.h"
#include "bindings.h"
#include "core/names.h"
#include "features/block.h"
#include "features/smote.h"
#include "handles.h"

namespace forewarn::python {
namespace {

struct BlockHandle {
  std::shared_ptr<const FeatureBlock> block;
};

// A table's rows as they stand: times and numbers, nothing sorted, dropped or merged.
struct Rows {
  std::vector<PlantTime> times;
  std::vector<std::string> names;
  std::vector<std::vector<double>> columns;
  std::vector<std::pair<std::string, size_t>> not_numbers;
};

struct RowsHandle {
  std::shared_ptr<const Rows> rows;
};

// ToFrame's reading of the cells, row for row: a frame over row numbers instead of times.
Rows RowsOf(Table table, const std::string& time_column) {
  Rows out;
  for (TableColumn& column : table.columns) {
    if (ToLower(Trim(column.name)) != ToLower(Trim(time_column))) continue;
    auto* times = std::get_if<TimeColumn>(&column.data);
    if (times == nullptr) {
      throw StatusError(Status::Invalid(fmt::format("column '{}' holds numbers, not times", column.name)));
    }
    out.times = times->values;
    for (size_t r = 0; r < times->values.size(); ++r) times->values[r] = static_cast<PlantTime>(r);
  }
  ToFrameReport report;
  const Frame frame = Unwrap(ToFrame(table, time_column, &report));
  out.names = frame.names();
  for (size_t c = 0; c < frame.columns(); ++c) out.columns.push_back(frame.at(c));
  out.not_numbers = report.non_numeric;
  return out;
}

RowsHandle ReadRows(nb::handle data, const PlantHandle& plant, const std::string& time_column) {
  Table table = ReadTabular(data, &plant, time_column, "");
  const nb::gil_scoped_release release;
  return {std::make_shared<const Rows>(RowsOf(std::move(table), time_column))};
}

nb::object RowsStream(const RowsHandle& self, nb::handle) {
  std::vector<ColumnView> columns = {{"timestamp", ColumnView::Kind::kTime, self.rows->times.data()}};
  for (size_t c = 0; c < self.rows->names.size(); ++c) {
    columns.push_back({self.rows->names[c], ColumnView::Kind::kDouble, self.rows->columns[c].data()});
  }
  return ExportColumns(std::move(columns), self.rows->times.size(), self.rows);
}

using Quantiles = std::vector<std::tuple<std::string, double, double>>;

BlockHandle BuildOne(const PlantHandle& plant, const FrameHandle& rows, size_t first, size_t begin,
                     size_t end, size_t table_rows, size_t train_rows, const Quantiles& quantiles) {
  std::vector<RuleQuantile> known;
  for (const auto& [column, share, value] : quantiles) known.push_back({column, share, value});
  const BlockPlace place = {first, begin, end, table_rows, train_rows};
  return {std::make_shared<const FeatureBlock>(
      Unwrap(BuildBlock(*plant.plant, *rows.frame, place, known, nullptr)))};
}

// One part of one horizon: its windows and targets.
nb::tuple BlockWindows(const BlockHandle& self, const std::string& horizon, const std::string& part) {
  std::vector<std::string> known;
  for (const HorizonWindows& h : self.block->horizons) {
    known.push_back(h.name);
    if (h.name != horizon) continue;
    const bool train = part == "train";
    const WindowMatrix& windows = train ? h.train : h.valid;
    return nb::make_tuple(WindowsHandle{std::shared_ptr<const WindowMatrix>(self.block, &windows)},
                          ToNumpy(train ? h.train_at : h.valid_at),
                          ToNumpy(train ? h.train_within : h.valid_within));
  }
  throw StatusError(Status::NotFound(UnknownName("horizon", horizon, known)));
}

nb::dict LeftOut(const BlockHandle& self) {
  nb::dict out;
  for (size_t h = 0; h < self.block->left_out.size(); ++h) {
    out[self.block->horizons[h].name.c_str()] = self.block->left_out[h];
  }
  return out;
}

// The quantiles the plant's alarm rules read: (column, share).
std::vector<std::pair<std::string, double>> AlarmQuantiles(const PlantHandle& plant) {
  std::vector<std::pair<std::string, double>> out;
  for (const Rule& rule : plant.plant->label.alarm) {
    for (const RuleQuantile& q : rule.Quantiles()) out.emplace_back(q.column, q.share);
  }
  return out;
}

nb::object OverSample(nb::handle minority, size_t count, int k, uint64_t seed) {
  const Matrix2 rows = ToMatrix(minority);
  if (k < 1 || rows.shape(0) <= static_cast<size_t>(k) || rows.shape(1) == 0) {
    throw StatusError(Status::Invalid(fmt::format(
        "the minority has {} rows; SMOTE with {} neighbours needs more than {}", rows.shape(0), k, k)));
  }
  const std::vector<double> values(rows.data(), rows.data() + rows.size());
  std::vector<double> out;
  {
    const nb::gil_scoped_release release;
    out = SyntheticRows(values, rows.shape(1), k, count, seed);
  }
  return ToNumpy2(std::move(out), count, rows.shape(1));
}

}  // namespace

void BindBlock(nb::module_& m) {
  nb::class_<RowsHandle>(m, "Rows",
                         "A table's rows as they stand: times and numbers, nothing sorted or dropped.")
      .def("__len__", [](const RowsHandle& self) { return self.rows->times.size(); })
      .def_prop_ro(
          "not_numbers",
          [](const RowsHandle& self) {
            nb::dict out;
            for (const auto& [column, cells] : self.rows->not_numbers) out[column.c_str()] = cells;
            return out;
          },
          nb::sig("def not_numbers(self) -> dict[str, int]"))
      .def("__arrow_c_stream__", &RowsStream, nb::arg("requested_schema").none() = nb::none(),
           nb::sig("def __arrow_c_stream__(self, requested_schema: object | None = None) -> object"));
  m.def("read_rows", &ReadRows, nb::arg("data"), nb::arg("plant"), nb::kw_only(),
        nb::arg("time_column") = "timestamp",
        nb::sig("def read_rows(data: object, plant: Plant, *, time_column: str = 'timestamp') -> Rows"),
        "The cells of any table as Frame would read them, row for row; a time that cannot be read is null.");
  nb::class_<BlockHandle>(m, "Block", "Features of a stretch of a table.")
      .def_prop_ro("features",
                   [](const BlockHandle& self) {
                     return FrameHandle(std::shared_ptr<const Frame>(self.block, &self.block->features));
                   })
      .def_prop_ro("notes", [](const BlockHandle& self) { return self.block->notes; })
      .def_prop_ro("left_out", &LeftOut, nb::sig("def left_out(self) -> dict[str, int]"),
                   "Windows left out for cells filled from later readings, a horizon.")
      .def("windows", &BlockWindows, nb::arg("horizon"), nb::arg("part"),
           nb::sig(
               "def windows(self, horizon: str, part: str) -> tuple[Windows, numpy.ndarray, numpy.ndarray]"),
           "Windows, label at and label within, of 'train' or 'valid'; end_row counts rows of the table.");
  m.def("build_block", &BuildOne, nb::arg("plant"), nb::arg("rows"), nb::kw_only(), nb::arg("first"),
        nb::arg("begin"), nb::arg("end"), nb::arg("table_rows"), nb::arg("train_rows"),
        nb::arg("quantiles") = Quantiles(), ReleaseGil(),
        "Features of rows [begin, end) of a table, given with the halo around them from row `first` on.");
  m.def(
      "halo",
      [](const PlantHandle& plant) { return std::pair(HaloBefore(*plant.plant), HaloAfter(*plant.plant)); },
      nb::arg("plant"), "Rows a block needs before and after its own.");
  m.def("alarm_quantiles", &AlarmQuantiles, nb::arg("plant"),
        "Quantiles of the whole table that alarm rules read.");
  m.def("over_sample", &OverSample, nb::arg("minority"), nb::arg("count"), nb::kw_only(), nb::arg("k") = 5,
        nb::arg("seed") = 42,
        nb::sig(
            "def over_sample(minority: object, count: int, *, k: int = 5, seed: int = 42) -> numpy.ndarray"),
        "SMOTE's synthetic rows of a minority kept apart from its table.");
}

}  // namespace forewarn::python
