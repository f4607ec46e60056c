#include "arrow_cells.h"

#include <cmath>
#include <cstring>

#include "frame/frame.h"

namespace forewarn::python {
namespace {

using Kind = CellType::Kind;
using Layout = CellType::Layout;

template <typename T>
T Read(const ArrowArray& array, int64_t cell) {
  return static_cast<const T*>(array.buffers[1])[array.offset + cell];
}

bool Bit(const void* bits, int64_t at) {
  return (static_cast<const uint8_t*>(bits)[at / 8] >> (at % 8) & 1) != 0;
}

double HalfToDouble(uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  const double value = exponent == 0    ? std::ldexp(fraction, -24)
                       : exponent == 31 ? (fraction != 0 ? kNull : std::numeric_limits<double>::infinity())
                                        : std::ldexp(fraction + 1024, exponent - 25);
  return (half & 0x8000) != 0 ? -value : value;
}

std::optional<Layout> NumberLayout(char c) {
  switch (c) {
    case 'b':
      return Layout::kBit;
    case 'c':
      return Layout::kInt8;
    case 'C':
      return Layout::kUint8;
    case 's':
      return Layout::kInt16;
    case 'S':
      return Layout::kUint16;
    case 'i':
      return Layout::kInt32;
    case 'I':
      return Layout::kUint32;
    case 'l':
      return Layout::kInt64;
    case 'L':
      return Layout::kUint64;
    case 'e':
      return Layout::kHalf;
    case 'f':
      return Layout::kFloat;
    case 'g':
      return Layout::kDouble;
    default:
      return std::nullopt;
  }
}

std::optional<CellType> ParseTimestamp(std::string_view format) {  // "tsu:Europe/Warsaw"
  constexpr std::string_view kUnits = "smun";
  constexpr int64_t kNanoseconds[] = {1'000'000'000, 1'000'000, 1'000, 1};
  const size_t unit = format.size() > 3 && format[3] == ':' ? kUnits.find(format[2]) : std::string_view::npos;
  if (unit == std::string_view::npos) return std::nullopt;
  return CellType{Kind::kTime, Layout::kInt64, kNanoseconds[unit], format.size() > 4};
}

}  // namespace

std::optional<CellType> ParseCellType(std::string_view format) {
  if (format == "n") return CellType{};
  if (format.size() == 1) {
    if (const auto layout = NumberLayout(format[0])) return CellType{Kind::kNumber, *layout, 0, false};
  }
  if (format == "u" || format == "z") return CellType{Kind::kText, Layout::kText32, 0, false};
  if (format == "U" || format == "Z") return CellType{Kind::kText, Layout::kText64, 0, false};
  if (format == "vu" || format == "vz") return CellType{Kind::kText, Layout::kTextView, 0, false};
  if (format == "tdD") return CellType{Kind::kTime, Layout::kInt32, 86'400'000'000'000, false};
  if (format == "tdm") return CellType{Kind::kTime, Layout::kInt64, 1'000'000, false};
  if (format.starts_with("ts")) return ParseTimestamp(format);
  return std::nullopt;
}

bool IsValidCell(const ArrowArray& array, int64_t cell) {
  if (array.null_count == 0 || array.n_buffers == 0 || array.buffers[0] == nullptr) return true;
  return Bit(array.buffers[0], array.offset + cell);
}

int64_t IntegerCell(const CellType& type, const ArrowArray& array, int64_t cell) {
  switch (type.layout) {
    case Layout::kBit:
      return Bit(array.buffers[1], array.offset + cell) ? 1 : 0;
    case Layout::kInt8:
      return Read<int8_t>(array, cell);
    case Layout::kInt16:
      return Read<int16_t>(array, cell);
    case Layout::kInt32:
      return Read<int32_t>(array, cell);
    case Layout::kUint8:
      return Read<uint8_t>(array, cell);
    case Layout::kUint16:
      return Read<uint16_t>(array, cell);
    case Layout::kUint32:
      return Read<uint32_t>(array, cell);
    case Layout::kUint64:
      return static_cast<int64_t>(Read<uint64_t>(array, cell));
    default:
      return Read<int64_t>(array, cell);
  }
}

double NumberCell(const CellType& type, const ArrowArray& array, int64_t cell) {
  switch (type.layout) {
    case Layout::kNone:
      return kNull;
    case Layout::kHalf:
      return HalfToDouble(Read<uint16_t>(array, cell));
    case Layout::kFloat:
      return Read<float>(array, cell);
    case Layout::kDouble:
      return Read<double>(array, cell);
    case Layout::kUint64:
      return static_cast<double>(Read<uint64_t>(array, cell));
    default:
      return static_cast<double>(IntegerCell(type, array, cell));
  }
}

PlantTime TimeCell(const CellType& type, const ArrowArray& array, int64_t cell) {
  const int64_t value = IntegerCell(type, array, cell);
  constexpr int64_t kMicrosecond = 1000;  // in nanoseconds
  if (type.unit_nanoseconds < kMicrosecond) {
    return value / kMicrosecond - (value % kMicrosecond < 0 ? 1 : 0);  // towards the past
  }
  int64_t out = 0;
  return __builtin_mul_overflow(value, type.unit_nanoseconds / kMicrosecond, &out) ? kNoTime : out;
}

std::string_view TextCell(const CellType& type, const ArrowArray& array, int64_t cell) {
  const int64_t at = array.offset + cell;
  const auto between = [&](auto offsets) {
    return std::string_view(static_cast<const char*>(array.buffers[2]) + offsets[at],
                            static_cast<size_t>(offsets[at + 1] - offsets[at]));
  };
  if (type.layout == Layout::kText32) return between(static_cast<const int32_t*>(array.buffers[1]));
  if (type.layout == Layout::kText64) return between(static_cast<const int64_t*>(array.buffers[1]));
  // A view: length, then up to 12 bytes of text, or 4 bytes of prefix, a buffer's number and a place in it.
  const char* view = static_cast<const char*>(array.buffers[1]) + at * 16;
  int32_t words[4];
  std::memcpy(words, view, sizeof(words));
  const auto length = static_cast<size_t>(words[0]);
  if (length <= 12) return {view + 4, length};
  return {static_cast<const char*>(array.buffers[2 + words[2]]) + words[3], length};
}

}  // namespace forewarn::python
