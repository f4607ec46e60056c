// Little-endian fields of binary workbooks. The caller has checked that offset + size lies inside.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace forewarn {

template <typename T>
T LittleEndian(std::string_view bytes, size_t offset) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace forewarn
