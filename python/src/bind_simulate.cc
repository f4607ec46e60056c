// The simulated plant's history as a table.
#include "bindings.h"
#include "handles.h"
#include "pipeline/simulate_step.h"

namespace forewarn::python {
namespace {

FrameHandle Simulate(const PlantHandle& plant, int64_t hours, uint64_t seed, const std::string& start,
                     const std::string& scenario, int threads) {
  SimulateOptions options;
  options.hours = hours;
  options.seed = seed;
  options.scenario = scenario;
  options.threads = threads;
  if (!start.empty()) options.start = Unwrap(ParsePlantTime(start));
  return FrameHandle(Unwrap(SimulateTable(*plant.plant, options)));
}

}  // namespace

void BindSimulate(nb::module_& m) {
  m.def("simulate", &Simulate, nb::arg("plant"), nb::arg("hours"), nb::kw_only(), nb::arg("seed") = 42,
        nb::arg("start") = "", nb::arg("scenario") = "", nb::arg("threads") = 0, ReleaseGil(),
        "The simulated plant's hourly table, as `forewarn simulate` writes it.");
}

}  // namespace forewarn::python
