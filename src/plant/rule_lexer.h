// A rule's text as tokens, with the place of each for messages. Private to the rule parser.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/status.h"

namespace forewarn {

// "line 1, column 14" of a byte; a column is a character, not a byte.
std::string RulePlace(std::string_view text, size_t offset);

enum class RuleTokenKind { kNumber, kName, kSymbol, kEnd };

struct RuleToken {
  RuleTokenKind kind = RuleTokenKind::kEnd;
  std::string text;  // names in lower case
  double number = 0;
  size_t offset = 0;
};

class RuleLexer {
 public:
  explicit RuleLexer(std::string_view text) : text_(text) {}
  Result<RuleToken> Next();

 private:
  Result<RuleToken> Number();

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace forewarn
