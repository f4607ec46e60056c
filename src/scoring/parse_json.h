// The one way from a request's text to simdjson's elements, so that what one reader takes no other refuses:
// integers beyond 64 bits are numbers like others. The element lives until the same thread parses again.
#pragma once

#include <simdjson.h>

#include <string_view>

#include "core/status.h"

namespace forewarn {

// kInvalid without faults: not JSON at all.
Result<simdjson::dom::element> ParseRequestJson(std::string_view body);

}  // namespace forewarn
