// The live events' JSON (live_event.h lists the payloads). Pure; any thread.
#pragma once

#include <string>

#include "live/monitor.h"
#include "live/plant_zone.h"
#include "live/warning.h"

namespace forewarn {

std::string RiskText(const HourRisk& risk, const PlantZone& zone);
// change: "raised", "ended", "judged"; "" leaves it out.
std::string WarningText(const LiveWarning& warning, const char* change, const PlantZone& zone);
std::string AlarmText(const LiveAlarm& alarm, const char* change, const PlantZone& zone);
std::string StatusText(const MonitorStatus& status, const PlantZone& zone);

}  // namespace forewarn
