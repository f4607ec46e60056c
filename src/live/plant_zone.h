// PlantZone: plant-local time to UTC and back, for what leaves the process (the API speaks UTC). A local time
// the clock shows twice means the first; one it never shows is as if the clock had not yet changed.
// Immutable; any thread.
#pragma once

#include <string>

#include "core/plant_time.h"
#include "core/status.h"
#include "io/zone.h"
#include "plant/plant.h"

namespace forewarn {

class PlantZone {
 public:
  static Result<PlantZone> Find(const Plant& plant);

  PlantTime ToUtc(PlantTime local) const;
  PlantTime ToLocal(PlantTime utc) const { return zone_.ToLocal(utc); }
  // "2021-08-28T05:00:00Z" of a plant-local time; milliseconds where there are any.
  std::string Iso(PlantTime local) const;

 private:
  explicit PlantZone(Zone zone) : zone_(zone) {}
  Zone zone_;
};

}  // namespace forewarn
