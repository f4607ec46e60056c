// Models: open a version, predict, forecast, explain; and building one of trees grown elsewhere.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "arrow_export.h"
#include "bindings.h"
#include "core/names.h"
#include "model/model_info.h"
#include "model_handles.h"
#include "plant/plant_file.h"
#include "registry/artifact.h"
#include "registry/file_set.h"
#include "scoring/reply_json.h"

namespace forewarn::python {

ModelHandle MakeModelHandle(Result<std::shared_ptr<const ScoringModel>> model, const PlantHandle& plant) {
  return {Unwrap(std::move(model)), plant};
}

PlantHandle PlantNamed(const std::string& name) {
  return nb::cast<PlantHandle>(nb::type<PlantHandle>().attr("load")(name));
}

namespace {

namespace fs = std::filesystem;

ModelHandle FromFolder(const std::string& folder, const PlantHandle* plant, const ScoringOptions& options) {
  const FileSet files = Unwrap(ReadFileSet(folder));
  auto named = PlantOfFiles(files);
  if (!named.ok()) throw StatusError(named.status().WithPrefix(folder));
  const PlantHandle used = plant != nullptr ? *plant : PlantNamed(*named);
  const fs::path path(folder);
  const std::string name = (path.has_filename() ? path : path.parent_path()).filename().string();
  const nb::gil_scoped_release release;
  return MakeModelHandle(
      ScoringModel::FromFiles(files, CheckModelName(name).ok() ? name : "model", 1, used.plant, options),
      used);
}

ModelHandle FromRegistry(Registry& registry, const std::string& ref, const PlantHandle* plant,
                         const ScoringOptions& options) {
  PlantHandle used;
  if (plant != nullptr) {
    used = *plant;
  } else {
    std::string name;
    {
      const nb::gil_scoped_release release;
      const auto version = registry.Find(ref);
      if (!version.ok()) throw StatusError(version.status().WithPrefix("registry " + registry.Uri()));
      name = Unwrap(PlantOfFiles(Unwrap(registry.Files(*version))));
    }
    used = PlantNamed(name);
  }
  const nb::gil_scoped_release release;
  return MakeModelHandle(ScoringModel::FromRegistry(registry, ref, used.plant, options), used);
}

ModelHandle LoadModelFrom(const std::string& source, nb::handle registry, const PlantHandle* plant,
                          std::optional<double> threshold, double confidence) {
  if (threshold && !(*threshold >= 0 && *threshold <= 1)) {
    throw StatusError(
        Status::Usage(fmt::format("threshold is {}; a number from 0 to 1 is needed", *threshold)));
  }
  const ScoringOptions options{threshold, confidence};
  if (registry.is_none()) return FromFolder(source, plant, options);
  if (nb::isinstance<RegistryHandle>(registry)) {
    return FromRegistry(*nb::cast<RegistryHandle>(registry).registry, source, plant, options);
  }
  const std::unique_ptr<Registry> opened = Unwrap(OpenRegistry(nb::cast<std::string>(registry)));
  return FromRegistry(*opened, source, plant, options);
}

nb::dict Info(const ModelHandle& self) {
  const ModelVersion& version = self.model->served().version();
  auto out = nb::cast<nb::dict>(FromJson(Unwrap(WriteModelInfo(self.model->served().model()))));
  out["name"] = version.name;
  out["version"] = version.version;
  return out;
}

// A request as JSON text: what the command line would read. Strings are taken to be that already.
std::string BodyOf(nb::handle data) {
  if (nb::isinstance<nb::str>(data)) return nb::cast<std::string>(data);
  const nb::object plain = nb::cpp_function([](nb::handle number) { return number.attr("item")(); });
  return nb::cast<std::string>(nb::module_::import_("json").attr("dumps")(data, nb::arg("default") = plain));
}

bool IsBody(nb::handle data) {
  return nb::isinstance<nb::dict>(data) || nb::isinstance<nb::str>(data) || nb::isinstance<nb::list>(data);
}

template <typename T>
T UnwrapRequest(Result<T> result, const std::vector<Fault>& faults) {
  if (!result.ok()) throw StatusError(result.status(), faults);
  return std::move(result).value();
}

nb::object PredictBody(const ModelHandle& self, const std::string& body) {
  std::string reply;
  {
    const nb::gil_scoped_release release;
    std::vector<Fault> faults;
    const auto request = UnwrapRequest(ParsePredict(body, &faults), faults);
    reply = ToJson(UnwrapRequest(self.model->engine().Predict(request, &faults, self.model->name()), faults),
                   self.model->engine());
  }
  return FromJson(reply);
}

ForecastRequest ParseForecastFor(const std::string& body, std::vector<Fault>* faults) {
  ForecastRequest request = UnwrapRequest(ParseForecast(body, faults), *faults);
  request.horizon.reset();  // the model's own
  return request;
}

nb::object ForecastBody(const ModelHandle& self, const std::string& body) {
  std::string reply;
  {
    const nb::gil_scoped_release release;
    std::vector<Fault> faults;
    const ForecastRequest request = ParseForecastFor(body, &faults);
    reply = ToJson(UnwrapRequest(self.model->engine().Forecast(request, &faults), faults));
  }
  return FromJson(reply);
}

nb::object ExplainBody(const ModelHandle& self, const std::string& body) {
  std::string reply;
  {
    const nb::gil_scoped_release release;
    std::vector<Fault> faults;
    if (self.model->served().info().kind == ModelKind::kForecaster) {
      const ForecastRequest request = ParseForecastFor(body, &faults);
      reply = ToJson(UnwrapRequest(self.model->engine().ExplainForecast(request, &faults), faults));
    } else {
      const auto request = UnwrapRequest(ParsePredict(body, &faults), faults);
      reply =
          ToJson(UnwrapRequest(self.model->engine().Explain(request, &faults, self.model->name()), faults));
    }
  }
  return FromJson(reply);
}

using TableFunction = Result<TableScores> (*)(const ScoringEngine&, const ServedModel&, const Table&);

nb::object ScoreTable(const ModelHandle& self, nb::handle data, TableFunction function) {
  const Table table = ReadTabular(data, &self.plant, "timestamp", "");
  ScoresHandle out;
  {
    const nb::gil_scoped_release release;
    out.scores = std::make_shared<const TableScores>(
        Unwrap(function(self.model->engine(), self.model->served(), table)));
  }
  return nb::cast(std::move(out));
}

nb::object Predict(const ModelHandle& self, nb::handle data) {
  return IsBody(data) ? PredictBody(self, BodyOf(data)) : ScoreTable(self, data, PredictTable);
}

nb::object Explain(const ModelHandle& self, nb::handle data) {
  return IsBody(data) ? ExplainBody(self, BodyOf(data)) : ScoreTable(self, data, ExplainTable);
}

nb::object Forecast(const ModelHandle& self, nb::handle data, bool rolling) {
  if (IsBody(data)) {
    if (rolling) throw StatusError(Status::Usage("rolling needs a table, not a request"));
    return ForecastBody(self, BodyOf(data));
  }
  if (rolling) return ScoreTable(self, data, ForecastTable);
  const Table table = ReadTabular(data, &self.plant, "timestamp", "");
  std::string reply;
  {
    const nb::gil_scoped_release release;
    std::vector<Fault> faults;
    const ForecastRequest request = Unwrap(ForecastRequestOf(self.model->served(), table));
    reply = ToJson(UnwrapRequest(self.model->engine().Forecast(request, &faults), faults));
  }
  return FromJson(reply);
}

void CheckWidth(const Matrix2& x, size_t features) {
  if (x.shape(1) == features) return;
  throw StatusError(
      Status::Invalid(fmt::format("the rows have {} values; the model reads {}", x.shape(1), features)));
}

nb::object Score(const ModelHandle& self, nb::handle rows) {
  const Matrix2 x = ToMatrix(rows);
  const Predictor& predictor = self.model->served().predictor();
  CheckWidth(x, predictor.features());
  std::vector<double> out(x.shape(0) * predictor.outputs());
  {
    const nb::gil_scoped_release release;
    predictor.ScoreBatch(x.data(), x.shape(0), out.data());
  }
  return predictor.outputs() == 1 ? ToNumpy(std::move(out))
                                  : ToNumpy2(std::move(out), x.shape(0), predictor.outputs());
}

nb::object Shap(const ModelHandle& self, nb::handle rows) {
  const Explainer* explainer = self.model->served().explainer();
  if (explainer == nullptr) throw StatusError(Status::Unavailable(self.model->served().explain_problem()));
  const Matrix2 x = ToMatrix(rows);
  CheckWidth(x, explainer->features());
  std::vector<double> shap(x.shape(0) * x.shape(1));
  {
    const nb::gil_scoped_release release;
    explainer->ExplainBatch(x.data(), x.shape(0), shap.data(), nullptr);
  }
  return ToNumpy2(std::move(shap), x.shape(0), x.shape(1));
}

nb::object GetState(const ModelHandle& self) {
  nb::dict files;
  for (const auto& [name, bytes] : self.model->files())
    files[name.c_str()] = nb::bytes(bytes.data(), bytes.size());
  return nb::make_tuple(files, self.model->name(), self.model->served().version().version, self.plant,
                        self.model->options().threshold, self.model->options().confidence);
}

FileSet FilesOf(const nb::dict& named) {
  FileSet files;
  for (const auto [name, bytes] : named) {
    const auto blob = nb::cast<nb::bytes>(bytes);
    files[nb::cast<std::string>(name)] = std::string(blob.c_str(), blob.size());
  }
  return files;
}

ModelHandle FromFileSet(const nb::dict& files, const std::string& name, int version,
                        const PlantHandle& plant) {
  return MakeModelHandle(ScoringModel::FromFiles(FilesOf(files), name, version, plant.plant, {}), plant);
}

void SetState(ModelHandle& self, const nb::tuple& state) {
  const FileSet files = FilesOf(nb::cast<nb::dict>(state[0]));
  const auto plant = nb::cast<PlantHandle>(state[3]);
  const ScoringOptions options{nb::cast<std::optional<double>>(state[4]), nb::cast<double>(state[5])};
  new (&self)
      ModelHandle(MakeModelHandle(ScoringModel::FromFiles(files, nb::cast<std::string>(state[1]),
                                                          nb::cast<int>(state[2]), plant.plant, options),
                                  plant));
}

nb::object ScoresStream(const ScoresHandle& self, nb::handle) {
  std::vector<ColumnView> columns;
  for (size_t c = 0; c < self.scores->names.size(); ++c) {
    columns.push_back({self.scores->names[c], ColumnView::Kind::kDouble, self.scores->columns[c].data()});
  }
  const size_t rows = self.scores->columns.empty() ? 0 : self.scores->columns.front().size();
  return ExportColumns(std::move(columns), rows, self.scores);
}

nb::object ScoresColumn(const ScoresHandle& self, const std::string& name) {
  for (size_t c = 0; c < self.scores->names.size(); ++c) {
    const std::vector<double>& cells = self.scores->columns[c];
    if (self.scores->names[c] == name) return DoublesView(cells.data(), cells.size(), self.scores);
  }
  throw StatusError(Status::NotFound(UnknownName("column", name, self.scores->names)));
}

nb::object ScoresToPandas(const ScoresHandle& self) {
  nb::dict columns;
  for (const std::string& name : self.scores->names) columns[name.c_str()] = ScoresColumn(self, name);
  return nb::module_::import_("pandas").attr("DataFrame")(columns, nb::arg("copy") = false);
}

void BindScores(nb::module_& m) {
  nb::class_<ScoresHandle>(m, "Scores", "What a model says of each row of a table, in the table's order.")
      .def("__len__",
           [](const ScoresHandle& self) {
             return self.scores->columns.empty() ? 0 : self.scores->columns.front().size();
           })
      .def("__getitem__", &ScoresColumn, nb::arg("name"),
           nb::sig("def __getitem__(self, name: str) -> numpy.ndarray"))
      .def_prop_ro("names", [](const ScoresHandle& self) { return self.scores->names; })
      .def_prop_ro(
          "notes", [](const ScoresHandle& self) { return self.scores->notes; },
          "What a person should know about where the inputs came from.")
      .def("__arrow_c_stream__", &ScoresStream, nb::arg("requested_schema").none() = nb::none(),
           nb::sig("def __arrow_c_stream__(self, requested_schema: object | None = None) -> object"))
      .def("to_pandas", &ScoresToPandas, nb::sig("def to_pandas(self) -> pandas.DataFrame"));
}

}  // namespace

void BindModel(nb::module_& m) {
  BindScores(m);
  nb::class_<ModelHandle>(m, "Model", "One trained version, ready to answer. Immutable.")
      .def_static("load", &LoadModelFrom, nb::arg("source"), nb::kw_only(),
                  nb::arg("registry").none() = nb::none(), nb::arg("plant").none() = nb::none(),
                  nb::arg("threshold").none() = nb::none(), nb::arg("confidence") = 0.95,
                  nb::sig("def load(source: str, *, registry: Registry | str | None = None, "
                          "plant: Plant | None = None, threshold: float | None = None, "
                          "confidence: float = 0.95) -> Model"),
                  "A version's folder, or with `registry` NAME, NAME@alias or NAME:version.")
      .def("__getstate__", &GetState)
      .def("__setstate__", &SetState)
      .def("__repr__",
           [](const ModelHandle& self) {
             const ModelVersion& version = self.model->served().version();
             return fmt::format("<forewarn.Model {}:{} of run {}>", version.name, version.version,
                                self.model->served().info().run);
           })
      .def_prop_ro("info", &Info, nb::sig("def info(self) -> dict"), "What the version knows about itself.")
      .def_prop_ro("plant", [](const ModelHandle& self) { return self.plant; })
      .def_prop_ro("features", [](const ModelHandle& self) { return self.model->served().info().features; })
      .def_prop_ro("kind",
                   [](const ModelHandle& self) { return ModelKindName(self.model->served().info().kind); })
      .def_prop_ro(
          "outputs", [](const ModelHandle& self) { return OutputColumns(self.model->served()); },
          "The columns that predict, or a forecaster's rolling forecast, gives of a table.")
      .def_prop_ro(
          "threshold",
          [](const ModelHandle& self) { return self.model->engine().ThresholdOf(self.model->served()); })
      .def("predict", &Predict, nb::arg("data"), nb::sig("def predict(self, data: object) -> Scores | dict"),
           "A table (anything with __arrow_c_stream__) to Scores, a dictionary of features to a reply.")
      .def("forecast", &Forecast, nb::arg("data"), nb::kw_only(), nb::arg("rolling") = false,
           nb::sig("def forecast(self, data: object, *, rolling: bool = False) -> Scores | dict"),
           "The newest window of a table or of a list of rows; rolling: every row that ends a full window.")
      .def("explain", &Explain, nb::arg("data"), nb::sig("def explain(self, data: object) -> Scores | dict"),
           "Exact Shapley values, as predict takes its input.")
      .def(
          "importance",
          [](const ModelHandle& self) {
            return FromJson(ToJson(self.model->engine().Importance(self.model->name())));
          },
          nb::sig("def importance(self) -> dict"))
      .def("score", &Score, nb::arg("rows"), nb::sig("def score(self, rows: object) -> numpy.ndarray"),
           "The model's output for rows of inputs in the order of `features`; NaN is missing.")
      .def("shap", &Shap, nb::arg("rows"), nb::sig("def shap(self, rows: object) -> numpy.ndarray"),
           "Shapley values for rows of inputs in the order of `features`.")
      .def(
          "save",
          [](const ModelHandle& self, const std::string& folder) {
            Check(WriteFileSet(folder, self.model->files()));
          },
          nb::arg("folder"), ReleaseGil(),
          "Writes the version's folder (MLmodel, model.onnx, …), which must not exist yet.");
  m.def("model_from_files", &FromFileSet, nb::arg("files"), nb::arg("name"), nb::arg("version"),
        nb::arg("plant"),
        nb::sig(
            "def model_from_files(files: dict[str, bytes], name: str, version: int, plant: Plant) -> Model"),
        "A version's files by name, in memory.");
}

}  // namespace forewarn::python
