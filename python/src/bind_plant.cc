// Plant: the checked plant file, read-only.
#include <fmt/format.h>

#include "bindings.h"
#include "core/file.h"
#include "handles.h"
#include "plant/derived.h"
#include "plant/plant_file.h"

namespace forewarn::python {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLargestPlantFile = uint64_t{16} << 20;

// Where plants are looked for by name: those of the command line, then those the package ships.
std::vector<fs::path> Folders() {
  std::vector<fs::path> folders = PlantFolders();
  const auto package = nb::cast<std::string>(nb::module_::import_("forewarn").attr("__file__"));
  folders.push_back(fs::path(package).parent_path() / "plants");
  return folders;
}

PlantHandle LoadPlant(const std::string& name_or_path) {
  const fs::path path = Unwrap(FindPlantFile(name_or_path, Folders()));
  std::string text = Unwrap(ReadFile(path, kLargestPlantFile));
  return {std::make_shared<const Plant>(Unwrap(LoadPlantFile(path))), std::move(text)};
}

PlantHandle ParsePlantText(const std::string& text, const std::string& file) {
  return {std::make_shared<const Plant>(Unwrap(ParsePlant(text, file))), text};
}

nb::dict Describe(const PlantHandle& self, const std::string& column) {
  const Plant::ColumnInfo info = self.plant->Describe(column);
  nb::dict out;
  out["label"] = info.label;
  out["unit"] = info.unit;
  out["low"] = info.low;
  out["high"] = info.high;
  return out;
}

nb::dict Horizons(const PlantHandle& self) {
  nb::dict out;
  const std::vector<int> steps = self.plant->HorizonSteps();
  for (size_t i = 0; i < steps.size(); ++i) out[self.plant->HorizonName(i).c_str()] = steps[i];
  return out;
}

std::vector<std::string> Controllers(const PlantHandle& self) {
  std::vector<std::string> out;
  for (const Controller& controller : self.plant->controllers) out.push_back(controller.id);
  return out;
}

}  // namespace

void BindPlant(nb::module_& m) {
  nb::class_<PlantHandle>(m, "Plant", "A plant definition: what a plant file says, checked. Immutable.")
      .def_static("load", &LoadPlant, nb::arg("name_or_path") = "gas-treatment",
                  "A plant by name, or a plant file's path.")
      .def_static("parse", &ParsePlantText, nb::arg("text"), nb::arg("file") = "plant.toml",
                  "A plant of a plant file's text.")
      .def_static(
          "known",
          [] {
            std::vector<std::string> names;
            for (const PlantEntry& entry : ListPlants(Folders())) names.push_back(entry.name);
            return names;
          },
          "The names `load` knows.")
      .def("__repr__",
           [](const PlantHandle& self) { return fmt::format("<forewarn.Plant '{}'>", self.plant->name); })
      .def("__getstate__",
           [](const PlantHandle& self) { return nb::make_tuple(self.text, self.plant->file.string()); })
      .def("__setstate__",
           [](PlantHandle& self, const std::pair<std::string, std::string>& state) {
             new (&self) PlantHandle(ParsePlantText(state.first, state.second));
           })
      .def_prop_ro("name", [](const PlantHandle& self) { return self.plant->name; })
      .def_prop_ro("title", [](const PlantHandle& self) { return self.plant->title; })
      .def_prop_ro("zone", [](const PlantHandle& self) { return self.plant->zone; })
      .def_prop_ro(
          "text", [](const PlantHandle& self) { return self.text; }, "The plant file.")
      .def_prop_ro(
          "interval_seconds",
          [](const PlantHandle& self) {
            return static_cast<double>(self.plant->interval) / static_cast<double>(kSecond);
          },
          "Width of a grid row.")
      .def_prop_ro(
          "sensors", [](const PlantHandle& self) { return self.plant->Sensors(); },
          "The columns models see: plain sensors, then the controllers' PVs.")
      .def_prop_ro(
          "series", [](const PlantHandle& self) { return self.plant->SeriesNames(); },
          "Every series a historian is expected to give.")
      .def_prop_ro("controllers", &Controllers)
      .def_prop_ro(
          "point_features", [](const PlantHandle& self) { return self.plant->features.point; },
          "The point models' inputs, in order.")
      .def_prop_ro(
          "window", [](const PlantHandle& self) { return self.plant->features.window; },
          "Rows of a forecaster's window.")
      .def_prop_ro(
          "window_features",
          [](const PlantHandle& self) {
            return WindowNames(self.plant->Sensors(), self.plant->features.window);
          },
          "The forecasters' inputs, in order.")
      .def_prop_ro("horizons", &Horizons, nb::sig("def horizons(self) -> dict[str, int]"),
                   "Forecast horizons by name, in grid steps.")
      .def_prop_ro(
          "models", [](const PlantHandle& self) { return self.plant->models.train; },
          "The runs the plant file asks to train.")
      .def_prop_ro(
          "prefix", [](const PlantHandle& self) { return self.plant->models.prefix; },
          "What registered model names begin with.")
      .def_prop_ro("deviation_target",
                   [](const PlantHandle& self) { return self.plant->models.deviation_target; })
      .def_prop_ro(
          "false_alarms_per_day",
          [](const PlantHandle& self) { return self.plant->models.false_alarms_per_day; },
          "The budget a forecaster's threshold is chosen for.")
      .def_prop_ro(
          "forecast_target",
          [](const PlantHandle& self) {
            return self.plant->models.forecast_target == ForecastTarget::kWithin ? "within" : "at";
          },
          "What a horizon's label means: an anomaly 'within' it, or 'at' its end.")
      .def_prop_ro(
          "labelled", [](const PlantHandle& self) { return !self.plant->label.empty(); },
          "Whether the plant file says what an anomaly is.")
      .def_prop_ro(
          "scenarios", [](const PlantHandle& self) { return self.plant->simulator.ScenarioNames(); },
          "Scenarios of the simulated plant.")
      .def("describe", &Describe, nb::arg("column"), nb::sig("def describe(self, column: str) -> dict"),
           "Label, unit and normal band of a column.");
}

}  // namespace forewarn::python
