// A Scorer over the inference service's HTTP routes, for a gateway in a process of its own. Blocks: callers
// keep it off the I/O threads. Safe from any thread.
#pragma once

#include <memory>

#include "api/upstream_client.h"
#include "live/scorer.h"

namespace forewarn {

std::unique_ptr<Scorer> MakeRemoteScorer(RemoteOptions options);

}  // namespace forewarn
