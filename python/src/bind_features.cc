// The one feature code path: normalise, point features, windows, and the live stream.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bindings.h"
#include "features/feature_stream.h"
#include "handles.h"

namespace forewarn::python {
namespace {

using Json = nlohmann::ordered_json;

nb::tuple Normalise(const PlantHandle& plant, const FrameHandle& table) {
  std::optional<FrameHandle> out;
  Json json;
  {
    const nb::gil_scoped_release release;
    NormaliseReport report;
    out.emplace(Unwrap(NormaliseForFeatures(*plant.plant, *table.frame, &report)));
    json = {{"nulls_to_zero", Json::object()},
            {"fixed_setpoints", Json::object()},
            {"computed", report.computed}};
    for (const auto& [column, cells] : report.nulls_to_zero) json["nulls_to_zero"][column] = cells;
    for (const auto& [column, cells] : report.fixed_setpoints) json["fixed_setpoints"][column] = cells;
  }
  return nb::make_tuple(std::move(*out), FromJson(json.dump()));
}

FrameHandle Features(const PlantHandle& plant, const FrameHandle& table) {
  const Frame normalised = Unwrap(NormaliseForFeatures(*plant.plant, *table.frame, nullptr));
  return FrameHandle(Unwrap(AddFeatures(*plant.plant, normalised)));
}

WindowsHandle Windows(const PlantHandle& plant, const FrameHandle& table, bool include_last) {
  return {
      std::make_shared<const WindowMatrix>(Unwrap(BuildWindows(*plant.plant, *table.frame, include_last)))};
}

nb::object EndRows(const WindowsHandle& self) {
  return ToNumpy(std::vector<int64_t>(self.windows->end_row.begin(), self.windows->end_row.end()));
}

// Keeps the GIL: a push costs microseconds, and the GIL is what makes the stream safe to share.
void Push(FeatureStream& self, nb::handle time, nb::handle cells) {
  const nb::object one = nb::module_::import_("numpy").attr("atleast_1d")(time);
  const std::vector<PlantTime> times = ToTimes(one);
  if (times.size() != 1) throw StatusError(Status::Invalid("a row has one time"));
  const Vector row = ToVector(cells);
  Check(self.Push(times.front(), {row.data(), row.size()}));
}

nb::object WindowOf(const FeatureStream& self) {
  if (!self.WindowFull()) return nb::none();
  std::vector<float> out(self.WindowColumns());
  self.Window(out.data());
  return ToNumpy(std::move(out));
}

void BindStream(nb::module_& m) {
  nb::class_<FeatureStream>(m, "FeatureStream",
                            "The live twin of `features` and `windows`: one row at a time, the same bits.")
      .def(
          "__init__",
          [](FeatureStream* self, const PlantHandle& plant, const std::vector<std::string>& columns) {
            new (self) FeatureStream(Unwrap(FeatureStream::Make(*plant.plant, columns)));
          },
          nb::arg("plant"), nb::arg("columns"))
      .def("push", &Push, nb::arg("time"), nb::arg("cells"), "The next row: one cell a column, NaN is null.")
      .def("__len__", &FeatureStream::rows)
      .def(
          "point",
          [](const FeatureStream& self) {
            return ToNumpy(std::vector<double>(self.Point().begin(), self.Point().end()));
          },
          nb::sig("def point(self) -> numpy.ndarray"), "The point features of the last row.")
      .def("window", &WindowOf, nb::sig("def window(self) -> numpy.ndarray | None"),
           "The window that ends at the last row; None before there are enough.");
}

}  // namespace

void BindFeatures(nb::module_& m) {
  nb::class_<WindowsHandle>(m, "Windows", "Forecaster inputs: one row a window, float32.")
      .def("__len__", [](const WindowsHandle& self) { return self.windows->rows(); })
      .def_prop_ro("names", [](const WindowsHandle& self) { return self.windows->names; })
      .def_prop_ro(
          "values",
          [](const WindowsHandle& self) {
            return FloatsView(self.windows->values.data(), self.windows->rows(), self.windows->columns,
                              self.windows);
          },
          nb::sig("def values(self) -> numpy.ndarray"), "rows × names, a read-only view.")
      .def_prop_ro("end_row", &EndRows, nb::sig("def end_row(self) -> numpy.ndarray"),
                   "The table's row after each window's last.");
  m.def("normalise", &Normalise, nb::arg("plant"), nb::arg("table"),
        nb::sig("def normalise(plant: Plant, table: Frame) -> tuple[Frame, dict]"),
        "The ETL's cleaning of a table before features are made of it, and what it changed.");
  m.def("features", &Features, nb::arg("plant"), nb::arg("table"), ReleaseGil(),
        "The table, normalised, with rolling, delta and history columns: all point features.");
  m.def("windows", &Windows, nb::arg("plant"), nb::arg("table"), nb::kw_only(),
        nb::arg("include_last") = false, ReleaseGil(),
        "Every full window of the table; with include_last also the one that ends at the last row.");
  BindStream(m);
}

}  // namespace forewarn::python
