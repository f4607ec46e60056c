#include "io/number_text.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/names.h"

namespace forewarn {
namespace {

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr uint64_t kExactMantissa = uint64_t{1} << 53;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "[-]digits[.digits]" of at most 18 digits: the mantissa and the power of ten are both exact doubles, so one
// division rounds correctly (Clinger, "How to Read Floating Point Numbers Accurately", 1990, the fast path).
bool ParseSimple(const char* p, const char* end, char point, double& value) {
  const bool minus = p != end && *p == '-';
  if (minus) ++p;
  if (end - p > 19) return false;
  uint64_t mantissa = 0;
  const char* first = p;
  while (p != end && IsDigit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
  if (p == first) return false;
  size_t decimals = 0;
  if (p != end) {
    if (*p != point) return false;
    const char* fraction = ++p;
    while (p != end && IsDigit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
    decimals = static_cast<size_t>(p - fraction);
    if (decimals == 0 || p != end) return false;
  } else if (p - first > 18) {
    return false;
  }
  if (mantissa > kExactMantissa) return false;
  const double magnitude = static_cast<double>(mantissa) / kPowersOfTen[decimals];
  value = minus ? -magnitude : magnitude;
  return true;
}

template <typename Word>
uint64_t Load(const char* p) {
  Word word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

// ParseSimple's twin for four to eight signs, all at once in a word (digit conversion: D. Lemire, "Quickly
// parsing eight digits", 2018). False also for what ParseSimple may still accept.
bool ParseShort(const char* p, size_t n, double& value) {
  constexpr uint64_t kOnes = 0x0101010101010101U;
  const bool minus = n > 0 && *p == '-';
  p += minus;
  n -= minus;
  if (n < 4 || n > 8 || std::endian::native != std::endian::little) return false;
  uint64_t word = Load<uint32_t>(p) | Load<uint32_t>(p + n - 4) << (8 * (n - 4));
  const uint64_t to_point = word ^ ('.' * kOnes);
  const uint64_t point = (to_point - kOnes) & ~to_point & (0x80 * kOnes);
  size_t decimals = 0;
  if (point != 0) {  // the point's byte is taken out
    const int at = std::countr_zero(point) & ~7;
    const uint64_t before = (uint64_t{1} << at) - 1;
    word = (word & before) | ((word >> 8) & ~before);
    --n;
    decimals = n - static_cast<size_t>(at / 8);
    if (decimals == 0 || at == 0) return false;
  }
  const size_t blank = 8 * (8 - n);  // bits; n is 3 to 8
  word = word << blank | (('0' * kOnes) & ((uint64_t{1} << blank) - 1));
  if (((word & (0xF0 * kOnes)) | (((word + 0x06 * kOnes) & (0xF0 * kOnes)) >> 4)) != 0x33 * kOnes)
    return false;
  word = (word & (0x0F * kOnes)) * 2561 >> 8;
  word = (word & 0x00FF00FF00FF00FFU) * 6553601 >> 16;
  word = (word & 0x0000FFFF0000FFFFU) * 42949672960001U >> 32;
  const double magnitude = static_cast<double>(word) / kPowersOfTen[decimals];
  value = minus ? -magnitude : magnitude;
  return true;
}

bool IsNullWord(std::string_view cell) {
  if (cell.size() > 4) return false;
  const std::string word = ToLower(cell);
  return word == "nan" || word == "na" || word == "n/a" || word == "null" || word == "none";
}

CellKind ParseGeneral(std::string_view text, double& value) {
  if (text.front() == '+') {
    text.remove_prefix(1);
    if (text.empty() || text.front() == '-') return CellKind::kText;
  }
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return CellKind::kText;
  if (error == std::errc::result_out_of_range) {
    // Too small is a number all the same: from_chars does not say which end was left.
    const size_t exponent = text.find_first_of("eE");
    const bool tiny =
        exponent != std::string_view::npos
            ? text.substr(exponent + 1).starts_with('-')
            : text.find('.') != std::string_view::npos && text.find_first_of("123456789") > text.find('.');
    if (!tiny) return CellKind::kInfinite;
    value = text.front() == '-' ? -0.0 : 0.0;
    return CellKind::kNumber;
  }
  if (std::isnan(value)) return CellKind::kEmpty;
  return std::isinf(value) ? CellKind::kInfinite : CellKind::kNumber;
}

// Whether "[-+]d{1,3},ddd" could be English thousands; a leading zero ("0,123") cannot.
bool LooksLikeThousands(std::string_view text, size_t comma) {
  const size_t begin = text.front() == '-' || text.front() == '+' ? 1 : 0;
  return text.size() - comma - 1 == 3 && comma > begin && comma - begin <= 3 && text[begin] != '0';
}

}  // namespace

CellKind ParseNumber(std::string_view cell, DecimalComma comma, double& value) {
  if (ParseShort(cell.data(), cell.size(), value)) return CellKind::kNumber;
  if (ParseSimple(cell.data(), cell.data() + cell.size(), '.', value)) return CellKind::kNumber;
  const std::string_view text = Trim(cell);
  if (text.empty()) return CellKind::kEmpty;
  const size_t at = comma == DecimalComma::kNo ? std::string_view::npos : text.find(',');
  if (at == std::string_view::npos) {
    const CellKind kind = ParseGeneral(text, value);
    return kind == CellKind::kText && IsNullWord(text) ? CellKind::kEmpty : kind;
  }
  if (text.size() > 64 || text.find(',', at + 1) != std::string_view::npos ||
      text.find('.') != std::string_view::npos) {
    return CellKind::kText;
  }
  std::string dotted(text);
  dotted[at] = '.';
  const CellKind kind = ParseGeneral(dotted, value);
  if (kind == CellKind::kNumber && comma == DecimalComma::kUncertain && LooksLikeThousands(text, at)) {
    return CellKind::kAmbiguous;
  }
  return kind;
}

void AppendNumber(double value, std::string& out) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), end);
}

}  // namespace forewarn
