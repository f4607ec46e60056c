// A Scorer over the inference service's HTTP routes, for a gateway in a process of its own. Blocks: callers
// keep it off the I/O threads. Safe from any thread.
#pragma once

#include <memory>
#include <string>

#include "live/scorer.h"

namespace forewarn {

struct RemoteOptions {
  std::string url;     // "http://127.0.0.1:7502", without a slash at its end
  std::string bearer;  // the service token; "" where the service is open
};

std::unique_ptr<Scorer> MakeRemoteScorer(RemoteOptions options);

}  // namespace forewarn
