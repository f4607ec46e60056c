// Logging to stderr through spdlog's default logger. Modules log rarely: failures travel as Status.
// Thread-safe.
#pragma once

#include <string>

#include "core/status.h"

namespace forewarn {

// level: trace, debug, info, warn, error, off.
Status SetLogLevel(const std::string& level);

}  // namespace forewarn
