// Positions of delimiters and line ends in a block of text, sixteen bytes at a step. Its plain twin stands
// beside it for the tests and for machines without SSE2. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace forewarn {

// Offsets of every `delimiter` and '\n', ascending. text.size() < 2^32.
void FindSeparators(std::string_view text, char delimiter, std::vector<uint32_t>& out);
void FindSeparatorsPlain(std::string_view text, char delimiter, std::vector<uint32_t>& out);

}  // namespace forewarn
