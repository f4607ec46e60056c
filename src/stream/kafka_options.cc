#include "stream/kafka_options.h"

#include <fmt/format.h>

namespace forewarn {
namespace {

bool IsTopicName(const std::string& name) {
  if (name.empty() || name.size() > 249 || name == "." || name == "..") return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
         std::string::npos;
}

}  // namespace

Result<KafkaOptions> ParseKafkaOptions(const std::string& text) {
  KafkaOptions out;
  const size_t slash = text.find('/');
  out.brokers = text.substr(0, slash);
  if (slash != std::string::npos) {
    const std::string topics = text.substr(slash + 1);
    const size_t arrow = topics.find('>');
    if (arrow == std::string::npos) {
      return Status::Usage(
          fmt::format("'{}' is not of the form BROKERS[/READINGS>RISK[!DEAD-LETTER]]", text));
    }
    const size_t bang = topics.find('!', arrow);
    out.readings_topic = topics.substr(0, arrow);
    out.risk_topic = topics.substr(arrow + 1, bang == std::string::npos ? bang : bang - arrow - 1);
    out.dead_letter_topic =
        bang == std::string::npos ? out.readings_topic + ".dead-letter" : topics.substr(bang + 1);
  }
  for (const std::string* topic : {&out.readings_topic, &out.risk_topic, &out.dead_letter_topic}) {
    if (!IsTopicName(*topic)) {
      return Status::Usage(
          fmt::format("'{}' is not a topic's name; letters, digits, '.', '_' and '-' are allowed", *topic));
    }
  }
  if (out.readings_topic == out.risk_topic || out.readings_topic == out.dead_letter_topic) {
    return Status::Usage(fmt::format("topic '{}' cannot be read and written", out.readings_topic));
  }
  if (out.brokers.empty()) return Status::Usage("no broker is named; write host:port,host:port");
  return out;
}

}  // namespace forewarn
