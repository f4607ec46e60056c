#include "io/time_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/names.h"
#include "core/random.h"

namespace forewarn {
namespace {

using testing::HasSubstr;

std::string Parsed(TimeParser& parser, const char* cell) {
  const TextTime time = parser.Parse(cell);
  if (time.issue == TimeIssue::kNever) return "never";
  if (time.issue != TimeIssue::kNone) return "unreadable";
  return FormatPlantTime(time.time) + (time.twice ? " twice" : "");
}

TEST(TimeText, IsoFormsAreReadAndOthersRefused) {
  auto parser = TimeParser::Make("UTC", "");
  ASSERT_TRUE(parser.ok());
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"2024-02-29 12:34:56", "2024-02-29 12:34:56"},
      {" 2024-02-29T12:34:56 ", "2024-02-29 12:34:56"},
      {"2024-02-29", "2024-02-29 00:00:00"},
      {"2024-02-29 12:34", "2024-02-29 12:34:00"},
      {"2024-02-29 7:34:00", "2024-02-29 07:34:00"},
      {"2024-2-9 12:34:56", "2024-02-09 12:34:56"},
      {"2024-02-29 12:34:56.5", "2024-02-29 12:34:56.500000"},
      {"2024-02-29 12:34:56,1234567", "2024-02-29 12:34:56.123456"},
      {"2024-02-29T12:34:56Z", "2024-02-29 12:34:56"},
      {"2024-02-29T12:34:56.25+01:30", "2024-02-29 11:04:56.250000"},
      {"2024-02-29 12:34:56-0500", "2024-02-29 17:34:56"},
      {"2023-02-29 12:34:56", "unreadable"},
      {"2024-02-29 24:00:00", "unreadable"},
      {"2024-02-29 12:60:00", "unreadable"},
      {"2024-02-29 12:34:56 x", "unreadable"},
      {"29.02.2024 12:34:56", "unreadable"},
      {"2024-02-2912:34:56", "unreadable"},
      {"", "unreadable"},
      {"12", "unreadable"},
  };
  for (const auto& [cell, expected] : cases) EXPECT_EQ(Parsed(*parser, cell), expected) << cell;
}

TEST(TimeText, TheFastWayEqualsParsePlantTime) {
  auto parser = TimeParser::Make("UTC", "");
  Random random(5);
  const std::string base = "2024-02-29 12:34:56.789";
  for (int i = 0; i < 200000; ++i) {
    std::string cell = base.substr(0, 10 + random.Below(14));
    for (uint64_t k = random.Below(3); k > 0; --k)
      cell[random.Below(cell.size())] = "0123456789-: .T"[random.Below(15)];
    const TextTime got = parser->Parse(cell);
    PlantTime offset = 0;
    auto expected = ParsePlantTime(Trim(cell), &offset);
    ASSERT_EQ(got.issue == TimeIssue::kNone, expected.ok()) << cell;
    if (expected.ok()) {
      ASSERT_EQ(got.time, *expected - offset) << cell;
    }
  }
}

TEST(TimeText, ThePlantsOwnFormatIsReadBesideIso) {
  const auto read = [](const char* format, const char* cell) {
    auto parser = TimeParser::Make("UTC", format);
    return parser.ok() ? Parsed(*parser, cell) : parser.message();
  };
  EXPECT_EQ(read("DD.MM.YYYY HH:MM:SS", "05.11.2024 06:07:08"), "2024-11-05 06:07:08");
  EXPECT_EQ(read("DD.MM.YYYY HH:MM:SS", "5.11.2024 6:07"), "2024-11-05 06:07:00");
  EXPECT_EQ(read("DD.MM.YYYY HH:MM:SS", "05.11.2024"), "2024-11-05 00:00:00");
  EXPECT_EQ(read("DD.MM.YYYY HH:MM:SS", "05.11.2024 06:07:08,25"), "2024-11-05 06:07:08.250000");
  EXPECT_EQ(read("DD.MM.YYYY HH:MM:SS", "2024-11-05 06:07:08"), "2024-11-05 06:07:08");
  EXPECT_EQ(read("MM/DD/YYYY HH:MM", "05/11/2024 06:07"), "2024-05-11 06:07:00");
  EXPECT_EQ(read("DD/MM/YY HH:MM", "05/11/14 06:07"), "2014-11-05 06:07:00");
  EXPECT_EQ(read("DD-MMM-YY HH:MM:SS", "23-Dec-14 08:00:00"), "2014-12-23 08:00:00");
  EXPECT_EQ(read("MM/DD/YYYY HH:MM:SS AM", "12/23/2014 12:05:00 am"), "2014-12-23 00:05:00");
  EXPECT_EQ(read("MM/DD/YYYY HH:MM:SS AM", "12/23/2014 01:05:00 PM"), "2014-12-23 13:05:00");
  EXPECT_EQ(read("MM/DD/YYYY HH:MM AM", "12/23/2014 13:05 PM"), "unreadable");
  EXPECT_EQ(read("DD.MM.YYYY", "31.04.2024"), "unreadable");
  EXPECT_EQ(read("DD.MM.YYYY", "05.11.2024 06:07"), "unreadable");
  EXPECT_THAT(read("DD.XX.YYYY", ""), HasSubstr("'XX.Y'"));
  EXPECT_THAT(read("HH:MM", ""), HasSubstr("lacks a day"));
}

TEST(TimeText, InstantsComeToThePlantsZone) {
  auto warsaw = TimeParser::Make("Europe/Warsaw", "");
  ASSERT_TRUE(warsaw.ok()) << warsaw.message();
  EXPECT_EQ(Parsed(*warsaw, "2024-07-01T10:00:00Z"), "2024-07-01 12:00:00");
  EXPECT_EQ(Parsed(*warsaw, "2024-01-01T10:00:00+05:30"), "2024-01-01 05:30:00");
  EXPECT_EQ(Parsed(*warsaw, "2024-03-31 02:30:00"), "never");
  EXPECT_EQ(Parsed(*warsaw, "2024-03-31 03:00:00"), "2024-03-31 03:00:00");
  EXPECT_EQ(Parsed(*warsaw, "2024-03-31 01:59:59"), "2024-03-31 01:59:59");
  EXPECT_EQ(Parsed(*warsaw, "2024-10-27 02:00:00"), "2024-10-27 02:00:00 twice");
  EXPECT_EQ(Parsed(*warsaw, "2024-10-27 02:59:59"), "2024-10-27 02:59:59 twice");
  EXPECT_EQ(Parsed(*warsaw, "2024-10-27 03:00:00"), "2024-10-27 03:00:00");
  EXPECT_EQ(Parsed(*warsaw, "2024-10-27T00:59:59Z"), "2024-10-27 02:59:59");
  EXPECT_EQ(Parsed(*warsaw, "2024-10-27T01:00:00Z"), "2024-10-27 02:00:00.000001");
  EXPECT_EQ(Parsed(*warsaw, "2024-10-27T02:00:00Z"), "2024-10-27 03:00:00");
  EXPECT_EQ(Parsed(*warsaw, "1800-01-01 00:00:00"), "1800-01-01 00:00:00");
  EXPECT_EQ(Parsed(*warsaw, "9999-12-31T23:59:59Z"), "unreadable");
  auto utc = TimeParser::Make("UTC", "");
  EXPECT_EQ(Parsed(*utc, "2024-10-27 02:30:00"), "2024-10-27 02:30:00");
  EXPECT_THAT(TimeParser::Make("Europe/Warszawa", "").message(), HasSubstr("did you mean 'Europe/Warsaw'?"));
}

TEST(TimeText, EveryHourOfAYearGoesThereAndBack) {
  for (const char* name : {"Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}) {
    auto zone = Zone::Find(name);
    ASSERT_TRUE(zone.ok());
    for (PlantTime utc = 1704067200 * kSecond; utc < 1735689600 * kSecond; utc += 30 * kMinute) {
      const PlantTime local = zone->ToLocal(utc);
      const LocalTime judged = zone->Judge(local);
      ASSERT_NE(judged.kind, LocalKind::kNever) << name << FormatPlantTime(local);
      if (judged.kind == LocalKind::kUnique) {
        ASSERT_EQ(local - judged.span.offset, utc) << name << FormatPlantTime(local);
        ASSERT_GE(local, judged.span.UniqueBegin());
        ASSERT_LT(local, judged.span.UniqueEnd());
      } else {
        ASSERT_TRUE(local < judged.span.UniqueBegin() || local >= judged.span.UniqueEnd());
      }
    }
  }
}

}  // namespace
}  // namespace forewarn
