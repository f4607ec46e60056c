#include "core/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace forewarn {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

char LowerChar(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string JoinNames(const std::vector<std::string>& names, std::string_view separator) {
  return fmt::format("{}", fmt::join(names, separator));
}

std::string NearestName(std::string_view name, const std::vector<std::string>& candidates) {
  if (name.size() < 2 || name.size() > 100) return "";  // one letter is as near to any other
  const std::string lower = ToLower(name);
  std::string best;
  size_t best_distance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > 200) continue;
    const size_t distance = EditDistance(lower, ToLower(candidate));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string UnknownName(std::string_view kind, std::string_view name, const std::vector<std::string>& known) {
  constexpr size_t kListed = 40;
  std::string out = fmt::format("unknown {} '{}'", kind, name.substr(0, 80));
  const std::string nearest = NearestName(name, known);
  if (!nearest.empty()) out += fmt::format(" (did you mean '{}'?)", nearest);
  if (known.empty()) return out + fmt::format("; there is no {} yet", kind);
  const std::vector<std::string> listed(known.begin(), known.begin() + std::min(kListed, known.size()));
  out += fmt::format("; known: {}", JoinNames(listed));
  if (known.size() > kListed) out += fmt::format(" and {} more", known.size() - kListed);
  return out;
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), LowerChar);
  return out;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool IsValidUtf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int extra = lead < 0x80                   ? 0
                      : lead >= 0xC2 && lead < 0xE0 ? 1
                      : (lead & 0xF0) == 0xE0       ? 2
                      : lead >= 0xF0 && lead < 0xF5 ? 3
                                                    : -1;
    if (extra < 0 || i + extra >= text.size()) return false;
    for (int k = 1; k <= extra; ++k) {
      const auto c = static_cast<unsigned char>(text[i + k]);
      if ((c & 0xC0) != 0x80) return false;
      if (k == 1 && ((lead == 0xE0 && c < 0xA0) || (lead == 0xED && c >= 0xA0) ||
                     (lead == 0xF0 && c < 0x90) || (lead == 0xF4 && c >= 0x90))) {
        return false;
      }
    }
    i += extra + 1;
  }
  return true;
}

bool MatchesPattern(std::string_view text, std::string_view pattern, const Wildcards& wildcards) {
  const auto same = [&](char a, char b) {
    return wildcards.ignore_case ? LowerChar(a) == LowerChar(b) : a == b;
  };
  size_t t = 0;
  size_t p = 0;
  size_t star = std::string_view::npos;
  size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == wildcards.any) {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == wildcards.one || same(pattern[p], text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == wildcards.any) ++p;
  return p == pattern.size();
}

}  // namespace forewarn
