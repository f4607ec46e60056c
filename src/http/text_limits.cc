#include "http/text_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/names.h"

namespace forewarn::http {
namespace {

size_t CountCharacters(std::string_view utf8) {
  return static_cast<size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string TextFault(std::string_view text, const TextLimits& limits) {
  if (text.find('\0') != std::string_view::npos) return "must not hold a NUL character";
  if (!IsValidUtf8(text)) return "must be valid Unicode (a surrogate stands alone)";
  const size_t length = CountCharacters(text);
  if (length < limits.min)
    return fmt::format("has {} characters; at least {} are needed", length, limits.min);
  if (length > limits.max)
    return fmt::format("has {} characters; at most {} are allowed", length, limits.max);
  if (limits.trimmed && Trim(text).size() != text.size()) return "must not begin or end with white space";
  return "";
}

std::string RangeFault(std::string_view value, const IntegerRange& range) {
  if (range.low == std::numeric_limits<int64_t>::min()) {
    return fmt::format("is {}; at most {} is allowed", value, range.high);
  }
  if (range.high == std::numeric_limits<int64_t>::max()) {
    return fmt::format("is {}; at least {} is needed", value, range.low);
  }
  return fmt::format("is {}; a whole number from {} to {} is needed", value, range.low, range.high);
}

std::string RangeFault(double value, const Range& range) {
  if (range.low == Range().low) return fmt::format("is {}; at most {} is allowed", value, range.high);
  if (range.high == Range().high) return fmt::format("is {}; at least {} is needed", value, range.low);
  return fmt::format("is {}; a number from {} to {} is needed", value, range.low, range.high);
}

}  // namespace forewarn::http
