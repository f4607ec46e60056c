// KafkaOptions: which brokers and topics `serve inference --kafka` scores, and how much may be under way. The
// text on the command line is parsed here; stream/kafka_scorer.h uses what comes of it. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "core/status.h"

namespace forewarn {

struct KafkaOptions {
  std::string brokers;  // "host:port,host:port"
  std::string group = "forewarn";
  // A name for this member that outlives its process (Kafka's static membership): started again under it
  // after a crash, it goes on at once, where a nameless one waits until the brokers give the old one up.
  // Each living member needs its own. "": nameless.
  std::string instance;
  std::string readings_topic = "readings";
  std::string risk_topic = "risk";
  std::string dead_letter_topic = "readings.dead-letter";
  std::string model;  // registered name; "": the champion
  // Readings taken whose commit is not confirmed: a crash repeats no more than these.
  size_t max_uncommitted = 2'000;
};

// Parses "broker1:9092,broker2:9092[/readings>risk!dead-letter]"; what is left out keeps its default.
Result<KafkaOptions> ParseKafkaOptions(const std::string& text);

}  // namespace forewarn
