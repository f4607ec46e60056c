// A request's target → path and query of a Request. Origin form ("/a%20b?x=1"), absolute form
// ("http://host/a") and "*". Pure, any thread.
#pragma once

#include <string_view>

#include "core/status.h"
#include "http/message.h"

namespace forewarn::http {

// Fills target, path and query. kInvalid: no such form, a bad escape, NUL, invalid UTF-8, or "." and ".." as
// a segment.
Status ParseTarget(std::string_view target, Request* request);
// The encoded path of a target: without scheme, host and query.
std::string_view RawPath(std::string_view target);

}  // namespace forewarn::http
