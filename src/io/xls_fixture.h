// Hand-made .xls workbooks for tests: BIFF records in a compound file of 512-byte sectors.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace forewarn::xls_fixture {

template <typename T>
std::string Le(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}
inline std::string U16(unsigned value) { return Le(static_cast<uint16_t>(value)); }
inline std::string U32(uint32_t value) { return Le(value); }

inline std::string Record(unsigned type, const std::string& data) {
  return U16(type) + U16(static_cast<unsigned>(data.size())) + data;
}
// A BIFF8 string of one-byte characters after its length.
inline std::string Text(const std::string& ascii) {
  return U16(static_cast<unsigned>(ascii.size())) + '\0' + ascii;
}

inline std::string Cell(unsigned type, unsigned row, unsigned column, const std::string& rest,
                        unsigned format = 0) {
  return Record(type, U16(row) + U16(column) + U16(format) + rest);
}

// A workbook stream of one sheet: globals (after their BOF) and the sheet's records.
inline std::string Stream(const std::string& globals, const std::string& cells, unsigned version = 0x0600) {
  const std::string bof = Record(0x809, U16(version) + U16(5) + std::string(12, '\0'));
  const size_t sheet_record = 4 + 9;
  const auto offset = static_cast<uint32_t>(bof.size() + sheet_record + globals.size() + 4);
  const std::string sheet = Record(0x85, U32(offset) + std::string("\0\0\1\0a", 5));
  const std::string end = Record(0x0A, "");
  return bof + sheet + globals + end + Record(0x809, U16(version) + U16(0x10) + std::string(12, '\0')) +
         cells + end;
}

inline std::string Entry(const std::string& name, char type, uint32_t first, uint32_t size) {
  std::string out;
  for (const char c : name) out += {c, '\0'};
  out.resize(64);
  out += U16(static_cast<unsigned>(2 * name.size() + 2)) + type + '\1' + std::string(48, '\xFF');
  out.resize(116);
  return out + U32(first) + U32(size) + U32(0);
}

// Sector 0: FAT, sector 1: directory, sectors 2…: the stream (at least 4096 bytes, so that it is a regular
// one).
inline std::string Compound(std::string stream, const std::string& name = "Workbook") {
  if (stream.size() < 4096) stream.resize(4096);
  const auto size = static_cast<uint32_t>(stream.size());
  stream.resize((stream.size() + 511) / 512 * 512);
  const auto sectors = static_cast<uint32_t>(stream.size() / 512);
  std::string header("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
  header +=
      std::string(16, '\0') + U16(0x3E) + U16(3) + U16(0xFFFE) + U16(9) + U16(6) + std::string(10, '\0');
  header +=
      U32(1) + U32(1) + U32(0) + U32(4096) + U32(0xFFFFFFFE) + U32(0) + U32(0xFFFFFFFE) + U32(0) + U32(0);
  header.resize(512, '\xFF');
  std::string fat = U32(0xFFFFFFFD) + U32(0xFFFFFFFE);
  for (uint32_t s = 0; s < sectors; ++s) fat += U32(s + 1 < sectors ? s + 3 : 0xFFFFFFFE);
  fat.resize(512, '\xFF');
  std::string directory = Entry("Root Entry", 5, 0xFFFFFFFE, 0) + Entry(name, 2, 2, size);
  directory.resize(512);
  return header + fat + directory + stream;
}

}  // namespace forewarn::xls_fixture
