// The simulated plant's hourly levels: coupled AR(1) deviations, daily rhythm and control loops, displaced by
// episodes. Random numbers come from (seed, hour), so the state is only the deviations and the loops. Used by
// simulator.cc alone; belongs to one thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/plant_time.h"
#include "plant/simulator_spec.h"
#include "sim/episodes.h"

namespace forewarn {

class Process {
 public:
  // spec must outlive the object.
  Process(const SimulatorSpec& spec, uint64_t seed);

  // Levels of the simulated series in the given hour (since start), within the instruments' ranges.
  std::vector<double> Step(int64_t hour, const std::vector<Displacement>& displaced);
  double Setpoint(size_t loop) const { return spec_.loops[loop].setpoints[loops_[loop].at].value; }

  nlohmann::ordered_json Save() const;
  void Restore(const nlohmann::ordered_json& state);  // throws nlohmann's exceptions on a wrong shape

 private:
  struct Loop {
    size_t at = 0;         // index of the setpoint
    uint64_t changes = 0;  // setpoints chosen so far
    int64_t until = 0;     // hour of the next choice
    double followed = 0;   // the setpoint as the PV has reached it
  };
  void StepLoops(int64_t hour);
  int64_t HoursAt(size_t loop) const;
  void Innovate(int64_t hour);

  const SimulatorSpec& spec_;
  uint64_t seed_;
  std::vector<double> coupling_;   // Cholesky factor
  std::vector<double> deviation_;  // in shares of the spread
  std::vector<Loop> loops_;
  std::vector<int> pv_of_, op_of_;  // per loop: index of its PV and OP among the tags, -1 without
};

}  // namespace forewarn
