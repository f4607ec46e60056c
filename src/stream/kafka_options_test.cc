#include "stream/kafka_options.h"

#include <gtest/gtest.h>

namespace forewarn {
namespace {

TEST(ParseKafkaOptions, ReadsBrokersAndTopics) {
  const auto plain = ParseKafkaOptions("a:9092,b:9092");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->brokers, "a:9092,b:9092");
  EXPECT_EQ(plain->readings_topic, "readings");
  EXPECT_EQ(plain->dead_letter_topic, "readings.dead-letter");
  const auto named = ParseKafkaOptions("a:9092/in>out!dead");
  ASSERT_TRUE(named.ok());
  EXPECT_EQ(named->readings_topic + named->risk_topic + named->dead_letter_topic, "inoutdead");
  EXPECT_EQ(ParseKafkaOptions("a:9092/in>out")->dead_letter_topic, "in.dead-letter");
}

TEST(ParseKafkaOptions, RefusesWhatCannotWork) {
  for (const char* text :
       {"", "/a>b", "h:1/a", "h:1/a>a", "h:1/a>b!a", "h:1/a b>c", "h:1/>b", "h:1/a>..", "h:1/a>b!"}) {
    EXPECT_EQ(ParseKafkaOptions(text).status().code(), Code::kUsage) << text;
  }
}

}  // namespace
}  // namespace forewarn
