#include "stream/kafka_scorer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafkacpp.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <map>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "scoring/reply_json.h"
#include "stream/delivery_ledger.h"

namespace forewarn {
namespace {

using Partition = std::pair<std::string, int32_t>;

constexpr int kPollMs = 100;
constexpr int kFlushMs = 10'000;
constexpr auto kCommitEvery = std::chrono::milliseconds(500);

// Travels with a message to its delivery report.
struct Origin {
  Partition partition;
  int64_t offset;
  uint64_t epoch;  // of the assignment it was read under
  bool dead_letter;
};

bool IsTopicName(const std::string& name) {
  if (name.empty() || name.size() > 249 || name == "." || name == "..") return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
         std::string::npos;
}

// What reading again after a pause does not mend.
bool IsFinal(RdKafka::ErrorCode code) {
  return code == RdKafka::ERR__AUTHENTICATION || code == RdKafka::ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RdKafka::ERR_GROUP_AUTHORIZATION_FAILED || code == RdKafka::ERR__FATAL;
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

struct KafkaScorer::Impl final : RdKafka::DeliveryReportCb, RdKafka::RebalanceCb {
  const ScoringEngine* engine;
  KafkaOptions options;
  KafkaCounters* counters = nullptr;
  std::unique_ptr<RdKafka::KafkaConsumer> consumer;
  std::unique_ptr<RdKafka::Producer> producer;
  std::map<Partition, DeliveryLedger> ledgers;
  uint64_t epoch = 0;
  size_t in_flight = 0;
  bool read_again = false;  // a write failed: go back to what is committed

  Impl(const ScoringEngine* e, KafkaOptions o) : engine(e), options(std::move(o)) {}

  Status Open();
  // All callbacks run on the thread of Run, inside poll, consume and close.
  void dr_cb(RdKafka::Message& message) override;
  void rebalance_cb(RdKafka::KafkaConsumer* c, RdKafka::ErrorCode code,
                    std::vector<RdKafka::TopicPartition*>& partitions) override;
  Status Handle(const RdKafka::Message& message);
  Status Produce(const std::string& topic, std::string_view value, const RdKafka::Message& source,
                 const std::string& reason);
  bool HasModel() const { return engine->Find(options.model).ok(); }
  void Commit(bool wait);
  void ReadAgain();
};

Status KafkaScorer::Impl::Open() {
  const auto configure = [&](std::vector<std::pair<const char*, std::string>> settings,
                             RdKafka::Conf* conf) -> Status {
    settings.emplace_back("bootstrap.servers", options.brokers);
    std::string error;
    for (const auto& [key, value] : settings) {
      if (conf->set(key, value, error) != RdKafka::Conf::CONF_OK) return Status::Invalid("kafka: " + error);
    }
    return Status::Ok();
  };
  std::string error;
  std::unique_ptr<RdKafka::Conf> reading(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
  FW_RETURN_IF_ERROR(configure({{"group.id", options.group},
                                {"enable.auto.commit", "false"},
                                {"enable.auto.offset.store", "false"},
                                {"auto.offset.reset", "earliest"},
                                {"queued.max.messages.kbytes", "16384"}},
                               reading.get()));
  reading->set("rebalance_cb", static_cast<RdKafka::RebalanceCb*>(this), error);
  consumer.reset(RdKafka::KafkaConsumer::create(reading.get(), error));
  if (consumer == nullptr) return Status::Invalid("kafka: " + error);
  std::unique_ptr<RdKafka::Conf> writing(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
  FW_RETURN_IF_ERROR(configure({{"enable.idempotence", "true"},
                                {"acks", "all"},
                                {"linger.ms", "5"},
                                {"compression.type", "lz4"},
                                {"partitioner", "murmur2_random"},
                                {"queue.buffering.max.messages", std::to_string(2 * options.max_in_flight)}},
                               writing.get()));
  writing->set("dr_cb", static_cast<RdKafka::DeliveryReportCb*>(this), error);
  producer.reset(RdKafka::Producer::create(writing.get(), error));
  return producer == nullptr ? Status::Invalid("kafka: " + error) : Status::Ok();
}

void KafkaScorer::Impl::dr_cb(RdKafka::Message& message) {
  const std::unique_ptr<Origin> origin(static_cast<Origin*>(message.msg_opaque()));
  --in_flight;
  if (message.err() != RdKafka::ERR_NO_ERROR) {
    spdlog::warn("kafka: a write to '{}' failed ({}); its messages are read again", message.topic_name(),
                 message.errstr());
    ++counters->repeated;
    read_again = true;
    return;
  }
  ++(origin->dead_letter ? counters->dead_letters : counters->scored);
  if (origin->epoch != epoch) return;  // the partition was given away meanwhile: its new owner reads it again
  const auto it = ledgers.find(origin->partition);
  if (it != ledgers.end()) it->second.Finish(origin->offset);
}

void KafkaScorer::Impl::rebalance_cb(RdKafka::KafkaConsumer* c, RdKafka::ErrorCode code,
                                     std::vector<RdKafka::TopicPartition*>& partitions) {
  if (code == RdKafka::ERR__ASSIGN_PARTITIONS) {
    c->assign(partitions);
  } else {
    // What is in flight is finished and committed before another member starts behind it.
    producer->flush(kFlushMs);
    Commit(true);
    c->unassign();
  }
  ledgers.clear();
  ++epoch;
}

Status KafkaScorer::Impl::Produce(const std::string& topic, std::string_view value,
                                  const RdKafka::Message& source, const std::string& reason) {
  const bool dead_letter = topic == options.dead_letter_topic;
  auto origin = std::make_unique<Origin>(
      Origin{{source.topic_name(), source.partition()}, source.offset(), epoch, dead_letter});
  while (true) {
    // A failed produce leaves the headers with the caller, so each try has its own.
    std::unique_ptr<RdKafka::Headers> headers(RdKafka::Headers::create());
    headers->add("forewarn.topic", source.topic_name());
    headers->add("forewarn.partition", std::to_string(source.partition()));
    headers->add("forewarn.offset", std::to_string(source.offset()));
    if (!reason.empty()) headers->add("forewarn.reason", reason);
    const RdKafka::ErrorCode code =
        producer->produce(topic, RdKafka::Topic::PARTITION_UA, RdKafka::Producer::RK_MSG_COPY,
                          const_cast<char*>(value.data()), value.size(), source.key_pointer(),
                          source.key_len(), source.timestamp().timestamp, headers.get(), origin.get());
    if (code == RdKafka::ERR_NO_ERROR) {
      headers.release();  // now the library's
      origin.release();   // back in dr_cb
      ++in_flight;
      return Status::Ok();
    }
    if (code == RdKafka::ERR_MSG_SIZE_TOO_LARGE && dead_letter) {
      return Status::Io("kafka: a message is too large for the dead-letter topic");
    }
    if (code != RdKafka::ERR__QUEUE_FULL) return Status::Unavailable("kafka: " + RdKafka::err2str(code));
    producer->poll(kPollMs);
  }
}

Status KafkaScorer::Impl::Handle(const RdKafka::Message& message) {
  ledgers[{message.topic_name(), message.partition()}].Begin(message.offset());
  const std::string_view body(static_cast<const char*>(message.payload()), message.len());
  std::vector<Fault> faults;
  Result<PredictRequest> request = ParsePredict(body, &faults);
  Status problem = request.status();
  if (request.ok()) {
    const Result<PredictReply> reply = engine->Predict(*request, &faults, options.model);
    if (reply.ok()) return Produce(options.risk_topic, ToJson(*reply, *engine), message, "");
    problem = reply.status();
    if (problem.code() == Code::kUnavailable) return problem;  // the model went away: the message waits
  }
  return Produce(options.dead_letter_topic, body, message, problem.message());
}

void KafkaScorer::Impl::Commit(bool wait) {
  std::vector<std::unique_ptr<RdKafka::TopicPartition>> owned;
  std::vector<RdKafka::TopicPartition*> offsets;
  for (auto& [partition, ledger] : ledgers) {
    const int64_t offset = ledger.TakeCommit();
    if (offset < 0) continue;
    owned.emplace_back(RdKafka::TopicPartition::create(partition.first, partition.second, offset));
    offsets.push_back(owned.back().get());
  }
  if (offsets.empty()) return;
  const RdKafka::ErrorCode code = wait ? consumer->commitSync(offsets) : consumer->commitAsync(offsets);
  // Not fatal: without the commit these messages are read again.
  if (code != RdKafka::ERR_NO_ERROR) spdlog::warn("kafka: a commit failed: {}", RdKafka::err2str(code));
}

// Back to the committed offsets of everything that is assigned.
void KafkaScorer::Impl::ReadAgain() {
  read_again = false;
  producer->flush(kFlushMs);
  Commit(true);
  std::vector<RdKafka::TopicPartition*> assigned;
  if (consumer->assignment(assigned) == RdKafka::ERR_NO_ERROR && !assigned.empty() &&
      consumer->committed(assigned, kFlushMs) == RdKafka::ERR_NO_ERROR) {
    for (RdKafka::TopicPartition* partition : assigned) {
      if (partition->offset() < 0) partition->set_offset(RdKafka::Topic::OFFSET_BEGINNING);
    }
    consumer->assign(assigned);
  }
  RdKafka::TopicPartition::destroy(assigned);
  ledgers.clear();
  ++epoch;
}

KafkaScorer::KafkaScorer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->counters = &counters_;
}

// The consumer was closed by Run; what is left in the producer's queue is reported to dr_cb before it goes.
KafkaScorer::~KafkaScorer() {
  if (impl_->producer != nullptr) {
    impl_->producer->purge(RdKafka::Producer::PURGE_QUEUE | RdKafka::Producer::PURGE_INFLIGHT);
    impl_->producer->poll(0);
  }
}

Result<std::unique_ptr<KafkaScorer>> KafkaScorer::Make(const ScoringEngine* engine, KafkaOptions options) {
  auto impl = std::make_unique<Impl>(engine, std::move(options));
  FW_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<KafkaScorer>(new KafkaScorer(std::move(impl)));
}

Status KafkaScorer::Run(std::stop_token stop) {
  Impl& i = *impl_;
  RdKafka::ErrorCode code = i.consumer->subscribe({i.options.readings_topic});
  if (code != RdKafka::ERR_NO_ERROR) return Status::Invalid("kafka: " + RdKafka::err2str(code));
  Status status;
  auto commit_at = std::chrono::steady_clock::now() + kCommitEvery;
  while (!stop.stop_requested() && status.ok()) {
    const bool full = i.in_flight >= i.options.max_in_flight || !i.HasModel();
    i.producer->poll(full ? kPollMs : 0);
    if (i.read_again) i.ReadAgain();
    if (std::chrono::steady_clock::now() >= commit_at) {
      i.Commit(false);
      commit_at = std::chrono::steady_clock::now() + kCommitEvery;
    }
    if (full) continue;
    const std::unique_ptr<RdKafka::Message> message(i.consumer->consume(kPollMs));
    if (message->err() == RdKafka::ERR_NO_ERROR) {
      status = i.Handle(*message);
      if (status.code() == Code::kUnavailable) {
        i.read_again = true;
        status = Status::Ok();
      }
    } else if (IsFinal(message->err())) {
      status = Status::Io("kafka: " + message->errstr());
    }
  }
  i.producer->flush(kFlushMs);
  i.Commit(true);
  i.consumer->close();
  return status;
}

}  // namespace forewarn
