// User names: 3 to 64 characters of any script, compared without regard to case, width or accents' spelling
// (Unicode NFKC case folding). No spaces at the ends, no control or invisible characters. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"

namespace forewarn {

// The name as shown (NFC), or kInvalid in words.
Result<std::string> NormalizeUsername(std::string_view name);
// What two names have in common when they are the same name; of a name that NormalizeUsername accepts.
std::string UsernameKey(std::string_view name);

}  // namespace forewarn
