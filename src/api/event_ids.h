// Ids of event streams on the wire: plant time, "2021-08-28T05:05:00", with "-n" behind for the n-th event of
// the same time; inside, microseconds of plant time + n. So an id means the same after a restart. Pure.
#pragma once

#include "http/event_hub.h"

namespace forewarn {

// Ring and ids of a hub whose events have plant times.
http::EventHubOptions PlantEventOptions();

}  // namespace forewarn
