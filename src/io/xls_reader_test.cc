#include "io/xls_reader.h"

#include <fmt/format.h>
#include <freexl.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/file.h"
#include "io/excel_time.h"
#include "io/xls_fixture.h"

namespace forewarn {
namespace {
namespace xls_test {

using xls_fixture::Cell;
using xls_fixture::Compound;
using xls_fixture::Record;
using xls_fixture::Stream;
using xls_fixture::Text;
using xls_fixture::U16;
using xls_fixture::U32;

std::filesystem::path Sample(int system) {
  return std::filesystem::path(FOREWARN_SOURCE_DIR) / fmt::format("src/io/testdata/readings_{}.xls", system);
}

Status Dump(const std::string& bytes, std::string& out, SheetOptions options = {}) {
  return ReadXlsBytes(bytes, options, [&](const SheetRow& row) {
    out += fmt::format("{}{}:", out.empty() ? "" : "\n", row.number);
    for (const SheetCell& cell : row.cells) {
      out += fmt::format(" {}=", static_cast<char>('A' + cell.column));
      switch (cell.kind) {
        case SheetCell::Kind::kNumber:
          out += fmt::format("{}{}", cell.number, cell.date_style ? "d" : "");
          break;
        case SheetCell::Kind::kText:
          out += fmt::format("'{}'", cell.text);
          break;
        case SheetCell::Kind::kBoolean:
          out += cell.number != 0 ? "TRUE" : "FALSE";
          break;
        case SheetCell::Kind::kError:
          out += cell.text;
          break;
      }
    }
    return Status::Ok();
  });
}

std::string DumpOk(const std::string& bytes) {
  std::string out;
  const Status status = Dump(bytes, out);
  EXPECT_TRUE(status.ok()) << status.message();
  return out;
}

std::string DumpError(const std::string& bytes) {
  std::string out;
  const Status status = Dump(bytes, out);
  EXPECT_FALSE(status.ok()) << out;
  return status.message();
}

TEST(Xls, ReadsRealFilesOfBothDateSystemsToTheMillisecond) {
  for (const int system : {1900, 1904}) {
    size_t readings = 0;
    size_t states = 0;
    std::string kinds;
    ASSERT_TRUE(ReadXls(Sample(system), {}, [&](const SheetRow& row) {
                  EXPECT_EQ(row.date_1904, system == 1904);
                  if (row.number >= 3 && row.number < 43) {
                    const int i = static_cast<int>(row.number) - 3;
                    const double values[] = {80, 79.5, 80.25, -3.0, 107.204};
                    EXPECT_EQ(row.cells[0].number, values[i % 5]);
                    EXPECT_TRUE(row.cells[1].date_style);
                    const PlantTime first = *ParsePlantTime("2014-12-23 08:00:00.6");
                    EXPECT_EQ(ExcelSerialToTime(row.cells[1].number, row.date_1904),
                              first + i * 900'250 * kMillisecond);
                    ++readings;
                  } else if (row.number >= 43 && row.number < 46) {
                    const SheetCell& cell = row.cells[0];
                    kinds += cell.kind == SheetCell::Kind::kBoolean ? "bool " : std::string(cell.text) + " ";
                  } else if (row.number >= 46) {
                    const int i = static_cast<int>(row.number) - 46;
                    EXPECT_EQ(row.cells[0].text, fmt::format("state {} {} {}", i, i % 2 == 0 ? "é" : "€",
                                                             std::string(i % 50, 'x')));
                    ++states;
                  }
                  return Status::Ok();
                }).ok());
    EXPECT_EQ(readings, 40U);
    EXPECT_EQ(states, 400U);
    EXPECT_EQ(kinds, "Bad bool #N/A ");
  }
}

// The packaged library as a peer: every cell it can tell must agree (it cuts times to seconds and knows no
// errors).
TEST(Xls, AgreesWithFreexl) {
  const void* peer = nullptr;
  ASSERT_EQ(freexl_open(Sample(1900).c_str(), &peer), FREEXL_OK);
  ASSERT_EQ(freexl_select_active_worksheet(peer, 0), FREEXL_OK);
  size_t compared = 0;
  ASSERT_TRUE(ReadXls(Sample(1900), {}, [&](const SheetRow& row) {
                for (const SheetCell& cell : row.cells) {
                  FreeXL_CellValue value;
                  EXPECT_EQ(
                      freexl_get_cell_value(peer, row.number - 1, static_cast<uint16_t>(cell.column), &value),
                      FREEXL_OK);
                  if (value.type == FREEXL_CELL_DOUBLE) {
                    EXPECT_EQ(cell.number, value.value.double_value);
                    ++compared;
                  } else if (value.type == FREEXL_CELL_SST_TEXT) {
                    EXPECT_EQ(cell.text, value.value.text_value);
                    ++compared;
                  }
                }
                return Status::Ok();
              }).ok());
  freexl_close(peer);
  EXPECT_GT(compared, 400U);
}

TEST(Xls, ReadsFormulasErrorsAndPackedNumbers) {
  const auto result = [](char kind, char value) {
    return std::string{kind, 0, value, 0, 0, 0, '\xFF', '\xFF'} + std::string(8, '\0');
  };
  const std::string cells =
      Cell(0x06, 2, 0, xls_fixture::Le(1.25) + std::string(8, '\0')) + Cell(0x06, 2, 1, result(0, 0)) +
      Record(0x207, Text("No Data")) + Cell(0x06, 2, 2, result(1, 1)) + Cell(0x06, 2, 3, result(2, 0x2A)) +
      Cell(0x06, 2, 4, result(3, 0)) + Cell(0x205, 3, 0, std::string{0x07, 1}) +
      Cell(0x205, 3, 1, std::string{1, 0}) +
      Record(0xBD,
             U16(1) + U16(0) + U16(0) + U32((300U << 2) | 2) + U16(0) + U32((12345U << 2) | 3) + U16(1)) +
      Cell(0x27E, 1, 2, U32(0x3FF80000)) + Cell(0x204, 4, 0, Text("old label"));
  EXPECT_EQ(DumpOk(Compound(Stream("", cells))),
            "2: A=300 B=123.45 C=1.5\n"
            "3: A=1.25 B='No Data' C=TRUE D=#N/A\n"
            "4: A=#DIV/0! B=TRUE\n"
            "5: A='old label'");
}

TEST(Xls, ReadsTheOlderFormatWithByteStrings) {
  const std::string cells =
      Cell(0x204, 0, 0, U16(5) + "Z\xFCri\x20") + Cell(0x203, 0, 1, xls_fixture::Le(2.5));
  EXPECT_EQ(DumpOk(Compound(Stream("", cells, 0x0500), "Book")), "1: A='Züri ' B=2.5");
}

TEST(Xls, SharedStringsRunOverRecordsAndChangeWidth) {
  // "abcd": two narrow characters, then CONTINUE tells that the rest is wide; with one rich-text run to be
  // skipped.
  const std::string sst = Record(0xFC, U32(2) + U32(2) + U16(4) + '\x08' + U16(1) + "ab") +
                          Record(0x3C, std::string("\x01"
                                                   "c\0d\0",
                                                   5) +
                                           std::string(4, '\x11') + Text("next"));
  const std::string cells = Cell(0xFD, 0, 0, U32(0)) + Cell(0xFD, 0, 1, U32(1));
  EXPECT_EQ(DumpOk(Compound(Stream(sst, cells))), "1: A='abcd' B='next'");
}

TEST(Xls, TellsWhatItCannotRead) {
  EXPECT_NE(DumpError("not a workbook").find("not an .xls"), std::string::npos);
  EXPECT_NE(DumpError(Compound(Stream(Record(0x2F, "xxxx"), ""))).find("password"), std::string::npos);
  EXPECT_NE(DumpError(Compound("x", "EncryptedPackage")).find("password"), std::string::npos);
  EXPECT_NE(DumpError(Compound("x", "WordDocument")).find("no workbook"), std::string::npos);
  EXPECT_NE(DumpError(Compound(Record(0x09, "xx"))).find("before Excel 5"), std::string::npos);
  EXPECT_NE(DumpError(Compound(Stream(Record(0xFC, U32(9) + U32(0xFFFFFFFF)), ""))).find("cut short"),
            std::string::npos);
  EXPECT_NE(DumpError(Compound(Stream("", Cell(0xFD, 0, 0, U32(7))))).find("a text is missing"),
            std::string::npos);
}

TEST(Xls, LoopsInItsTablesEnd) {
  std::string looped = Compound(Stream("", Cell(0x203, 0, 0, xls_fixture::Le(1.0))));
  looped.replace(512 + 4 * 4, 4, U32(2));  // a sector of the stream points back to its first
  std::string out;
  (void)Dump(looped, out);
  std::string directory = Compound(Stream("", ""));
  directory.replace(512 + 4, 4, U32(1));  // the directory's chain is a circle
  EXPECT_NE(DumpError(directory).find("loop"), std::string::npos);
}

TEST(Xls, TruncationsAndBitFlipsNeverCrash) {
  const std::string whole = *ReadFile(Sample(1900));
  for (size_t length = 0; length < whole.size(); length += 997) {
    std::string out;
    (void)Dump(whole.substr(0, length), out);
  }
  std::string out;
  EXPECT_FALSE(Dump(whole.substr(0, whole.size() / 2), out).ok());
  for (size_t at = 0; at < whole.size(); at += 211) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xA5);
    (void)Dump(damaged, out);
  }
}

}  // namespace xls_test
}  // namespace
}  // namespace forewarn
