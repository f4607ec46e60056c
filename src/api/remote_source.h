// A SensorSource over the sensors service's HTTP routes, for a gateway in a process of its own. Readings come
// from its event stream, read by a thread of the source's that connects again whenever it breaks; the
// listeners are told when the service is away and back. The other calls block. Safe from any thread.
#pragma once

#include <memory>

#include "api/upstream_client.h"
#include "core/status.h"
#include "live/sensor_source.h"
#include "plant/plant.h"

namespace forewarn {

Result<std::unique_ptr<SensorSource>> MakeRemoteSource(const Plant& plant, RemoteOptions options);

}  // namespace forewarn
