#include "http/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/names.h"
#include "http/problem.h"
#include "http/text_limits.h"

namespace forewarn::http {
namespace {

constexpr size_t kMaxPairs = 1000;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsTokenChar(char c) {  // RFC 6750's b64token
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> DecodePercent(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = HexDigit(text[i + 1]);
      const int low = HexDigit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  if (!IsValidUtf8(out)) return std::nullopt;
  return out;
}

std::string EncodePercent(std::string_view text, std::string_view kept) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '.' || c == '_' || c == '~' ||
                            kept.find(c) != std::string_view::npos;
    if (unreserved) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

bool DecodePairs(std::string_view text, Pairs* out) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (out->size() == kMaxPairs) return false;
    const size_t equals = std::min(pair.find('='), pair.size());
    auto name = DecodePercent(pair.substr(0, equals), true);
    auto value = DecodePercent(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) return false;
    out->emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

Parameters Parameters::Form(const Request& request) {
  Parameters out({}, "/form/");
  if (!DecodePairs(request.body, &out.pairs_)) {
    out.malformed_ = "the form is not percent-encoded UTF-8 without NUL, or has over 1000 fields";
  }
  return out;
}

bool Parameters::Has(std::string_view name) const {
  return std::any_of(pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair.first == name; });
}

void Parameters::AddFault(std::string_view name, std::string detail) {
  faults_.push_back({base_ + PointerToken(name), std::move(detail)});
}

const std::string* Parameters::Take(std::string_view name, bool needed) {
  asked_.emplace_back(name);
  const std::string* found = nullptr;
  for (const auto& [key, value] : pairs_) {
    if (key != name) continue;
    if (found != nullptr) {
      AddFault(name, "given more than once");
      return nullptr;
    }
    found = &value;
  }
  if (found == nullptr && needed) AddFault(name, "is missing");
  return found;
}

std::string Parameters::Text(std::string_view name, TextLimits limits) {
  const std::string* text = Take(name, true);
  if (text == nullptr) return "";
  if (std::string fault = TextFault(*text, limits); !fault.empty()) AddFault(name, std::move(fault));
  return *text;
}

std::string Parameters::Text(std::string_view name, TextLimits limits, std::string absent) {
  if (Has(name)) return Text(name, limits);
  asked_.emplace_back(name);
  return absent;
}

std::optional<int64_t> Parameters::ReadInteger(std::string_view name, IntegerRange range, bool needed) {
  const std::string* text = Take(name, needed);
  if (text == nullptr) return std::nullopt;
  int64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  const bool digits = !text->empty() && stop == end;
  if (!digits) {
    AddFault(name, "must be a whole number in digits");
  } else if (error != std::errc() || value < range.low || value > range.high) {
    AddFault(name, RangeFault(error == std::errc() ? fmt::format("{}", value) : "too large", range));
  } else {
    return value;
  }
  return std::nullopt;
}

int64_t Parameters::Integer(std::string_view name, IntegerRange range) {
  return ReadInteger(name, range, true).value_or(0);
}

int64_t Parameters::Integer(std::string_view name, IntegerRange range, int64_t absent) {
  return ReadInteger(name, range, false).value_or(absent);
}

std::optional<int64_t> Parameters::OptionalInteger(std::string_view name, IntegerRange range) {
  return ReadInteger(name, range, false);
}

std::string Parameters::Choice(std::string_view name, const std::vector<std::string>& known,
                               std::string absent) {
  const std::string* text = Take(name, false);
  if (text == nullptr) return absent;
  if (std::find(known.begin(), known.end(), *text) == known.end()) {
    AddFault(name, "must be one of: " + JoinNames(known));
  }
  return *text;
}

std::optional<Response> Parameters::Finish(UnknownKeys unknown) {
  if (!malformed_.empty()) return Problem(400, malformed_);
  if (unknown == UnknownKeys::kRefuse) {
    for (const auto& [name, value] : pairs_) {
      if (std::find(asked_.begin(), asked_.end(), name) == asked_.end()) {
        AddFault(name, "is not known here; known: " + JoinNames(asked_));
        asked_.push_back(name);
      }
    }
  }
  if (faults_.empty()) return std::nullopt;
  return Problem(FaultStatus(faults_), faults_);
}

std::optional<std::string> FindCookie(const Request& request, std::string_view name) {
  std::optional<std::string> found;
  for (size_t i = 0; i < request.fields.size(); ++i) {
    if (ToLower(request.fields.name(i)) != "cookie") continue;
    std::string_view rest = request.fields.value(i);
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = Trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      const std::string_view value = pair.substr(equals + 1);
      if (found && *found != value) return std::nullopt;
      found = value;
    }
  }
  return found;
}

std::optional<std::string_view> BearerToken(const Request& request) {
  if (request.fields.Count("Authorization") != 1) return std::nullopt;
  std::string_view value = request.Header("Authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (value.size() <= kScheme.size() || ToLower(value.substr(0, kScheme.size())) != kScheme) {
    return std::nullopt;
  }
  value = Trim(value.substr(kScheme.size()));
  if (value.empty() || !std::all_of(value.begin(), value.end(), IsTokenChar)) return std::nullopt;
  return value;
}

std::string SetCookieValue(std::string_view name, std::string_view value, bool secure, int64_t max_age) {
  std::string out = fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict", name, value);
  if (secure) out += "; Secure";
  if (max_age >= 0) out += fmt::format("; Max-Age={}", max_age);
  return out;
}

}  // namespace forewarn::http
