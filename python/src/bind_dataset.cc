// The ETL in memory: a labelled table to what training takes.
#include "bindings.h"
#include "core/names.h"
#include "handles.h"

namespace forewarn::python {
namespace {

DatasetHandle BuildSet(const PlantHandle& plant, const FrameHandle& labelled, uint64_t seed,
                       double train_share, int threads) {
  if (!(train_share > 0 && train_share < 1)) {
    throw StatusError(Status::Invalid("train_share is a number between 0 and 1"));
  }
  DatasetOptions options;
  options.seed = seed;
  options.train_share = train_share;
  options.threads = threads;
  return {std::make_shared<const FeatureDataset>(
      Unwrap(BuildDataset(*plant.plant, *labelled.frame, options, nullptr)))};
}

const HorizonWindows& HorizonNamed(const FeatureDataset& set, const std::string& name) {
  std::vector<std::string> known;
  for (const HorizonWindows& horizon : set.horizons) {
    if (horizon.name == name) return horizon;
    known.push_back(horizon.name);
  }
  throw StatusError(Status::NotFound(UnknownName("horizon", name, known)));
}

FrameHandle Share(const DatasetHandle& self, const Frame& frame) {
  return FrameHandle(std::shared_ptr<const Frame>(self.set, &frame));
}

// One part of one horizon: its windows and targets.
nb::dict PartOf(const DatasetHandle& self, const std::string& horizon, const std::string& part) {
  const HorizonWindows& h = HorizonNamed(*self.set, horizon);
  if (part != "train" && part != "valid") {
    throw StatusError(Status::NotFound(UnknownName("part", part, {"train", "valid"})));
  }
  const bool train = part == "train";
  const auto& at = train ? h.train_at : h.valid_at;
  const auto& within = train ? h.train_within : h.valid_within;
  nb::dict out;
  const WindowMatrix& windows = train ? h.train : h.valid;
  out["windows"] = WindowsHandle{std::shared_ptr<const WindowMatrix>(self.set, &windows)};
  out["anomaly_label"] = ToNumpy(at);
  out["anomaly_within"] = ToNumpy(within);
  return out;
}

}  // namespace

void BindDataset(nb::module_& m) {
  nb::class_<DatasetHandle>(m, "Dataset", "What the ETL hands to training.")
      .def_prop_ro(
          "train", [](const DatasetHandle& self) { return Share(self, self.set->train); },
          "The first part by time, all columns and features.")
      .def_prop_ro("valid", [](const DatasetHandle& self) { return Share(self, self.set->valid); })
      .def_prop_ro(
          "train_smote", [](const DatasetHandle& self) { return Share(self, self.set->train_smote); },
          "The training part with synthetic minority rows below, whose time is NaT.")
      .def_prop_ro("digest", [](const DatasetHandle& self) { return self.set->digest; })
      .def_prop_ro("labelled", [](const DatasetHandle& self) { return self.set->labelled; })
      .def_prop_ro("notes", [](const DatasetHandle& self) { return self.set->notes; })
      .def("windows", &PartOf, nb::arg("horizon"), nb::arg("part"),
           nb::sig("def windows(self, horizon: str, part: str) -> dict"),
           "Of a horizon ('1h') and part ('train', 'valid'): windows, anomaly_label, anomaly_within.");
  m.def("build_dataset", &BuildSet, nb::arg("plant"), nb::arg("labelled"), nb::kw_only(),
        nb::arg("seed") = 42, nb::arg("train_share") = 0.8, nb::arg("threads") = 0, ReleaseGil(),
        "Features, windows, targets, split and SMOTE of a labelled table: `forewarn etl` without the files.");
}

}  // namespace forewarn::python
