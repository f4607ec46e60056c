// The simulated plant's saved state: any text is refused in words or goes on with finite readings.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plant/plant_file.h"
#include "sim/simulator.h"

namespace {

constexpr char kPlant[] = R"([plant]
name = "small"
interval = "1h"
[[tag]]
id = "a"
[[controller]]
id = "c"
[simulator]
start = "2021-03-01 00:00"
events_per_30_days = 6
decoys_per_30_days = 4
tag = [{ tag = "a", mean = 10, sd = 2, lag1 = 0.5, low = 0, high = 30 },
       { tag = "c_pv", mean = 0, sd = 1, low = 0, high = 100 }]
loop = [{ controller = "c", setpoints = [{ value = 80 }, { value = 70, hours = [3, 5] }] }]
episode = [{ name = "flood", precursor = [{ tag = "a", shift = 0.5 }], event = [{ tag = "a", size = [20, 30] }] }]
decoy = [{ name = "blip", precursor = [{ tag = "c_pv", shift = -1 }] }]
[[scenario]]
name = "normal"
color = "green"
effects = []
[[scenario]]
name = "rise"
color = "red"
effects = [{ tag = "a", drift = 5, amplitude = 2, period_hours = 10, noise = 2 }]
)";

const forewarn::Plant& SmallPlant() {
  static const forewarn::PlantCheck kCheck = forewarn::CheckPlant(kPlant, "small.toml", "");
  if (!kCheck.plant) std::abort();
  return *kCheck.plant;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto simulator = forewarn::Simulator::Restore(SmallPlant(), {reinterpret_cast<const char*>(data), size});
  if (!simulator.ok()) return 0;
  for (int h = 0; h < 50; ++h) {
    const forewarn::SimulatedHour hour = simulator->StepHour();
    for (const auto& series : hour.series) {
      for (const auto& reading : series.readings) {
        if (!std::isfinite(reading.value)) std::abort();
      }
    }
    if (h == 20 && !simulator->Activate("rise").ok()) std::abort();
  }
  return 0;
}
