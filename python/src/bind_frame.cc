// Frame: a table on a grid of times, shared with Arrow, numpy, pandas and polars without copying its cells.
#include <fmt/format.h>

#include <algorithm>

#include "arrow_export.h"
#include "bindings.h"
#include "core/file.h"
#include "core/names.h"
#include "handles.h"
#include "io/csv_table.h"

namespace forewarn::python {
namespace {

FrameHandle FrameOf(const Table& table, const std::string& time_column) {
  ToFrameReport report;
  Frame frame = Unwrap(ToFrame(table, time_column, &report));
  return {std::move(frame), ToFrameReportJson(report)};
}

FrameHandle ReadCsv(const std::string& path, const PlantHandle* plant, const std::string& time_column) {
  const nb::gil_scoped_release release;
  ReadTableOptions options;
  options.time_column = time_column;
  if (plant != nullptr) {
    options.zone = plant->plant->zone;
    options.time_format = plant->plant->day_first_format;
  }
  const std::string bytes = Unwrap(ReadFile(path, options.max_bytes));
  if (bytes.empty()) throw StatusError(Status::Invalid(path + ": the file is empty"));
  const Table table = Unwrap(ReadCsvTable(bytes, path, options));
  ToFrameReport report;
  auto frame = ToFrame(table, time_column, &report);
  if (!frame.ok()) throw StatusError(frame.status().WithPrefix(path));
  return {std::move(frame).value(), ToFrameReportJson(report)};
}

FrameHandle FromColumns(nb::handle times, const nb::dict& columns) {
  Frame frame(ToTimes(times));
  const auto& grid = frame.times();
  if (std::find(grid.begin(), grid.end(), kNoTime) != grid.end()) {
    throw StatusError(Status::Invalid("a time is missing (NaT); every row needs one"));
  }
  const auto stray = std::adjacent_find(grid.begin(), grid.end(), [](auto a, auto b) { return a >= b; });
  if (stray != grid.end()) {
    throw StatusError(Status::Invalid(fmt::format("times must ascend without duplicates; {} stands before {}",
                                                  FormatPlantTime(*stray), FormatPlantTime(*(stray + 1)))));
  }
  for (const auto [key, value] : columns) {
    const auto name = nb::cast<std::string>(key);
    const Vector cells = ToVector(value);
    if (cells.size() != frame.rows()) {
      throw StatusError(Status::Invalid(
          fmt::format("column '{}' has {} cells for {} times", name, cells.size(), frame.rows())));
    }
    const auto infinite =
        std::find_if(cells.data(), cells.data() + cells.size(), [](double cell) { return std::isinf(cell); });
    if (infinite != cells.data() + cells.size()) {
      throw StatusError(Status::Invalid(fmt::format(
          "column '{}': cell {} is infinite; NaN stands for no value", name, infinite - cells.data())));
    }
    const std::string lower = ToLower(Trim(name));
    if (frame.Has(lower))
      throw StatusError(Status::Invalid(fmt::format("two columns are named '{}'", lower)));
    frame.Set(lower, Copy(cells));
  }
  return FrameHandle(std::move(frame));
}

nb::object FrameColumn(const FrameHandle& self, const std::string& name) {
  const auto cells = Unwrap(self.frame->Column(name));
  return DoublesView(cells.data(), cells.size(), self.frame);
}

FrameHandle SliceRows(const FrameHandle& self, const nb::slice& slice) {
  const auto [start, stop, step, length] = slice.compute(self.frame->rows());
  if (step != 1) throw StatusError(Status::Invalid("rows are sliced with step 1"));
  return FrameHandle(self.frame->Slice(static_cast<size_t>(start), static_cast<size_t>(start) + length));
}

nb::object FrameStream(const FrameHandle& self, nb::handle) {
  std::vector<ColumnView> columns = {{"timestamp", ColumnView::Kind::kTime, self.frame->times().data()}};
  for (size_t c = 0; c < self.frame->columns(); ++c) {
    columns.push_back({self.frame->names()[c], ColumnView::Kind::kDouble, self.frame->at(c).data()});
  }
  return ExportColumns(std::move(columns), self.frame->rows(), self.frame);
}

// pandas makes blocks of equal types and copies into them unless told otherwise.
nb::object ToPandas(const FrameHandle& self) {
  nb::dict columns;
  columns["timestamp"] = TimesView(self.frame->times().data(), self.frame->rows(), self.frame);
  for (const std::string& name : self.frame->names()) columns[name.c_str()] = FrameColumn(self, name);
  return nb::module_::import_("pandas").attr("DataFrame")(columns, nb::arg("copy") = false);
}

FrameHandle WithColumn(const FrameHandle& self, const std::string& name, nb::handle values) {
  const Vector cells = ToVector(values);
  if (cells.size() != self.frame->rows()) {
    throw StatusError(Status::Invalid(
        fmt::format("column '{}' has {} cells for {} rows", name, cells.size(), self.frame->rows())));
  }
  Frame out = *self.frame;
  out.Set(ToLower(Trim(name)), Copy(cells));
  return FrameHandle(std::move(out));
}

FrameHandle Append(const FrameHandle& self, const FrameHandle& below) {
  const auto& times = self.frame->times();
  const auto& later = below.frame->times();
  if (!times.empty() && !later.empty() && later.front() <= times.back()) {
    throw StatusError(
        Status::Invalid(fmt::format("the rows below begin at {}, not after {}",
                                    FormatPlantTime(later.front()), FormatPlantTime(times.back()))));
  }
  Frame out = *self.frame;
  Check(out.Append(*below.frame));
  return FrameHandle(std::move(out));
}

std::string Repr(const FrameHandle& self) {
  const Frame& frame = *self.frame;
  const std::string span = frame.rows() == 0
                               ? ""
                               : fmt::format(", {} to {}", FormatPlantTime(frame.times().front()),
                                             FormatPlantTime(frame.times().back()));
  return fmt::format("<forewarn.Frame of {} rows × {} columns{}>", frame.rows(), frame.columns(), span);
}

void BindConstruction(nb::class_<FrameHandle>& frame) {
  frame.def(
      "__init__",
      [](FrameHandle* self, nb::handle data, const PlantHandle* plant, const std::string& time_column,
         const std::string& zone) {
        const Table table = ReadTabular(data, plant, time_column, zone);
        const nb::gil_scoped_release release;
        new (self) FrameHandle(FrameOf(table, time_column));
      },
      nb::arg("data"), nb::kw_only(), nb::arg("plant").none() = nb::none(),
      nb::arg("time_column") = "timestamp", nb::arg("zone") = "",
      "A frame of any table that offers __arrow_c_stream__ (pyarrow, pandas, polars).\n\n"
      "Names are trimmed and lower-cased, rows sorted by time; of rows of one time the last is kept; text\n"
      "becomes numbers where it can. What was set aside is in `set_aside`. The cells are copied once. Times\n"
      "with a zone are brought to `zone` (default: the plant's, else UTC).");
  frame.def_static("from_columns", &FromColumns, nb::arg("times"), nb::arg("columns"),
                   "A frame of ascending times and a dictionary of arrays; NaN is null.");
  frame.def_static("read_csv", &ReadCsv, nb::arg("path"), nb::kw_only(), nb::arg("plant").none() = nb::none(),
                   nb::arg("time_column") = "timestamp",
                   "Reads a CSV file as the command line does (separators, decimal commas, encodings).");
}

}  // namespace

void BindFrame(nb::module_& m) {
  auto frame = nb::class_<FrameHandle>(
      m, "Frame", "Times in ascending order and named columns of doubles; NaN is null. Immutable.");
  BindConstruction(frame);
  frame.def("__len__", [](const FrameHandle& self) { return self.frame->rows(); })
      .def("__repr__", &Repr)
      .def("__contains__",
           [](const FrameHandle& self, const std::string& name) { return self.frame->Has(name); })
      .def("__getitem__", &FrameColumn, nb::arg("name"),
           nb::sig("def __getitem__(self, name: str) -> numpy.ndarray"),
           "A column, as a read-only view of the frame's memory.")
      .def("__getitem__", &SliceRows, nb::arg("rows"), "Rows, as a frame of its own.")
      .def(
          "__eq__",
          [](const FrameHandle& self, const FrameHandle& other) { return *self.frame == *other.frame; },
          nb::is_operator())
      .def_prop_ro("names", [](const FrameHandle& self) { return self.frame->names(); })
      .def_prop_ro(
          "times",
          [](const FrameHandle& self) {
            return TimesView(self.frame->times().data(), self.frame->rows(), self.frame);
          },
          nb::sig("def times(self) -> numpy.ndarray"), "datetime64[us], a read-only view.")
      .def_prop_ro(
          "set_aside", [](const FrameHandle& self) { return FromJson(self.set_aside); },
          nb::sig("def set_aside(self) -> dict"),
          "What reading the table set aside: rows without a time, duplicates, text that is no number.")
      .def(
          "select",
          [](const FrameHandle& self, const std::vector<std::string>& names) {
            return FrameHandle(Unwrap(self.frame->Select(names)));
          },
          nb::arg("names"))
      .def("with_column", &WithColumn, nb::arg("name"), nb::arg("values"),
           "The frame with a column added or replaced.")
      .def("append", &Append, nb::arg("below"), "The rows of another frame of the same columns below.")
      .def(
          "digest", [](const FrameHandle& self) { return TableDigest(*self.frame); }, ReleaseGil(),
          "sha-256 over names, times and cells: what models and feature sets call the data's digest.")
      .def("__arrow_c_stream__", &FrameStream, nb::arg("requested_schema").none() = nb::none(),
           nb::sig("def __arrow_c_stream__(self, requested_schema: object | None = None) -> object"))
      .def(
          "to_arrow", [](nb::handle self) { return nb::module_::import_("pyarrow").attr("table")(self); },
          nb::sig("def to_arrow(self) -> pyarrow.Table"), "A pyarrow.Table over the same memory.")
      .def(
          "to_polars", [](nb::handle self) { return nb::module_::import_("polars").attr("DataFrame")(self); },
          nb::sig("def to_polars(self) -> polars.DataFrame"), "A polars.DataFrame over the same memory.")
      .def("to_pandas", &ToPandas, nb::sig("def to_pandas(self) -> pandas.DataFrame"),
           "A pandas.DataFrame over the same memory.");
}

}  // namespace forewarn::python
