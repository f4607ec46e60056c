// Trees grown elsewhere, their calibration, and the model made of both.
#include <fmt/format.h>

#include <algorithm>

#include "bindings.h"
#include "core/names.h"
#include "core/version.h"
#include "model/calibration.h"
#include "model_handles.h"
#include "registry/artifact.h"
#include "train/calibrators.h"
#include "train/run_spec.h"

namespace forewarn::python {
namespace {

nb::object Margin(const TreesHandle& self, nb::handle rows) {
  const Matrix2 x = ToMatrix(rows);
  const Predictor& predictor = self.trees->predictor();
  if (x.shape(1) != predictor.features()) {
    throw StatusError(Status::Invalid(
        fmt::format("the rows have {} values; the trees read {}", x.shape(1), predictor.features())));
  }
  std::vector<double> out(x.shape(0));
  {
    const nb::gil_scoped_release release;
    predictor.RawBatch(x.data(), x.shape(0), out.data());
  }
  return ToNumpy(std::move(out));
}

CalibrationHandle FitCalibration(const std::string& kind, nb::handle labels, nb::handle scores) {
  const std::vector<uint8_t> y = ToLabels(labels);
  const std::vector<double> held = Copy(ToVector(scores));
  if (y.size() != held.size()) {
    throw StatusError(Status::Invalid(fmt::format("{} labels for {} scores", y.size(), held.size())));
  }
  if (std::any_of(held.begin(), held.end(), [](double s) { return !std::isfinite(s); })) {
    throw StatusError(Status::Invalid("a score is not finite"));
  }
  if (kind == "sigmoid") return {Unwrap(FitSigmoid(held, y))};
  if (kind == "isotonic") return {Unwrap(FitIsotonic(held, y))};
  throw StatusError(Status::NotFound(UnknownName("calibration", kind, {"sigmoid", "isotonic"})));
}

nb::object ApplyCalibration(const CalibrationHandle& self, nb::handle scores) {
  std::vector<double> out = Copy(ToVector(scores));
  for (double& score : out) score = Calibrate(self.calibration, score);
  return ToNumpy(std::move(out));
}

const RunSpec& SpecNamed(const std::vector<RunSpec>& specs, const std::string& name) {
  std::vector<std::string> known;
  for (const RunSpec& spec : specs) {
    if (spec.name == name) return spec;
    known.push_back(spec.name);
  }
  throw StatusError(Status::NotFound(UnknownName("run", name, known)));
}

const char* CalibrationName(Calibration::Kind kind) {
  switch (kind) {
    case Calibration::Kind::kSigmoid:
      return "sigmoid";
    case Calibration::Kind::kIsotonic:
      return "isotonic";
    default:
      return "logistic";
  }
}

nb::list RunSpecs(const PlantHandle& plant) {
  nb::list out;
  for (const RunSpec& spec : AllRuns(*plant.plant)) {
    nb::dict params;
    for (const auto& [name, value] : RunParams(spec)) params[name.c_str()] = value;
    nb::dict one;
    one["name"] = spec.name;
    one["kind"] = ModelKindName(spec.kind);
    one["registered"] = spec.registered;
    one["calibration"] = CalibrationName(spec.calibration);
    one["boosted"] =
        (spec.learner == RunSpec::Learner::kCalibrated || spec.learner == RunSpec::Learner::kForecaster) &&
        !spec.boost.forest;
    one["horizon"] =
        spec.kind == ModelKind::kForecaster ? nb::cast(plant.plant->HorizonName(spec.horizon)) : nb::none();
    one["params"] = params;
    out.append(one);
  }
  return out;
}

struct Described {
  double threshold;
  std::map<std::string, double> metrics, params;
  std::string data_digest, skill;
  std::vector<std::string> notes;
};

ModelInfo InfoOf(const Plant& plant, const RunSpec& spec, const Described& described) {
  ModelInfo info;
  info.run = spec.name;
  info.kind = spec.kind;
  info.plant = plant.name;
  info.threshold = described.threshold;
  info.metrics.assign(described.metrics.begin(), described.metrics.end());
  info.params.assign(described.params.begin(), described.params.end());
  info.data_digest = described.data_digest;
  info.skill = described.skill;
  info.notes = described.notes;
  info.code_version = kVersion;
  info.features = plant.features.point;
  if (spec.kind == ModelKind::kForecaster) {
    info.sensors = plant.Sensors();
    info.window = plant.features.window;
    info.features = WindowNames(info.sensors, info.window);
    info.horizon = plant.HorizonSteps()[spec.horizon];
    info.horizon_name = plant.HorizonName(spec.horizon);
  }
  return info;
}

ModelHandle FromTrees(const PlantHandle& plant, const std::string& run,
                      const std::vector<std::pair<TreesHandle, CalibrationHandle>>& folds,
                      const std::vector<double>& medians, double threshold,
                      std::map<std::string, double> metrics, std::map<std::string, double> params,
                      const std::string& data_digest, const std::string& skill,
                      std::vector<std::string> notes) {
  const std::vector<RunSpec> specs = AllRuns(*plant.plant);
  const RunSpec& spec = SpecNamed(specs, run);
  Model model;
  model.info =
      InfoOf(*plant.plant, spec,
             {threshold, std::move(metrics), std::move(params), data_digest, skill, std::move(notes)});
  model.info.medians = medians;
  model.info.gains.assign(model.info.features.size(), 0);
  CalibratedTrees body;
  for (const auto& [trees, calibration] : folds) {
    if (!trees.trees->log_odds())
      throw StatusError(Status::Invalid("trees of objective binary:logistic are needed"));
    body.folds.push_back({trees.trees->ensemble(), calibration.calibration});
    const std::vector<double> gains = FeatureGains(trees.trees->ensemble());
    for (size_t f = 0; f < std::min(gains.size(), model.info.gains.size()); ++f) {
      model.info.gains[f] += gains[f] / static_cast<double>(folds.size());
    }
  }
  model.body = std::move(body);
  const FileSet files = Unwrap(PackModel(model));
  return MakeModelHandle(ScoringModel::FromFiles(files, spec.registered.front(), 1, plant.plant, {}), plant);
}

}  // namespace

void BindTrees(nb::module_& m) {
  nb::class_<TreesHandle>(m, "Trees", "Boosted trees on their own: an XGBoost model before calibration.")
      .def_static(
          "from_xgboost",
          [](const nb::bytes& model) {
            return TreesHandle{Unwrap(BoostedTrees::FromXgboost({model.c_str(), model.size()}))};
          },
          nb::arg("model"), "XGBoost's JSON or UBJ bytes (`booster.save_raw('json')`).")
      .def("__len__", [](const TreesHandle& self) { return self.trees->ensemble().trees.size(); })
      .def("__getstate__",
           [](const TreesHandle& self) {
             return nb::make_tuple(nb::bytes(self.trees->bytes().data(), self.trees->bytes().size()));
           })
      .def("__setstate__",
           [](TreesHandle& self, const nb::tuple& state) {
             const auto bytes = nb::cast<nb::bytes>(state[0]);
             new (&self) TreesHandle{Unwrap(BoostedTrees::FromXgboost({bytes.c_str(), bytes.size()}))};
           })
      .def_prop_ro("features", [](const TreesHandle& self) { return self.trees->predictor().features(); })
      .def("margin", &Margin, nb::arg("rows"), nb::sig("def margin(self, rows: object) -> numpy.ndarray"),
           "The raw output (log-odds) of rows of inputs; NaN is missing.");
  nb::class_<CalibrationHandle>(m, "Calibration", "Raw output to probability.")
      .def_static("fit", &FitCalibration, nb::arg("kind"), nb::arg("labels"), nb::arg("scores"),
                  "'sigmoid' or 'isotonic', of held-out raw scores.")
      .def("__call__", &ApplyCalibration, nb::arg("scores"),
           nb::sig("def __call__(self, scores: object) -> numpy.ndarray"));
  m.def("run_specs", &RunSpecs, nb::arg("plant"), nb::sig("def run_specs(plant: Plant) -> list[dict]"),
        "Every run the plant can have: kind, names it is registered under, calibration, learner parameters.");
  m.def("model_from_trees", &FromTrees, nb::arg("plant"), nb::arg("run"), nb::arg("folds"), nb::kw_only(),
        nb::arg("medians"), nb::arg("threshold") = 0.5, nb::arg("metrics") = std::map<std::string, double>(),
        nb::arg("params") = std::map<std::string, double>(), nb::arg("data_digest") = "",
        nb::arg("skill") = "not judged", nb::arg("notes") = std::vector<std::string>(),
        "A model of calibrated folds of trees, as `forewarn train` makes them of its own.");
}

}  // namespace forewarn::python
