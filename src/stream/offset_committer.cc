#include "stream/offset_committer.h"

#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace forewarn {
namespace {

constexpr auto kSpacing = std::chrono::milliseconds(10);
constexpr auto kAfterFailure = std::chrono::milliseconds(500);

}  // namespace

// The C interface, because the C++ one gives the answers together with messages: with the window full no
// message may be taken, and only the answers open it again.
OffsetCommitter::OffsetCommitter(RdKafka::KafkaConsumer* consumer, std::string topic, Ledgers* ledgers)
    : consumer_(*consumer),
      topic_(std::move(topic)),
      ledgers_(*ledgers),
      answers_(rd_kafka_queue_new(consumer->c_ptr()), rd_kafka_queue_destroy) {}

OffsetCommitter::~OffsetCommitter() = default;

void OffsetCommitter::Send() {
  if (!under_way_ && Clock::now() >= not_before_) SendNow();
}

bool OffsetCommitter::SendNow() {
  const std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)> offsets(
      rd_kafka_topic_partition_list_new(static_cast<int>(ledgers_.size())),
      rd_kafka_topic_partition_list_destroy);
  for (const auto& [partition, ledger] : ledgers_) {
    const int64_t offset = ledger.ToCommit();
    if (offset == DeliveryLedger::kNone) continue;
    rd_kafka_topic_partition_list_add(offsets.get(), topic_.c_str(), partition)->offset = offset;
  }
  if (offsets->cnt == 0) return false;
  const auto answered = [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* done,
                           void* opaque) {
    auto* self = static_cast<OffsetCommitter*>(opaque);
    self->under_way_ = false;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return self->Failed(rd_kafka_err2str(error));
    bool whole = true;
    for (int i = 0; done != nullptr && i < done->cnt; ++i) {
      if (done->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        whole = false;
        self->Failed(rd_kafka_err2str(done->elems[i].err));
      } else {
        self->Answered(done->elems[i].partition, done->elems[i].offset);
      }
    }
    if (whole) self->failing_ = false;
  };
  const rd_kafka_resp_err_t error =
      rd_kafka_commit_queue(consumer_.c_ptr(), offsets.get(), answers_.get(), answered, this);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    Failed(rd_kafka_err2str(error));
    return false;
  }
  under_way_ = true;
  not_before_ = Clock::now() + kSpacing;
  return true;
}

void OffsetCommitter::Answered(int32_t partition, int64_t offset) {
  const auto it = ledgers_.find(partition);
  if (it != ledgers_.end()) it->second.Settle(offset);
}

void OffsetCommitter::Failed(const std::string& why) {
  if (!failing_) spdlog::warn("kafka: a commit failed ({}); it is tried again", why);
  failing_ = true;
  not_before_ = Clock::now() + kAfterFailure;
}

void OffsetCommitter::Poll(std::chrono::milliseconds wait) {
  if (under_way_ || wait.count() > 0) {
    rd_kafka_queue_poll_callback(answers_.get(), static_cast<int>(wait.count()));
  }
}

void OffsetCommitter::Finish(std::chrono::milliseconds wait) {
  const auto end = Clock::now() + wait;
  const auto settle = [&] {
    while (under_way_ && Clock::now() < end) {
      Poll(std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()));
    }
    return !under_way_;
  };
  if (settle() && SendNow()) settle();
}

}  // namespace forewarn
