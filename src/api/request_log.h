// One log line a request: at the debug level, or as a warning where the fault is ours. Paths only: a query
// may hold what is nobody's business.
#pragma once

#include "http/router.h"

namespace forewarn {

// service: who speaks in the log ("gateway"); a text that stays. Before the server starts.
void LogRequests(http::Router& router, const char* service);

}  // namespace forewarn
