// What counts as one alarm event, as one warning, and as a true one (models.md, "Event metrics"). One place
// for training, which chooses thresholds by it, for judging, and for the live monitor.
#pragma once

#include "core/plant_time.h"
#include "plant/plant.h"

namespace forewarn {

struct EventOptions {
  PlantTime interval = kHour;    // width of a grid row's bin
  PlantTime merge = 3 * kHour;   // alarm runs nearer than this are one event
  PlantTime reach = 12 * kHour;  // a warning is true if an event starts this soon after its rise
  double release = 0.7;          // a warning ends below release × threshold
};

inline EventOptions EventOptionsOf(const Plant& plant) {
  EventOptions options;
  options.interval = plant.interval;
  options.release = plant.models.warning_release;
  return options;
}

}  // namespace forewarn
