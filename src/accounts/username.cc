#include "accounts/username.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "core/names.h"

namespace forewarn {
namespace {

constexpr size_t kMinCharacters = 3;
constexpr size_t kMaxCharacters = 64;
constexpr size_t kMaxBytes = 4 * kMaxCharacters;

struct FreeText {
  void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

// Empty for what utf8proc refuses (broken UTF-8, unassigned characters).
std::string Map(std::string_view text, int options) {
  utf8proc_uint8_t* out = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &out,
                                             static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE));
  const std::unique_ptr<utf8proc_uint8_t, FreeText> owner(out);
  return size < 0 ? std::string()
                  : std::string(reinterpret_cast<const char*>(out), static_cast<size_t>(size));
}

// Letters, digits, marks, punctuation, symbols, and the plain space: what a person can see.
bool IsVisible(utf8proc_int32_t character) {
  switch (utf8proc_category(character)) {
    case UTF8PROC_CATEGORY_ZS:
      return character == ' ';
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
      return false;
    default:
      return true;
  }
}

// The number of characters, or the fault.
Result<size_t> CountVisible(std::string_view name) {
  size_t count = 0;
  for (size_t at = 0; at < name.size(); ++count) {
    utf8proc_int32_t character = 0;
    const utf8proc_ssize_t size =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(name.data()) + at,
                         static_cast<utf8proc_ssize_t>(name.size() - at), &character);
    if (size <= 0) return Status::Invalid("a user name must be UTF-8 text");
    if (!IsVisible(character)) {
      return Status::Invalid(
          fmt::format("a user name may not hold the control or invisible character U+{:04X}",
                      static_cast<uint32_t>(character)));
    }
    at += static_cast<size_t>(size);
  }
  return count;
}

}  // namespace

Result<std::string> NormalizeUsername(std::string_view name) {
  const auto length = [] {
    return Status::Invalid(
        fmt::format("a user name has {} to {} characters", kMinCharacters, kMaxCharacters));
  };
  if (name.size() > kMaxBytes) return length();
  if (!IsValidUtf8(name)) return Status::Invalid("a user name must be UTF-8 text");
  FW_RETURN_IF_ERROR(CountVisible(name).status());
  const std::string composed = Map(name, UTF8PROC_COMPOSE);
  FW_ASSIGN_OR_RETURN(const size_t characters, CountVisible(composed));
  if (characters < kMinCharacters || characters > kMaxCharacters) return length();
  if (composed.front() == ' ' || composed.back() == ' ') {
    return Status::Invalid("a user name may not begin or end with a space");
  }
  if (UsernameKey(composed).empty()) return Status::Invalid("a user name needs characters one can see");
  return composed;
}

std::string UsernameKey(std::string_view name) {
  return Map(name, UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
}

}  // namespace forewarn
