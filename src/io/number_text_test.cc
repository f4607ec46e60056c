#include "io/number_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>

#include "core/random.h"

namespace forewarn {
namespace {

TEST(NumberText, AMillionRandomNumbersRoundAsStrtodDoes) {
  Random random(11);
  std::string text;
  for (int i = 0; i < 1000000; ++i) {
    text.clear();
    if (random.Below(2) == 0) text += '-';
    const uint64_t whole = 1 + random.Below(12), decimals = random.Below(12);
    for (uint64_t k = 0; k < whole; ++k) text += static_cast<char>('0' + random.Below(10));
    if (decimals > 0) text += '.';
    for (uint64_t k = 0; k < decimals; ++k) text += static_cast<char>('0' + random.Below(10));
    if (random.Below(10) == 0) text += "e" + std::to_string(static_cast<int>(random.Below(580)) - 300);
    double value = 0;
    ASSERT_EQ(ParseNumber(text, DecimalComma::kNo, value), CellKind::kNumber) << text;
    ASSERT_EQ(std::bit_cast<uint64_t>(value), std::bit_cast<uint64_t>(std::strtod(text.c_str(), nullptr)))
        << text;
  }
}

// The word-wide way takes only what a number is: every short text of number signs is judged as strtod judges
// it.
TEST(NumberText, ShortTextsAreJudgedAsStrtodJudges) {
  Random random(13);
  int numbers = 0;
  for (int i = 0; i < 1000000; ++i) {
    std::string text;
    for (uint64_t k = 1 + random.Below(9); k > 0; --k) text += "0123456789.-/:"[random.Below(14)];
    double value = 0;
    char* end = nullptr;
    const double expected = std::strtod(text.c_str(), &end);
    const bool is_number = *end == '\0';
    ASSERT_EQ(ParseNumber(text, DecimalComma::kNo, value) == CellKind::kNumber, is_number) << text;
    if (is_number) {
      ++numbers;
      ASSERT_EQ(std::bit_cast<uint64_t>(value), std::bit_cast<uint64_t>(expected)) << text;
    }
  }
  EXPECT_GT(numbers, 100000);
}

TEST(NumberText, WhatIsWrittenReadsBackBitForBit) {
  Random random(12);
  for (int i = 0; i < 200000; ++i) {
    const double value = std::bit_cast<double>(random.Next());
    if (!std::isfinite(value)) continue;
    std::string text;
    AppendNumber(value, text);
    double back = 0;
    ASSERT_EQ(ParseNumber(text, DecimalComma::kYes, back), CellKind::kNumber) << text;
    ASSERT_EQ(std::bit_cast<uint64_t>(back), std::bit_cast<uint64_t>(value)) << text;
  }
}

TEST(NumberText, CellsAreJudged) {
  const auto kind = [](const char* text, DecimalComma comma = DecimalComma::kYes) {
    double value = 0;
    return ParseNumber(text, comma, value);
  };
  for (const char* text : {"1", "+1", " 1 ", "-0", ".5", "5.", "1,5", "1e5", "1E-5", "1e-999", "0,123",
                           "12345678901234567890123"})
    EXPECT_EQ(kind(text), CellKind::kNumber) << text;
  for (const char* text : {"", "  ", "nan", "NaN", "NA", "n/a", "null", "None"})
    EXPECT_EQ(kind(text), CellKind::kEmpty) << text;
  for (const char* text : {"inf", "-Infinity", "1e999", "-1e999"})
    EXPECT_EQ(kind(text), CellKind::kInfinite) << text;
  for (const char* text :
       {"Bad", "0x1F", "1 2", "1.2.3", "1.234,5", "1,2,3", "--1", "+-1", "++1", "1-", "e5", "-", "."})
    EXPECT_EQ(kind(text), CellKind::kText) << text;
  EXPECT_EQ(kind("1,234", DecimalComma::kUncertain), CellKind::kAmbiguous);
  EXPECT_EQ(kind("-12,345", DecimalComma::kUncertain), CellKind::kAmbiguous);
  EXPECT_EQ(kind("0,123", DecimalComma::kUncertain), CellKind::kNumber);
  EXPECT_EQ(kind("1,5", DecimalComma::kNo), CellKind::kText);
}

}  // namespace
}  // namespace forewarn
