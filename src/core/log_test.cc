#include "core/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

namespace forewarn {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNow = 1'421'740'800'123'456;

class LogTest : public ::testing::Test {
 protected:
  ~LogTest() override {
    EXPECT_TRUE(SetLogFormat("text").ok());
    EXPECT_TRUE(SetLogLevel("info").ok());
  }
};

TEST_F(LogTest, TextHoldsTimeLevelWhoWhatAndFields) {
  const LogLine line = {kNow, "info", "gateway", "listening", {{"port", 7501}, {"address", "127.0.0.1"}}};
  EXPECT_EQ(FormatLogText(line),
            "2015-01-20T08:00:00.123Z info gateway: listening port=7501 address=127.0.0.1\n");
}

TEST_F(LogTest, AValueWithSpacesIsQuotedAndALineStaysALine) {
  const LogLine line = {kNow, "warning", "", "one\ntwo\x1b[2J", {{"file", "a \"b\".csv"}, {"empty", ""}}};
  EXPECT_EQ(FormatLogText(line),
            "2015-01-20T08:00:00.123Z warning one\\ntwo\\x1b[2J file=\"a \\\"b\\\".csv\" empty=\"\"\n");
}

TEST_F(LogTest, JsonIsOneObjectALineWhateverTheBytes) {
  const std::string message = "broken \xff \"quote\"\nline";
  const LogLine line = {kNow, "error", "watch", message, {{"rows", 3}, {"seconds", 0.5}, {"file", "x.csv"}}};
  const std::string text = FormatLogJson(line);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["time"], "2015-01-20T08:00:00.123Z");
  EXPECT_EQ(json["level"], "error");
  EXPECT_EQ(json["component"], "watch");
  EXPECT_EQ(json["rows"], 3);
  EXPECT_EQ(json["seconds"], 0.5);
  EXPECT_EQ(json["file"], "x.csv");
  EXPECT_THAT(json["message"].get<std::string>(), HasSubstr("\"quote\"\nline"));
}

TEST_F(LogTest, PlainCallsAreFormattedAlikeAndLevelsHold) {
  ASSERT_TRUE(SetLogLevel("warn").ok());
  ASSERT_TRUE(SetLogFormat("json").ok());
  ::testing::internal::CaptureStderr();
  spdlog::info("not shown");
  spdlog::warn("shown {}", 1);
  Log(LogLevel::kError, "live", "also shown", {{"hour", 7}});
  spdlog::error("without the fields before it");
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, Not(HasSubstr("not shown")));
  EXPECT_THAT(text, HasSubstr(R"("level":"warning","message":"shown 1"})"));
  EXPECT_THAT(text, HasSubstr(R"("component":"live","message":"also shown","hour":7})"));
  EXPECT_THAT(text, HasSubstr(R"("level":"error","message":"without the fields before it"})"));
}

TEST_F(LogTest, SecretsAreHiddenInMessagesAndFieldsOfBothFormats) {
  HideInLogs("correct horse battery");
  HideInLogs("correct horse battery staple");
  HideInLogs("no");  // too short to be taken
  ASSERT_TRUE(SetLogLevel("info").ok());
  for (const char* format : {"text", "json"}) {
    ASSERT_TRUE(SetLogFormat(format).ok());
    ::testing::internal::CaptureStderr();
    spdlog::info("url postgresql://fw:correct horse battery staple@db no");
    Log(LogLevel::kInfo, "x", "field", {{"secret", "correct horse battery"}});
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(text, Not(HasSubstr("horse"))) << format;
    EXPECT_THAT(text, Not(HasSubstr("staple"))) << format;
    EXPECT_THAT(text, HasSubstr("fw:***@db no")) << format;
  }
}

TEST_F(LogTest, UnknownNamesListTheKnown) {
  EXPECT_THAT(SetLogFormat("xml").message(), HasSubstr("known: text, json"));
  EXPECT_THAT(SetLogLevel("loud").message(), HasSubstr("trace"));
}

}  // namespace
}  // namespace forewarn
