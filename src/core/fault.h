// A fault of a request: what is wrong and where, by JSON pointer. Readers of requests (scoring/request.h,
// http/json_body.h) gather them all; http/problem.h shows them. Pure values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace forewarn {

struct Fault {
  std::string pointer;  // "/features/pressure"; "" is the whole body
  std::string detail;
};

// The status for a list of faults (not empty): kInvalid, "pointer: detail" of the first and how many more.
Status FaultStatus(const std::vector<Fault>& faults);
// A JSON pointer's escaped token ('~' → ~0, '/' → ~1), cut at 200 bytes.
std::string PointerToken(std::string_view name);

}  // namespace forewarn
