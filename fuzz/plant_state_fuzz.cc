// The simulated plant's state file: any text is refused in words, or a plant goes on from it: in time, with
// finite values, after the clock the file told.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "live/plant_state.h"
#include "sim/simulator.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const forewarn::PlantTime clock = forewarn::SalvageClock(text);
  const auto state = forewarn::ParsePlantState(text);
  if (!state.ok()) {
    if (state.message().empty()) std::abort();
    return 0;
  }
  if (clock != forewarn::kNoTime && clock != state->clock) {
    // only where "clock" is given twice, which JSON allows
    if (text.find("\"clock\"") == text.rfind("\"clock\"")) std::abort();
  }
  const auto again = forewarn::ParsePlantState(forewarn::PlantStateText(*state));
  if (!again.ok() || again->clock != state->clock || again->simulator != state->simulator ||
      again->activations.size() != state->activations.size()) {
    std::abort();
  }
  return 0;
}
