#include "plant/rule_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/names.h"

namespace forewarn {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

std::string RulePlace(std::string_view text, size_t offset) {
  int line = 1;
  int column = 1;
  for (size_t i = 0; i < std::min(offset, text.size()); ++i) {
    if (text[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) {
      ++column;
    }
  }
  return fmt::format("line {}, column {}", line, column);
}

Result<RuleToken> RuleLexer::Next() {
  while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  RuleToken token;
  token.offset = at_;
  if (at_ == text_.size()) return token;
  const char c = text_[at_];
  if (IsDigit(c) || (c == '.' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))) return Number();
  if (IsNameStart(c)) {
    while (at_ < text_.size() && (IsNameStart(text_[at_]) || IsDigit(text_[at_]))) ++at_;
    token.kind = RuleTokenKind::kName;
    token.text = ToLower(text_.substr(token.offset, at_ - token.offset));
    return token;
  }
  for (const std::string_view symbol :
       {"<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", ","}) {
    if (text_.substr(at_, symbol.size()) == symbol) {
      at_ += symbol.size();
      token.kind = RuleTokenKind::kSymbol;
      token.text = symbol;
      return token;
    }
  }
  std::string message = RulePlace(text_, at_) + ": ";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '=') {
    message += "'=' compares nothing; write '=='";
  } else if (c == '&' || c == '|' || c == '!') {
    message += fmt::format("'{}' is unknown; write 'and', 'or' or 'not'", c);
  } else if (byte >= 0x20 && byte < 0x7F) {
    message += fmt::format("unexpected character '{}'", c);
  } else {
    message += fmt::format("unexpected byte 0x{:02x}", byte);
  }
  return Status::Invalid(message);
}

Result<RuleToken> RuleLexer::Number() {
  RuleToken token;
  token.offset = at_;
  token.kind = RuleTokenKind::kNumber;
  const char* end = text_.data() + text_.size();
  const auto [stop, error] = std::from_chars(text_.data() + at_, end, token.number);
  const size_t length = static_cast<size_t>(stop - (text_.data() + at_));
  if (error != std::errc() || !std::isfinite(token.number)) {
    return Status::Invalid(RulePlace(text_, at_) + ": the number is too large");
  }
  at_ += length;
  token.text = text_.substr(token.offset, length);
  if (at_ < text_.size() && (IsNameStart(text_[at_]) || text_[at_] == '.')) {
    return Status::Invalid(fmt::format("{}: a number runs into '{}'; a column's name starts with a letter",
                                       RulePlace(text_, token.offset), text_[at_]));
  }
  return token;
}

}  // namespace forewarn
