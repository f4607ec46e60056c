// Registry: runs and versions; opening models is bind_model.cc's.
#include <nlohmann/json.hpp>

#include "bindings.h"
#include "model_handles.h"

namespace forewarn::python {
namespace {

using Json = nlohmann::ordered_json;

Json VersionJson(const ModelVersion& version) {
  return {{"name", version.name},     {"version", version.version},   {"aliases", version.aliases},
          {"run_id", version.run_id}, {"run_name", version.run_name}, {"created_us", version.created_us},
          {"skill", version.Skill()}, {"tags", version.tags},         {"metrics", version.metrics},
          {"digest", version.digest}};
}

nb::object Versions(const RegistryHandle& self, const std::string& name) {
  Json out = Json::array();
  {
    const nb::gil_scoped_release release;
    for (const ModelVersion& version : Unwrap(self.registry->Versions(name)))
      out.push_back(VersionJson(version));
  }
  return FromJson(out.dump());
}

nb::object Find(const RegistryHandle& self, const std::string& ref) {
  std::string out;
  {
    const nb::gil_scoped_release release;
    out = VersionJson(Unwrap(self.registry->Find(ref))).dump();
  }
  return FromJson(out);
}

struct RunFields {
  std::string name;
  std::string experiment;
  std::map<std::string, double> metrics;
  std::map<std::string, std::string> params;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> files;
  std::string dataset_digest;
  std::string dataset_source;
  int64_t started_us;
  int64_t ended_us;
};

std::string LogRun(const RegistryHandle& self, RunFields fields) {
  const nb::gil_scoped_release release;
  RunRecord run;
  run.name = std::move(fields.name);
  run.experiment = std::move(fields.experiment);
  run.metrics = std::move(fields.metrics);
  run.params = std::move(fields.params);
  run.tags = std::move(fields.tags);
  run.files = FileSet(fields.files.begin(), fields.files.end());
  run.started_us = fields.started_us;
  run.ended_us = fields.ended_us;
  if (!fields.dataset_digest.empty()) {
    run.dataset = DatasetInput{kFeatureDatasetName, fields.dataset_digest, fields.dataset_source, "training"};
  }
  return Unwrap(self.registry->LogRun(run));
}

int Register(const RegistryHandle& self, const std::string& name, const ModelHandle& model,
             const std::string& run_id) {
  const nb::gil_scoped_release release;
  const FileSet& files = model.model->files();
  const std::string& skill = model.model->served().info().skill;
  return Unwrap(self.registry->AddVersion({name, run_id, {{kSkillTag, skill}}, files})).version;
}

}  // namespace

void BindRegistry(nb::module_& m) {
  nb::class_<RegistryHandle>(m, "Registry",
                             "Where trained models live: local:DIR, or a tracking server's address.")
      .def(
          "__init__",
          [](RegistryHandle* self, const std::string& uri) {
            new (self) RegistryHandle{std::shared_ptr<Registry>(Unwrap(OpenRegistry(uri)))};
          },
          nb::arg("uri"), ReleaseGil())
      .def_prop_ro("uri", [](const RegistryHandle& self) { return self.registry->Uri(); })
      .def("versions", &Versions, nb::arg("name") = "",
           nb::sig("def versions(self, name: str = '') -> list[dict]"), "Of one model, or of all.")
      .def("find", &Find, nb::arg("ref"), nb::sig("def find(self, ref: str) -> dict"),
           "The version that NAME, NAME@alias or NAME:version means.")
      .def(
          "log_run",
          [](const RegistryHandle& self, const std::string& name, const std::string& experiment,
             std::map<std::string, double> metrics, std::map<std::string, std::string> params,
             std::map<std::string, std::string> tags, std::map<std::string, std::string> files,
             const std::string& dataset_digest, const std::string& dataset_source, int64_t started_us,
             int64_t ended_us) {
            return LogRun(self, {name, experiment, std::move(metrics), std::move(params), std::move(tags),
                                 std::move(files), dataset_digest, dataset_source, started_us, ended_us});
          },
          nb::arg("name"), nb::kw_only(), nb::arg("experiment") = kTrainingExperiment,
          nb::arg("metrics") = std::map<std::string, double>(),
          nb::arg("params") = std::map<std::string, std::string>(),
          nb::arg("tags") = std::map<std::string, std::string>(),
          nb::arg("files") = std::map<std::string, std::string>(), nb::arg("dataset_digest") = "",
          nb::arg("dataset_source") = "", nb::arg("started_us") = 0, nb::arg("ended_us") = 0,
          "Stores a training run; gives its id.")
      .def("register", &Register, nb::arg("name"), nb::arg("model"), nb::arg("run_id"),
           "Adds a model as the next version of a name; gives the version.")
      .def(
          "set_alias",
          [](const RegistryHandle& self, const std::string& name, const std::string& alias, int version) {
            Check(self.registry->SetAlias(name, alias, version));
          },
          nb::arg("name"), nb::arg("alias"), nb::arg("version"), ReleaseGil());
}

}  // namespace forewarn::python
