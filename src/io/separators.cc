#include "io/separators.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>

namespace forewarn {
namespace {

void Scan(std::string_view text, size_t from, char delimiter, std::vector<uint32_t>& out) {
  for (size_t i = from; i < text.size(); ++i) {
    if (text[i] == delimiter || text[i] == '\n') out.push_back(static_cast<uint32_t>(i));
  }
}

}  // namespace

void FindSeparatorsPlain(std::string_view text, char delimiter, std::vector<uint32_t>& out) {
  out.clear();
  Scan(text, 0, delimiter, out);
}

void FindSeparators(std::string_view text, char delimiter, std::vector<uint32_t>& out) {
#ifdef __SSE2__
  out.clear();
  const __m128i wanted = _mm_set1_epi8(delimiter);
  const __m128i line_end = _mm_set1_epi8('\n');
  size_t count = 0;
  size_t i = 0;
  for (; i + 64 <= text.size(); i += 64) {
    if (out.size() < count + 64) out.resize(count + 64 + out.size() / 2);
    uint64_t mask = 0;
    for (size_t part = 0; part < 4; ++part) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i + 16 * part));
      const __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(bytes, wanted), _mm_cmpeq_epi8(bytes, line_end));
      mask |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(hit))) << (16 * part);
    }
    for (; mask != 0; mask &= mask - 1) {
      out[count++] = static_cast<uint32_t>(i + static_cast<size_t>(std::countr_zero(mask)));
    }
  }
  out.resize(count);
  Scan(text, i, delimiter, out);
#else
  FindSeparatorsPlain(text, delimiter, out);
#endif
}

}  // namespace forewarn
