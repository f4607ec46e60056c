// The extension module forewarn._training: training in Python. Apart from _native because it brings the
// system's XGBoost library with it.
#include <nanobind/stl/map.h>

#include <chrono>

#include "handles.h"
#include "model_handles.h"
#include "registry/artifact.h"
#include "train/trainer.h"

namespace forewarn::python {
namespace {

// The version's files, for forewarn.Model; the scores for whoever judges.
struct Trained {
  TrainedRun run;
  FileSet files;
};

double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<Trained> TrainRuns(const PlantHandle& plant, const DatasetHandle& dataset,
                               const std::vector<std::string>& only, uint64_t seed, int threads,
                               bool verdicts, int resamples) {
  TrainOptions options;
  options.only = only;
  options.seed = seed;
  options.threads = threads;
  options.verdicts = verdicts;
  options.resamples = resamples;
  options.clock = SteadySeconds;
  TrainResult result = Unwrap(Train(*plant.plant, *dataset.set, options));
  std::vector<Trained> out;
  for (TrainedRun& run : result.runs) {
    FileSet files;
    if (run.model) files = Unwrap(PackModel(*run.model));
    out.push_back({std::move(run), std::move(files)});
  }
  return out;
}

nb::object Files(const Trained& self) {
  if (self.files.empty()) return nb::none();
  nb::dict out;
  for (const auto& [name, bytes] : self.files) out[name.c_str()] = nb::bytes(bytes.data(), bytes.size());
  return out;
}

nb::dict Skill(const Trained& self) {
  const SkillVerdict& skill = self.run.skill;
  nb::dict out;
  out["verdict"] = skill.text;
  out["baseline"] = skill.baseline;
  out["model"] = skill.model;
  out["best_baseline"] = skill.best;
  out["low"] = skill.low;
  out["high"] = skill.high;
  out["events"] = skill.events;
  return out;
}

nb::list Folds(const Trained& self) {
  nb::list out;
  for (const WalkForwardFold& fold : self.run.walk_forward) {
    nb::dict one;
    one["train_rows"] = fold.train_rows;
    one["test_rows"] = fold.test_rows;
    one["not_fitted"] = fold.not_fitted;
    for (const auto& [name, value] : fold.metrics) one[name.c_str()] = value;
    out.append(one);
  }
  return out;
}

}  // namespace

void BindTraining(nb::module_& m) {
  RegisterErrors();
  nb::class_<Trained>(m, "Trained")
      .def_prop_ro("name", [](const Trained& self) { return self.run.name; })
      .def_prop_ro("registered", [](const Trained& self) { return self.run.registered; })
      .def_prop_ro("not_fitted", [](const Trained& self) { return self.run.not_fitted; })
      .def_prop_ro("metrics", [](const Trained& self) { return self.run.metrics; })
      .def_prop_ro("seconds", [](const Trained& self) { return self.run.seconds; })
      .def_prop_ro("skill", &Skill)
      .def_prop_ro("walk_forward", &Folds)
      .def_prop_ro("walk_forward_scores",
                   [](const Trained& self) { return ToNumpy(self.run.walk_forward_scores); })
      .def_prop_ro("files", &Files);
  m.def("train", &TrainRuns, nb::arg("plant"), nb::arg("dataset"), nb::arg("only"), nb::arg("seed"),
        nb::arg("threads"), nb::arg("verdicts"), nb::arg("resamples"), ReleaseGil());
}

}  // namespace forewarn::python

NB_MODULE(_training, m) { forewarn::python::BindTraining(m); }
