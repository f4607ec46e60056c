#include "io/workbook_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "io/table_io.h"
#include "io/xls_fixture.h"
#include "io/xlsx_fixture.h"

namespace forewarn {
namespace workbook_table_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Cells of one row: a text in quotes is an inline string, "d:" a number with a date's style, "" no cell.
std::string Row(int number, const std::vector<std::string>& cells) {
  std::string out = "<row r=\"" + std::to_string(number) + "\">";
  for (size_t c = 0; c < cells.size(); ++c) {
    const std::string at = std::string(1, static_cast<char>('A' + c)) + std::to_string(number);
    const std::string& cell = cells[c];
    if (cell.empty()) continue;
    if (cell[0] == '\'') {
      out += "<c r=\"" + at + "\" t=\"inlineStr\"><is><t>" + cell.substr(1) + "</t></is></c>";
    } else if (cell.starts_with("d:")) {
      out += "<c r=\"" + at + "\" s=\"1\"><v>" + cell.substr(2) + "</v></c>";
    } else if (cell[0] == '#') {
      out += "<c r=\"" + at + "\" t=\"e\"><v>" + cell + "</v></c>";
    } else {
      out += "<c r=\"" + at + "\"><v>" + cell + "</v></c>";
    }
  }
  return out + "</row>";
}
std::string Book(const std::string& rows) { return xlsx_fixture::Zip(xlsx_fixture::Workbook(rows)); }

TEST(WorkbookTable, NamesTimesNumbersAndTexts) {
  const std::string bytes =
      Book(Row(2, {"'Timestamp", "'level", "'note", "'checked"}) +
           Row(3, {"d:42005.5", "1.5", "'open", "d:42005"}) + Row(5, {"'2015-01-01 13:00", "'2,5", "3", ""}) +
           Row(6, {"'later", "", "#N/A", "d:42006"}));
  const auto table = ReadTableFromBytes(bytes, "t.xlsx");
  ASSERT_TRUE(table.ok()) << table.message();
  EXPECT_THAT(table->Names(), ElementsAre("Timestamp", "level", "note", "checked"));
  const PlantTime noon = *ParsePlantTime("2015-01-01 12:00:00");
  EXPECT_THAT(std::get<TimeColumn>(table->columns[0].data).values, ElementsAre(noon, noon + kHour, kNoTime));
  const auto& level = std::get<NumberColumn>(table->columns[1].data);
  EXPECT_EQ(level.values[0], 1.5);
  EXPECT_EQ(level.values[1], 2.5);
  EXPECT_FALSE(IsValid(level.values[2]));
  EXPECT_THAT(std::get<TextColumn>(table->columns[2].data).values, ElementsAre("open", "3", "#N/A"));
  EXPECT_THAT(std::get<TimeColumn>(table->columns[3].data).values,
              ElementsAre(noon - 12 * kHour, kNoTime, noon + 12 * kHour));
}

TEST(WorkbookTable, AnXlsIsReadAlike) {
  using xls_fixture::Cell;
  using xls_fixture::Le;
  using xls_fixture::Text;
  const auto label = [](unsigned row, unsigned column, const std::string& text) {
    return Cell(0x204, row, column, Text(text));
  };
  const auto number = [](unsigned row, unsigned column, double value) {
    return Cell(0x203, row, column, Le(value));
  };
  const std::string bytes = xls_fixture::Compound(xls_fixture::Stream(
      "", label(0, 0, "timestamp") + label(0, 1, "x") + number(1, 0, 42005.5) + number(1, 1, 7)));
  const auto table = ReadTableFromBytes(bytes, "t.xls");
  ASSERT_TRUE(table.ok()) << table.message();
  EXPECT_EQ(std::get<TimeColumn>(table->columns[0].data).values[0], *ParsePlantTime("2015-01-01 12:00:00"));
  EXPECT_TRUE(std::get<NumberColumn>(table->columns[1].data).integer);
}

TEST(WorkbookTable, WhatWouldBeDroppedIsToldByItsPlace) {
  const std::string header = Row(1, {"'timestamp", "'a"});
  struct Bad {
    const char* what;
    std::string rows;
    std::vector<const char*> says;
  };
  const std::vector<Bad> cases = {
      {"empty", "", {"t.xlsx", "empty"}},
      {"no header", Row(1, {"1", "2"}), {"row 1", "column names"}},
      {"no name", header + Row(2, {"d:42005", "1", "2"}), {"row 2", "column 3", "under no column name"}},
      {"thousands", header + Row(2, {"d:42005", "'1,234"}), {"row 2", "'a'", "thousands"}},
      {"infinite", header + Row(2, {"d:42005", "'inf"}), {"row 2", "'a'", "infinite"}},
  };
  for (const Bad& bad : cases) {
    const auto table = ReadTableFromBytes(Book(bad.rows), "t.xlsx");
    ASSERT_FALSE(table.ok()) << bad.what;
    for (const char* part : bad.says) EXPECT_THAT(table.message(), HasSubstr(part)) << bad.what;
  }
}

TEST(WorkbookTable, ASecondSheetWithRowsIsNotPassedOver) {
  auto parts = xlsx_fixture::Workbook(Row(1, {"'timestamp", "'a"}));
  parts["xl/workbook.xml"] =
      R"(<workbook xmlns:r="r"><sheets><sheet name="A" sheetId="1" r:id="rId1"/><sheet name="B" sheetId="2" r:id="rId4"/></sheets></workbook>)";
  parts["xl/_rels/workbook.xml.rels"] =
      R"(<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>)"
      R"(<Relationship Id="rId4" Type="http://x/worksheet" Target="worksheets/sheet2.xml"/></Relationships>)";
  parts["xl/worksheets/sheet2.xml"] = "<worksheet><sheetData>" + Row(1, {"1"}) + "</sheetData></worksheet>";
  EXPECT_THAT(ReadTableFromBytes(xlsx_fixture::Zip(parts), "t.xlsx").message(),
              AllOf(HasSubstr("t.xlsx"), HasSubstr("second worksheet")));
  parts["xl/worksheets/sheet2.xml"] = "<worksheet><sheetData/></worksheet>";
  EXPECT_TRUE(ReadTableFromBytes(xlsx_fixture::Zip(parts), "t.xlsx").ok());
}

}  // namespace
}  // namespace workbook_table_test
}  // namespace forewarn
