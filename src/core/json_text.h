// Help for readers of JSON whose parser knows 64-bit integers only. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace forewarn {

// The same text with every integer of over 18 digits made a floating-point number ("1…" → "1…e0"); nothing if
// there is none. Strings are left alone; the text need not be JSON.
std::optional<std::string> WidenIntegers(std::string_view json);

}  // namespace forewarn
