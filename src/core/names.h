// Helpers for messages about names: an unknown name's error lists the known ones and the nearest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forewarn {

std::string JoinNames(const std::vector<std::string>& names, std::string_view separator = ", ");
// The candidate with the smallest edit distance, if it is near enough to be what was meant; else "".
std::string NearestName(std::string_view name, const std::vector<std::string>& candidates);
// "unknown model 'x' (did you mean 'y'?); known models: a, b, c". At most 40 names are listed.
std::string UnknownName(std::string_view kind, std::string_view name, const std::vector<std::string>& known);

std::string ToLower(std::string_view text);    // ASCII
std::string_view Trim(std::string_view text);  // spaces, tabs, line ends, at both ends
bool IsValidUtf8(std::string_view text);
// The characters of a pattern that stand for others: any text, and any one character.
struct Wildcards {
  char any = '*';
  char one = '?';
  bool ignore_case = true;  // ASCII
};
// By default a case-insensitive shell pattern.
bool MatchesPattern(std::string_view text, std::string_view pattern, const Wildcards& wildcards = {});

}  // namespace forewarn
