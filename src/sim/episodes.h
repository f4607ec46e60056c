// Episodes: what happens to the simulated plant beyond its normal noise, hour by hour: events and decoys that
// come by themselves at the plant file's rates, and the scenario a person switched on. Gives each series'
// displacement and noise factor for an hour; simulator.cc adds them to the process. Every draw comes from the
// seed and the draw's number, so the past needs no generator state. Belongs to one thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/status.h"
#include "plant/simulator_spec.h"

namespace forewarn {

// What the plant is going through by itself; for studies and tests, never told to a model.
enum class SimulatedPhase { kNormal, kPrecursor, kEvent, kRecovery, kDecoy };

// One hour's displacement of one simulated series.
struct Displacement {
  double shift = 0;  // in shares of the spread
  double drift = 0;  // in the series' unit
  double noise = 1;  // factor on the noise
};

class Episodes {
 public:
  // spec must outlive the object.
  Episodes(const SimulatorSpec& spec, uint64_t seed);

  // Hours since SimulatorSpec::start, ascending by one. One displacement a simulated series.
  std::vector<Displacement> Step(int64_t hour);
  // From `hour` on: the scenario unfolds over its ramp, any other dies away twice as fast. index into
  // SimulatorSpec::scenarios; one without effects is the normal state.
  void Activate(size_t scenario, int64_t hour);

  size_t scenario() const { return scenario_; }
  SimulatedPhase phase() const { return phase_; }  // of the last hour

  nlohmann::ordered_json Save() const;
  // hour: the next one. Throws nlohmann's exceptions on a wrong shape.
  Status Restore(const nlohmann::ordered_json& state, int64_t hour);

 private:
  struct Running {  // drawn from number_; lasts from start_ for all its hours
    bool decoy = false;
    size_t kind = 0;
    int64_t precursor = 0, event = 0, recovery = 0;
    double peak = 1;
    std::vector<double> sizes;  // of the event's effects, signed
  };
  struct Forced {
    size_t scenario = 0;
    int64_t since = 0;
    double strength = 0;
    double rate = 0;  // of strength, an hour
    bool rising = true;
  };

  void Draw();
  int64_t GapHours() const;
  const SimulatedEpisode& Kind() const;
  size_t Index(const std::string& tag) const;
  void ApplyRunning(int64_t hour, std::vector<Displacement>& out);
  void ApplyForced(int64_t hour, std::vector<Displacement>& out);
  // share: of the precursor, by series.
  void ApplyPrecursor(const SimulatedEpisode& kind, double f, const std::vector<double>& share,
                      std::vector<Displacement>& out) const;

  const SimulatorSpec& spec_;
  uint64_t seed_;
  uint64_t number_ = 0;  // episodes drawn so far
  int64_t start_ = 0;    // of running_, which may lie ahead
  Running running_;
  bool any_ = false;  // the plant file has episodes or decoys at all
  size_t scenario_ = 0;
  std::vector<Forced> forced_;
  SimulatedPhase phase_ = SimulatedPhase::kNormal;
};

}  // namespace forewarn
