// The [simulator] and [[scenario]] parts of a plant file: what the simulated plant (src/sim) is made of. Read
// by simulator_spec.cc, used by sim and by the API's scenario list. Plain values; safe from any thread once
// read. Spreads and shifts are those of hourly values; a "share of the spread" is sd × SimulatorSpec::spread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/plant_time.h"
#include "frame/frame.h"

namespace forewarn {

class TomlReader;

// A range a random value is drawn from, uniformly.
struct Range {
  double low = 0;
  double high = 0;
};

// What a scenario does to one series; sizes are reached when the scenario is fully unfolded.
struct ScenarioEffect {
  std::string tag;          // series name: a tag, or a loop's "<id>_pv"
  double drift = 0;         // unit of the series
  double amplitude = 0;     // of the oscillation
  double period_hours = 0;  // of the oscillation
  double noise = 1;         // factor on the noise
};

struct Scenario {
  std::string name;
  std::string color;  // green, amber, red
  std::string description;
  // Name of a simulated episode, or "": the scenario begins as its precursor does. Series without an effect
  // of their own keep to that; the others leave it as their effect grows.
  std::string episode;
  double ramp_hours_min = 6;
  double ramp_hours_max = 12;
  double ramp_power = 1;  // its effects grow as (elapsed / ramp) ^ power
  std::vector<ScenarioEffect> effects;
};

// One simulated series: an AR(1) deviation around an operating point, logged on change.
struct SimulatedTag {
  std::string tag;           // series name
  double mean = 0;           // operating point; of a loop's PV: its distance from the setpoint
  double sd = 1;             // of the deviation, before SimulatorSpec::spread
  double lag1 = 0;           // hour-to-hour correlation of the deviation
  double daily = 0;          // amplitude of the daily rhythm
  double daily_peak = 12;    // hour of day of its maximum
  double jitter = 0;         // spread of the readings within an hour
  double resolution = 0.01;  // a reading is logged when it moves by this much; values are its multiples
  double readings = 8;       // scans an hour, on average
  double low = kNull;        // the instrument's range
  double high = kNull;
};

// The innovations of two series go together.
struct SimulatedCoupling {
  std::string a, b;
  double correlation = 0;
};

struct SimulatedSetpoint {
  double value = 0;
  double weight = 1;  // how often it is chosen, against the others
  Range hours{24, 72};
};

// A control loop: the setpoint moves among `setpoints`, the PV follows it, the OP answers the deviation.
struct SimulatedLoop {
  std::string controller;
  std::vector<SimulatedSetpoint> setpoints;  // the first is where it starts
  double lag_hours = 1;                      // time constant of the PV
  double gain = 0;                           // OP per unit of (SP − PV)
};

// Movement of one series while an episode builds up, at its height (f = 1).
struct PrecursorEffect {
  std::string tag;
  double shift = 0;  // in shares of the spread
  double noise = 0;  // growth of the noise: factor 1 + noise × f
};

// Movement of one series during the event itself.
struct EventEffect {
  std::string tag;
  Range size;               // unit of the series; drawn once an episode
  double period_hours = 0;  // 0: constant; else the size is the amplitude, starting at a random side
};

// Something that happens to the plant by itself. An episode: precursor, event, recovery. A decoy: a precursor
// that reaches `peak` and dies away; it has no event.
struct SimulatedEpisode {
  std::string name;
  double weight = 1;
  Range precursor_hours{6, 16};
  Range event_hours{2, 5};
  Range recovery_hours{3, 6};
  Range peak{1, 1};
  std::vector<PrecursorEffect> precursor;
  std::vector<EventEffect> event;
};

struct SimulatorSpec {
  PlantTime start = 0;
  double events_per_30_days = 0;
  double decoys_per_30_days = 0;
  double no_precursor_share = 0;
  double precursor_power = 1;  // f = (elapsed / length) ^ power
  double min_gap_hours = 2;    // rest between two episodes, at least
  double spread = 1;           // factor on every sd
  double clip = 3;             // innovations are cut at this many of their spreads
  std::vector<SimulatedTag> tags;
  std::vector<SimulatedLoop> loops;
  std::vector<SimulatedCoupling> couplings;
  std::vector<SimulatedEpisode> episodes;
  std::vector<SimulatedEpisode> decoys;
  std::vector<Scenario> scenarios;
  bool empty() const { return tags.empty(); }
  const Scenario* FindScenario(std::string_view name) const;
  std::vector<std::string> ScenarioNames() const;
};

// Lower triangle L (row-major, n × n over spec.tags) with L·Lᵀ = the innovations' correlations (Cholesky);
// empty where the couplings contradict each other (no such matrix is positive definite).
std::vector<double> CouplingFactor(const SimulatorSpec& spec);
// Mean length of an episode or decoy, in hours, over all kinds by weight.
double MeanEpisodeHours(const std::vector<SimulatedEpisode>& kinds, double no_precursor_share);

// Fills *spec; every problem goes to the reader: types, ranges, unknown and repeated names, couplings that no
// set of random numbers can have, episodes so long and many that they do not fit into 30 days. That the
// series exist in the plant is checked by plant_file.cc.
void ReadSimulatorSpec(TomlReader& root, SimulatorSpec* spec);

}  // namespace forewarn
