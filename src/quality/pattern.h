// A regular expression as Python's `re` reads it, searched for anywhere in a text; matched by PCRE2 with a
// limit on work, so that no pattern can hang. Used by expect_column_values_to_match_regex. One object belongs
// to one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/status.h"

namespace forewarn {

class Pattern {
 public:
  // Invalid, with the place, where Python would refuse the pattern or PCRE2 has no equal of it.
  static Result<Pattern> Compile(std::string_view python_pattern);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  // Fails where matching takes more steps than any sensible pattern needs.
  Result<bool> Search(std::string_view text) const;

 private:
  struct Code;
  explicit Pattern(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace forewarn
