#include "io/xlsx_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "core/plant_time.h"
#include "io/excel_time.h"
#include "io/xlsx_fixture.h"
#include "io/xlsx_writer.h"

namespace forewarn {
namespace {
namespace xlsx_test {

using xlsx_fixture::Parts;
using xlsx_fixture::Workbook;
using xlsx_fixture::Zip;

// Rows as text: "3: A=1.5 B=41996d C='Bad' D=TRUE E=#N/A".
Status Dump(const std::string& bytes, std::string& out, SheetOptions options = {}) {
  return ReadXlsxBytes(bytes, options, [&](const SheetRow& row) {
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

std::string DumpOk(const Parts& parts, SheetOptions options = {}) {
  std::string out;
  const Status status = Dump(Zip(parts), out, options);
  EXPECT_TRUE(status.ok()) << status.message();
  return out;
}

std::string DumpError(const std::string& bytes, SheetOptions options = {}) {
  std::string out;
  const Status status = Dump(bytes, out, options);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.message().find('\n'), std::string::npos);
  return status.message();
}

TEST(Xlsx, ReadsEveryKindOfCell) {
  EXPECT_EQ(DumpOk(Workbook(R"(<row r="3"><c r="A3"><v>1.5</v></c><c r="B3" s="1"><v>41996.25</v></c>
      <c r="C3" t="s"><v>0</v></c><c r="D3" t="s"><v>1</v></c></row>
      <row r="5"><c r="A5" t="b"><v>1</v></c><c r="B5" t="e"><v>#N/A</v></c><c r="D5" t="str"><f>"a"&amp;"b"</f><v>a&lt;b</v></c>
      <c r="E5" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c><c r="F5" t="d"><v>2014-12-23T08:00:00</v></c>
      <c r="G5" s="2"><f>NOW()</f><v>2</v></c><c r="H5" s="1"/></row>)")),
            "3: A=1.5 B=41996.25d C='Bad' D='No Data'\n"
            "5: A=TRUE B=#N/A D='a<b' E='inline' F='2014-12-23T08:00:00' G=2d");
}

TEST(Xlsx, ReadsNamespacePrefixesAndCellsWithoutNames) {
  Parts parts = Workbook("");
  parts["xl/workbook.xml"] =
      R"(<x:workbook xmlns:x="m" xmlns:q="r"><x:workbookPr date1904="1"/><x:sheets><x:sheet name="D" q:id="rId1"/></x:sheets></x:workbook>)";
  parts["xl/worksheets/sheet1.xml"] =
      R"(<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c><x:v>1</x:v></x:c><x:c><x:v>2</x:v></x:c></x:row>)"
      R"(<x:row><x:c r="C2"><x:v>3</x:v></x:c><x:c><x:v>4</x:v></x:c></x:row></x:sheetData></x:worksheet>)";
  EXPECT_EQ(DumpOk(parts), "1: A=1 B=2\n2: C=3 D=4");
  bool date_1904 = false;
  ASSERT_TRUE(ReadXlsxBytes(Zip(parts), {}, [&](const SheetRow& row) {
                date_1904 = row.date_1904;
                return Status::Ok();
              }).ok());
  EXPECT_TRUE(date_1904);
}

TEST(Xlsx, ReadsAWorkbookWithoutStylesAndSharedStrings) {
  Parts parts = Workbook(R"(<row r="1"><c r="A1" s="7"><v>1</v></c></row>)");
  parts.erase("xl/styles.xml");
  parts.erase("xl/sharedStrings.xml");
  EXPECT_EQ(DumpOk(parts), "1: A=1");
}

TEST(Xlsx, ACellThatIsNoNumberStaysText) {
  EXPECT_EQ(DumpOk(Workbook(R"(<row r="1"><c r="A1"><v>1,5</v></c><c r="B1"><v>1e999</v></c></row>)")),
            "1: A='1,5' B='1e999'");
}

TEST(Xlsx, RefusesEntities) {
  Parts parts = Workbook(R"(<row r="1"><c r="A1"><v>1</v></c></row>)");
  std::string bomb = "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\">";
  for (char c = 'b'; c < 'j'; ++c)
    bomb += fmt::format("<!ENTITY {} \"&{};&{};&{};&{};\">", c, c - 1, c - 1, c - 1, c - 1);
  parts["xl/sharedStrings.xml"] = bomb + "]><sst><si><t>&i;</t></si></sst>";
  EXPECT_NE(DumpError(Zip(parts)).find("document type"), std::string::npos);
}

TEST(Xlsx, RefusesAZipBomb) {
  Parts parts = Workbook("");
  parts["xl/worksheets/sheet1.xml"] =
      "<worksheet><sheetData>" + std::string(64 << 20, ' ') + "</sheetData></worksheet>";
  EXPECT_NE(DumpError(Zip(parts)).find("zip bomb"), std::string::npos);
}

TEST(Xlsx, RefusesAnEndlessTokenAndAnEndlessCell) {
  SheetOptions patient;
  patient.max_ratio = 1'000'000;
  Parts parts = Workbook("");
  parts["xl/worksheets/sheet1.xml"] =
      "<worksheet><sheetData><row r='1'><c r='A1' x='" + std::string(20 << 20, 'x') + "'/>";
  EXPECT_NE(DumpError(Zip(parts), patient).find("token"), std::string::npos);
  const std::string cell(100 << 20, 'x');
  const std::string message =
      DumpError(Zip(Workbook("<row r='2'><c r='B2' t='str'><v>" + cell + "</v></c></row>")), patient);
  EXPECT_NE(message.find("row 2, column 2: the cell is longer"), std::string::npos) << message;
}

TEST(Xlsx, RefusesTooManyColumnsAndWrongNames) {
  EXPECT_NE(DumpError(Zip(Workbook("<row r='1'><c r='ZZZZ1'><v>1</v></c></row>"))).find("columns"),
            std::string::npos);
  EXPECT_NE(DumpError(Zip(Workbook("<row r='1'><c r='?1'><v>1</v></c></row>"))).find("no cell's name"),
            std::string::npos);
  EXPECT_NE(DumpError(Zip(Workbook("<row r='x'><c><v>1</v></c></row>"))).find("no valid number"),
            std::string::npos);
  EXPECT_NE(DumpError(Zip(Workbook("<row r='1'><c t='s'><v>9</v></c></row>"))).find("shared string '9'"),
            std::string::npos);
  std::string wide = "<row r='1'>";
  for (int i = 0; i < 20'000; ++i) wide += "<c><v>1</v></c>";
  EXPECT_NE(DumpError(Zip(Workbook(wide + "</row>"))).find("16384 columns"), std::string::npos);
}

TEST(Xlsx, EveryTruncationFailsOrReadsWhole) {
  std::string rows;
  for (int i = 1; i < 200; ++i) rows += fmt::format("<row r='{}'><c><v>{}</v></c></row>", i, i * 7919 % 1000);
  const std::string whole = Zip(Workbook(rows));
  for (size_t length = 0; length < whole.size(); length += 13) {
    std::string out;
    EXPECT_FALSE(Dump(whole.substr(0, length), out).ok()) << length;
  }
}

TEST(Xlsx, DamageInsideAPartIsNoticed) {
  std::string rows;
  for (int i = 1; i < 200; ++i) rows += fmt::format("<row r='{}'><c><v>{}</v></c></row>", i, i * 7919 % 1000);
  const std::string whole = Zip(Workbook(rows));
  size_t failed = 0;
  std::string sheet_only;
  for (size_t at = 40; at + 1 < whole.size(); at += 101) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    std::string out;
    failed += Dump(damaged, out).ok() ? 0 : 1;
  }
  EXPECT_GT(failed, 5U);
}

TEST(Xlsx, ACallbackStopsReadingWithItsOwnFailure) {
  int rows = 0;
  const Status status = ReadXlsxBytes(Zip(Workbook("<row><c><v>1</v></c></row><row><c><v>2</v></c></row>")),
                                      {}, [&](const SheetRow&) {
                                        ++rows;
                                        return Status::Invalid("enough");
                                      });
  EXPECT_EQ(status.message(), "enough");
  EXPECT_EQ(rows, 1);
}

TEST(Xlsx, TellsWhatIsNoWorkbook) {
  EXPECT_NE(DumpError("").find("is empty"), std::string::npos);
  EXPECT_NE(DumpError("timestamp,value\n").find("no complete zip directory"), std::string::npos);
  EXPECT_NE(DumpError(Zip({{"a.txt", "x"}})).find("xl/workbook.xml"), std::string::npos);
  EXPECT_NE(ReadXlsx("/nowhere/x.xlsx", {}, [](const SheetRow&) { return Status::Ok(); })
                .message()
                .find("No such file"),
            std::string::npos);
}

TEST(ExcelTime, FollowsBothSystems) {
  const auto at = [](const char* text) { return *ParsePlantTime(text); };
  EXPECT_EQ(ExcelSerialToTime(1, false), at("1900-01-01 00:00"));
  EXPECT_EQ(ExcelSerialToTime(59, false), at("1900-02-28 00:00"));
  EXPECT_EQ(ExcelSerialToTime(60.5, false), std::nullopt);  // the day that never was
  EXPECT_EQ(ExcelSerialToTime(61, false), at("1900-03-01 00:00"));
  EXPECT_EQ(ExcelSerialToTime(41996.333333333336, false), at("2014-12-23 08:00"));
  EXPECT_EQ(ExcelSerialToTime(41996.333333333336 - 1462, true), at("2014-12-23 08:00"));
  EXPECT_EQ(ExcelSerialToTime(41996.33333332, false), at("2014-12-23 07:59:59.999"));
  EXPECT_EQ(ExcelSerialToTime(-1, false), std::nullopt);
  EXPECT_EQ(ExcelSerialToTime(3e6, false), std::nullopt);
  EXPECT_EQ(ExcelSerialToTime(std::nan(""), false), std::nullopt);
  for (const bool mac : {false, true}) {
    const PlantTime time = at("2021-03-01 12:34:56.789");
    EXPECT_EQ(ExcelSerialToTime(TimeToExcelSerial(time, mac), mac), time);
  }
}

TEST(ExcelTime, KnowsDateFormats) {
  for (const char* code :
       {"yyyy-mm-dd", "[h]:mm:ss", "dd/mm/yy hh:mm", "[$-409]d-mmm-yy;@", "mm:ss.0", "h AM/PM"}) {
    EXPECT_TRUE(IsDateFormat(code)) << code;
  }
  for (const char* code : {"General", "0.00", "#,##0.00", "[Red]0", "0.0\"mbar\"", "\\d0", "0_d", "@", ""}) {
    EXPECT_FALSE(IsDateFormat(code)) << code;
  }
}

TEST(XlsxWriter, WritesWhatTheReaderReadsAndTheSameBytesTwice) {
  RawSeries pv, op, sp;
  for (int i = 0; i < 1000; ++i)
    pv.Add(16'427 * kDay + i * 123'457 * kMillisecond, 80 + 0.1 * i / 3, Quality::kGood, 0, 0);
  op.Add(16'427 * kDay, 41.91, Quality::kGood, 0, 0);
  const ScratchFolder folder;
  const std::vector<HistorianColumn> columns = {{"PV", &pv}, {"OP", &op}, {"SP", &sp}};
  ASSERT_TRUE(WriteHistorianWorkbook(folder.path() / "a.xlsx", columns).ok());
  ASSERT_TRUE(WriteHistorianWorkbook(folder.path() / "b.xlsx", columns).ok());
  EXPECT_EQ(*ReadFile(folder.path() / "a.xlsx"), *ReadFile(folder.path() / "b.xlsx"));
  size_t readings = 0;
  ASSERT_TRUE(ReadXlsx(folder.path() / "a.xlsx", {}, [&](const SheetRow& row) {
                if (row.number <= 2) return Status::Ok();
                const size_t i = row.number - 3;
                EXPECT_NEAR(row.cells[0].number, pv.values[i], 1e-12);
                EXPECT_TRUE(row.cells[1].date_style);
                EXPECT_EQ(ExcelSerialToTime(row.cells[1].number, row.date_1904), pv.times[i]);
                EXPECT_EQ(row.cells.size(), i == 0 ? 4U : 2U);
                ++readings;
                return Status::Ok();
              }).ok());
  EXPECT_EQ(readings, 1000U);
}

TEST(XlsxWriter, SaysWhenAFolderIsMissingOrTheSheetTooSmall) {
  RawSeries series;
  EXPECT_FALSE(WriteHistorianWorkbook("/nowhere/at/all/x.xlsx", {{"PV", &series}}).ok());
  series.times.resize(2'000'000);
  EXPECT_NE(WriteHistorianWorkbook("/tmp/x.xlsx", {{"PV", &series}}).message().find("1,048,576"),
            std::string::npos);
}

}  // namespace xlsx_test
}  // namespace
}  // namespace forewarn
