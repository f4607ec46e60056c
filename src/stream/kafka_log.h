// KafkaLog: what the Kafka library has to say, as lines of our log (core/log.h) instead of its own on stderr.
// Called from the library's threads too: thread-safe.
#pragma once

#include <librdkafka/rdkafkacpp.h>

namespace forewarn {

class KafkaLog final : public RdKafka::EventCb {
 public:
  void event_cb(RdKafka::Event& event) override;
};

}  // namespace forewarn
