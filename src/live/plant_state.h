// The simulated plant's place on disk: its clock, a saved simulator some 600 to 1,000 hours old and what was
// activated since, so that the buffer comes back by replay, byte for byte. Parsing trusts nothing: the file
// may be damaged, edited, or another plant's. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"

namespace forewarn {

struct PlantState {
  struct Activation {
    PlantTime hour = 0;  // the first hour it works in
    std::string scenario;
  };
  // Readings up to here may have been published; the plant goes on from here.
  PlantTime clock = 0;
  std::string plant;  // the plant file's name
  int64_t past_hours = 0;
  std::string simulator;  // Simulator::SaveState
  std::vector<Activation> activations;
};

// JSON; the clock comes first, so that it can be read from what is left of a damaged file.
std::string PlantStateText(const PlantState& state);
Result<PlantState> ParsePlantState(std::string_view text);
// kNoTime where it cannot be read.
PlantTime SalvageClock(std::string_view text);

}  // namespace forewarn
