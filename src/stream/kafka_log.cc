#include "stream/kafka_log.h"

#include "core/log.h"

namespace forewarn {
namespace {

LogLevel LevelOf(RdKafka::Event::Severity severity) {
  if (severity <= RdKafka::Event::EVENT_SEVERITY_ERROR) return LogLevel::kError;
  if (severity <= RdKafka::Event::EVENT_SEVERITY_WARNING) return LogLevel::kWarning;
  return severity <= RdKafka::Event::EVENT_SEVERITY_INFO ? LogLevel::kInfo : LogLevel::kDebug;
}

}  // namespace

void KafkaLog::event_cb(RdKafka::Event& event) {
  if (event.type() == RdKafka::Event::EVENT_LOG) {
    if (event.fac() == "CONFWARN") return;  // about settings of ours, every time
    Log(LevelOf(event.severity()), "kafka", event.str(), {{"facility", event.fac()}});
  } else if (event.type() == RdKafka::Event::EVENT_ERROR && event.err() == RdKafka::ERR__ALL_BROKERS_DOWN) {
    Log(LogLevel::kWarning, "kafka", event.str());  // the other errors are in its log already
  }
}

}  // namespace forewarn
