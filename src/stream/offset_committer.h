// OffsetCommitter: tells the brokers how far a topic has been dealt with. One commit is under way at a time
// and the next goes out when it is confirmed, so commits follow the acknowledgements closely and cost the
// brokers no more than they bear. A commit that fails is not lost: what it covered is in the next one.
// Belongs to the consumer's thread.
#pragma once

#include <librdkafka/rdkafkacpp.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "stream/delivery_ledger.h"

struct rd_kafka_queue_s;

namespace forewarn {

using Ledgers = std::map<int32_t, DeliveryLedger>;  // by partition

class OffsetCommitter {
 public:
  // All must outlive it.
  OffsetCommitter(RdKafka::KafkaConsumer* consumer, std::string topic, Ledgers* ledgers);
  ~OffsetCommitter();
  OffsetCommitter(const OffsetCommitter&) = delete;
  OffsetCommitter& operator=(const OffsetCommitter&) = delete;

  // Sends what can be committed, where no commit is under way and the last was a while ago.
  void Send();
  // Takes the brokers' answers, waiting for the first no longer than this.
  void Poll(std::chrono::milliseconds wait);
  // Sends everything that can be committed and waits for the answer; gives up at the first failure.
  void Finish(std::chrono::milliseconds wait);

 private:
  using Clock = std::chrono::steady_clock;

  bool SendNow();
  void Answered(int32_t partition, int64_t offset);
  void Failed(const std::string& why);

  RdKafka::KafkaConsumer& consumer_;
  const std::string topic_;
  Ledgers& ledgers_;
  const std::unique_ptr<rd_kafka_queue_s, void (*)(rd_kafka_queue_s*)> answers_;
  bool under_way_ = false;
  bool failing_ = false;  // told once, until one succeeds
  Clock::time_point not_before_{};
};

}  // namespace forewarn
