// The [simulator] and [[scenario]] parts of a plant file: what the simulated plant (src/sim) is made of. Read by
// simulator_spec.cc, used by sim and by the API's scenario list.
#pragma once

#include <string>
#include <vector>

#include "core/plant_time.h"
#include "frame/frame.h"

namespace forewarn {

// What a scenario or an episode does to one column; sizes are reached when the scenario is fully unfolded.
struct ScenarioEffect {
  std::string tag;                // series name: "pdt31008", "lic31002_pv"
  double drift = 0;               // unit of the tag
  double amplitude = 0;           // of the oscillation
  double period_hours = 0;        // of the oscillation
  double noise = 1;               // factor on the noise
};

struct Scenario {
  std::string name;
  std::string color;              // green, amber, red
  std::string description;
  double ramp_hours_min = 6;
  double ramp_hours_max = 12;
  std::vector<ScenarioEffect> effects;
};

// One simulated series: an AR(1) deviation around an operating point.
struct SimulatedTag {
  std::string tag;                // series name
  double mean = 0;
  double sd = 1;
  double lag1 = 0;                // hour-to-hour correlation of the deviation
  double daily = 0;               // amplitude of the daily rhythm
};

struct SimulatorSpec {
  PlantTime start = 0;
  double events_per_30_days = 0;
  double decoys_per_30_days = 0;
  double no_precursor_share = 0;
  std::vector<SimulatedTag> tags;
  std::vector<Scenario> scenarios;
  bool empty() const { return tags.empty(); }
};

}  // namespace forewarn
