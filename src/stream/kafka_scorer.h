// KafkaScorer: scores a topic of readings into a topic of risks. A message's value is a /predict body
// ({"features":{…}}, or the flat object); the reply goes out under the same key, with the headers
// `forewarn.topic`, `.partition`, `.offset` of its source. What cannot be scored goes to the dead-letter
// topic as it came, with the header `forewarn.reason`; without its value where the brokers refuse that.
//
// At least once: an offset is committed as soon as everything before it has been acknowledged by the brokers
// (the producer is idempotent, acks=all), so a crash repeats messages and loses none. It repeats no more than
// KafkaOptions::max_uncommitted: with so many readings taken whose commit is not confirmed no other is taken,
// which is the back-pressure too. A key's messages are scored and written in their order. While no champion
// is loaded, or the brokers are away, it waits and stays a member of its group. Run blocks the calling
// thread; the counters may be read from any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>

#include "core/status.h"
#include "scoring/engine.h"
#include "stream/kafka_options.h"

namespace forewarn {

struct KafkaCounters {
  std::atomic<uint64_t> scored = 0;        // acknowledged in the risk topic
  std::atomic<uint64_t> dead_letters = 0;  // acknowledged in the dead-letter topic
  std::atomic<uint64_t> repeated = 0;      // writes that failed and are read again
};
enum class KafkaCount { kScored, kDeadLetter, kRepeated };

class KafkaScorer {
 public:
  // engine must outlive the scorer. Invalid where the library refuses a setting; the brokers are not asked
  // yet.
  // counted: called on Run's thread whenever a counter rises; may be empty.
  static Result<std::unique_ptr<KafkaScorer>> Make(const ScoringEngine* engine, KafkaOptions options,
                                                   std::function<void(KafkaCount)> counted = {});
  ~KafkaScorer();

  // Until stopped: then writes what is in flight, commits, leaves the group. A failure is one that waiting
  // cannot mend (authentication, a topic that may not be read, another member of the same name).
  Status Run(std::stop_token stop);

  const KafkaCounters& counters() const { return counters_; }

 private:
  struct Impl;
  explicit KafkaScorer(std::unique_ptr<Impl> impl);

  KafkaCounters counters_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace forewarn
