#include "live/plant_zone.h"

namespace forewarn {

Result<PlantZone> PlantZone::Find(const Plant& plant) {
  FW_ASSIGN_OR_RETURN(const Zone zone, Zone::Find(plant.zone));
  return PlantZone(zone);
}

PlantTime PlantZone::ToUtc(PlantTime local) const { return local - zone_.Judge(local).span.offset; }

std::string PlantZone::Iso(PlantTime local) const { return FormatIsoUtc(ToUtc(local)); }

}  // namespace forewarn
