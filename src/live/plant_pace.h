// PlantPace: wall time for a plant's clock, and waiting on it; injected, so that tests run a year of plant
// without sleeping. The only place of src/live where wall time enters, and only as a pace: nothing takes it
// to mean plant time (design decision 9).
#pragma once

#include <memory>

namespace forewarn {

class PlantPace {
 public:
  virtual ~PlantPace() = default;
  virtual double Now() = 0;  // seconds of a steady clock
  // Returns at that time, or at once after Interrupt (then false, for good).
  virtual bool WaitUntil(double seconds) = 0;
  virtual void Interrupt() = 0;  // from any thread
};

std::unique_ptr<PlantPace> MakeWallPace();
// Never waits: an hour takes what its computation takes.
std::unique_ptr<PlantPace> MakeFreePace();

}  // namespace forewarn
