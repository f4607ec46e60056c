// What JsonBody and Parameters ask of texts and integers alike, and the words for what is wrong. Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/json_body.h"

namespace forewarn::http {

std::string TextFault(std::string_view text, const TextLimits& limits);  // "" when all is well
// value: its words ("7", "too large").
std::string RangeFault(std::string_view value, const IntegerRange& range);
std::string RangeFault(double value, const Range& range);

}  // namespace forewarn::http
