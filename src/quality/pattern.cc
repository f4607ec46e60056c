#define PCRE2_CODE_UNIT_WIDTH 8
#include "quality/pattern.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>

namespace forewarn {
namespace {

constexpr size_t kMaxPattern = 10000;
constexpr uint32_t kMatchLimit = 1000000;  // PCRE2's own default is ten times that: seconds a cell
constexpr uint32_t kHeapLimitKilobytes = 20000;

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

// Python's syntax in PCRE2's: \Z is the very end, \uXXXX a character; what only PCRE2 knows (\K, recursion,
// verbs, POSIX classes) is refused or made literal, as Python does.
class Translator {
 public:
  explicit Translator(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> Run() {
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c == '\\') {
        FW_RETURN_IF_ERROR(Escape());
      } else if (in_class_) {
        Class(c);
      } else if (c == '[') {
        OpenClass();
      } else if (c == '(') {
        FW_RETURN_IF_ERROR(Group());
      } else {
        Copy(1);
      }
    }
    return std::move(out_);
  }

 private:
  void Copy(size_t n) {
    out_ += pattern_.substr(at_, n);
    at_ += n;
  }

  Status Bad(std::string_view what) const {
    return Status::Invalid(fmt::format("the pattern is wrong at position {}: {}", at_, what));
  }

  Status Escape() {
    if (at_ + 1 >= pattern_.size()) return Bad("it ends in '\\'");
    const char c = pattern_[at_ + 1];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == 'Z' && !in_class_) {
      out_ += "\\z";
      at_ += 2;
      return Status::Ok();
    }
    if (c == 'u' || c == 'U') {
      const size_t digits = c == 'u' ? 4 : 8;
      const std::string_view hex = pattern_.substr(at_ + 2, digits);
      if (hex.size() != digits || !IsHex(hex))
        return Bad(fmt::format("\\{} wants {} hexadecimal digits", c, digits));
      out_ += fmt::format("\\x{{{}}}", hex);
      at_ += 2 + digits;
      return Status::Ok();
    }
    constexpr std::string_view kEverywhere = "dDsSwWtnrfvax";
    constexpr std::string_view kOutside = "AbB";
    const bool known = !letter || kEverywhere.find(c) != std::string_view::npos ||
                       (in_class_ ? c == 'b' : kOutside.find(c) != std::string_view::npos);
    if (!known) return Bad(fmt::format("bad escape \\{}", c));
    if (c == 'v') {  // Python: vertical tab; PCRE2: any vertical space
      out_ += "\\x0b";
      at_ += 2;
      return Status::Ok();
    }
    Copy(2);
    return Status::Ok();
  }

  void OpenClass() {
    in_class_ = true;
    Copy(1);
    if (at_ < pattern_.size() && pattern_[at_] == '^') Copy(1);
    if (at_ < pattern_.size() && pattern_[at_] == ']') {  // first, it is a member
      out_ += "\\]";
      ++at_;
    }
  }

  void Class(char c) {
    if (c == '[') out_ += '\\';
    if (c == ']') in_class_ = false;
    Copy(1);
  }

  Status Group() {
    const std::string_view rest = pattern_.substr(at_);
    if (rest.substr(0, 2) == "(*") return Bad("nothing to repeat");
    if (rest.substr(0, 2) != "(?") {
      Copy(1);
      return Status::Ok();
    }
    for (const std::string_view known :
         {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?P<", "(?P=", "(?>", "(?#", "(?("}) {
      if (rest.substr(0, known.size()) == known) {
        Copy(known.size());
        return Status::Ok();
      }
    }
    const size_t flags_end = rest.find_first_not_of("imsx-", 2);
    if (flags_end == std::string_view::npos || flags_end == 2 ||
        (rest[flags_end] != ')' && rest[flags_end] != ':')) {
      return Bad(fmt::format("unknown extension {}", rest.substr(0, 3)));
    }
    Copy(flags_end + 1);
    return Status::Ok();
  }

  std::string_view pattern_;
  size_t at_ = 0;
  bool in_class_ = false;
  std::string out_;
};

}  // namespace

struct Pattern::Code {
  pcre2_code* code = nullptr;
  pcre2_match_data* data = nullptr;
  pcre2_match_context* context = nullptr;
  ~Code() {
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    pcre2_code_free(code);
  }
};

Pattern::Pattern(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::Compile(std::string_view python_pattern) {
  if (python_pattern.size() > kMaxPattern) {
    return Status::Invalid(fmt::format("the pattern has more than {} characters", kMaxPattern));
  }
  FW_ASSIGN_OR_RETURN(const std::string translated, Translator(python_pattern).Run());
  int error = 0;
  PCRE2_SIZE place = 0;
  auto code = std::make_unique<Code>();
  pcre2_compile_context* compile = pcre2_compile_context_create(nullptr);
  pcre2_set_newline(compile, PCRE2_NEWLINE_LF);
  code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                             PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, &error, &place, compile);
  pcre2_compile_context_free(compile);
  if (code->code == nullptr) {
    PCRE2_UCHAR text[256] = {0};
    pcre2_get_error_message(error, text, sizeof(text));
    return Status::Invalid(
        fmt::format("the pattern is wrong at position {}: {}", place, reinterpret_cast<char*>(text)));
  }
  code->data = pcre2_match_data_create(1, nullptr);
  code->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(code->context, kMatchLimit);
  pcre2_set_heap_limit(code->context, kHeapLimitKilobytes);
  return Pattern(std::move(code));
}

Result<bool> Pattern::Search(std::string_view text) const {
  const int found = pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0,
                                code_->data, code_->context);
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  PCRE2_UCHAR message[256] = {0};
  pcre2_get_error_message(found, message, sizeof(message));
  return Status::Invalid(fmt::format("the pattern takes too long on a cell of {} bytes ({}); make it simpler",
                                     text.size(), reinterpret_cast<char*>(message)));
}

}  // namespace forewarn
