#include "core/json_text.h"

namespace forewarn {
namespace {

constexpr size_t kSafeDigits = 18;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<std::string> WidenIntegers(std::string_view json) {
  std::string out;
  bool widened = false;
  bool in_string = false;
  for (size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (in_string) {
      const size_t taken = c == '\\' && i + 1 < json.size() ? 2 : 1;
      in_string = c != '"';
      out += json.substr(i, taken);
      i += taken;
    } else if (IsDigit(c)) {
      size_t end = i;
      while (end < json.size() && IsDigit(json[end])) ++end;
      const size_t digits = end - i;
      bool whole = true;
      while (end < json.size() &&
             (IsDigit(json[end]) || std::string_view(".eE+-").find(json[end]) != std::string_view::npos)) {
        whole = false;
        ++end;
      }
      out += json.substr(i, end - i);
      if (whole && digits > kSafeDigits) {
        out += "e0";
        widened = true;
      }
      i = end;
    } else {
      in_string = c == '"';
      out += c;
      ++i;
    }
  }
  if (!widened) return std::nullopt;
  return out;
}

}  // namespace forewarn
