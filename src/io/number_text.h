// Numbers in text cells: exactly rounded, with a short way for the simple decimals historians write. Shared
// by the CSV and the workbook readers. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace forewarn {

enum class CellKind {
  kNumber,
  kEmpty,      // nothing, or one of "nan", "na", "n/a", "null", "none" (any case)
  kInfinite,   // "inf", or beyond the range of a double
  kAmbiguous,  // "1,234" where a comma may mean thousands or a decimal
  kText,
};

// How a comma in a number is to be understood.
enum class DecimalComma {
  kNo,        // "1,5" is text
  kYes,       // "1,5" is 1.5; "1.5" too
  kUncertain  // as kYes, but a group of exactly three digits after the comma is kAmbiguous
};

// Blanks around the cell are ignored; a leading '+' is accepted; hexadecimal is not. value is set for
// kNumber.
CellKind ParseNumber(std::string_view cell, DecimalComma comma, double& value);

// The shortest text that reads back as the same double: "80", "0.1", "1e+20", "-0".
void AppendNumber(double value, std::string& out);

}  // namespace forewarn
