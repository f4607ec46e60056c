#include "pipeline/simulate_step.h"

#include <fmt/format.h>

#include "ingest/ingest.h"
#include "sim/simulator.h"

namespace forewarn {

Result<RawData> SimulateReadings(const Plant& plant, const SimulateOptions& options) {
  if (options.hours < 1 || options.hours > kMaxSimulatedHours) {
    return Status::Invalid(
        fmt::format("cannot simulate {} hours; allowed: 1 to {}", options.hours, kMaxSimulatedHours));
  }
  Plant moved = plant;
  if (options.start) {
    if (*options.start % kHour != 0) {
      return Status::Invalid(
          fmt::format("cannot start at {}; give a full hour", FormatPlantTime(*options.start)));
    }
    moved.simulator.start = *options.start;
  }
  FW_ASSIGN_OR_RETURN(Simulator simulator, Simulator::Make(moved, options.seed));
  if (!options.scenario.empty()) FW_RETURN_IF_ERROR(simulator.Activate(options.scenario));
  RawData data;
  data.files = {"simulated plant"};
  const auto all = static_cast<size_t>(options.hours);
  for (size_t h = 0; h < all; ++h) {
    AppendReadings(simulator.series(), simulator.StepHour(), &data);
    if (h % 1000 == 999 || h + 1 == all) Report(options.progress, "simulating", h + 1, all);
  }
  return data;
}

Result<Frame> SimulateTable(const Plant& plant, const SimulateOptions& options) {
  FW_ASSIGN_OR_RETURN(RawData data, SimulateReadings(plant, options));
  IngestOptions ingest;
  ingest.threads = options.threads;
  FW_ASSIGN_OR_RETURN(IngestResult result, Ingest(std::move(data), plant, ingest));
  return std::move(result.table);
}

}  // namespace forewarn
