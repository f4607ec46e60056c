// The simulated plant: seed + clock → readings, an hour at a step, for `simulate` (history) and the live
// service alike. A causal process: coupled AR(1) deviations around operating points, a daily rhythm, control
// loops (the setpoint moves, the PV follows, the OP answers), episodes and decoys (episodes.h), and between
// the hours' levels irregular readings, logged on change as a historian does. All sizes are the plant file's
// ([simulator], [[scenario]]). Same plant file, seed and activations → the same readings, byte for byte,
// whatever the speed or threads. Belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"
#include "frame/raw_series.h"
#include "plant/plant.h"
#include "sim/episodes.h"

namespace forewarn {

struct SimulatedReading {
  PlantTime time = 0;  // to the millisecond
  double value = 0;
};

// One series' hour: its readings, possibly none, and its bin as ingest makes it (median and extremes; without
// readings the value of the hour before, null before the first).
struct SimulatedSeriesHour {
  std::vector<SimulatedReading> readings;  // ascending
  double value = kNull;
  double max = kNull;
  double min = kNull;
};

struct SimulatedHour {
  PlantTime time = 0;                       // the bin's start; it is complete an hour later
  std::vector<SimulatedSeriesHour> series;  // in Simulator::series() order
  std::string scenario;
  SimulatedPhase phase = SimulatedPhase::kNormal;  // the truth behind it; for studies and tests
};

class Simulator {
 public:
  // The plant's first hour is its simulator's start. Fails where the plant has no simulator or its grid is
  // not of an hour. The plant is copied.
  static Result<Simulator> Make(const Plant& plant, uint64_t seed);
  // Goes on from what SaveState gave, with the seed kept in it. Invalid where the text is damaged or comes
  // from another plant file's simulator.
  static Result<Simulator> Restore(const Plant& plant, std::string_view state);
  Simulator(Simulator&&) noexcept;
  Simulator& operator=(Simulator&&) noexcept;
  ~Simulator();

  SimulatedHour StepHour();
  // From the next hour on; what came before stays true. NotFound lists the scenarios.
  Status Activate(std::string_view scenario);
  // JSON text, a few KB: everything the next hour depends on.
  std::string SaveState() const;

  const std::vector<std::string>& series() const;  // the plant's SeriesNames
  PlantTime NextHour() const;                      // start of the hour StepHour will give
  const std::string& scenario() const;             // the active one
  uint64_t seed() const;

 private:
  struct Impl;
  explicit Simulator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The hour's readings added to what ingest takes; data.files must not be empty (file 0 is said to be theirs).
void AppendReadings(const std::vector<std::string>& series, const SimulatedHour& hour, RawData* data);

}  // namespace forewarn
