#include "stream/kafka_scorer.h"

#include <fmt/format.h>
#include <librdkafka/rdkafkacpp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "scoring/reply_json.h"
#include "stream/kafka_log.h"
#include "stream/offset_committer.h"

namespace forewarn {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kIdle(100);  // waiting for readings, with nothing under way
constexpr milliseconds kBusy(5);    // waiting for answers
constexpr milliseconds kFlush(10'000);
constexpr milliseconds kPauseAfter(
    1'000);  // pausing throws away what was fetched ahead: not for every breath
constexpr size_t kKeyOfHollow = 4096;
constexpr int kFruitlessWriters = 5;

// Travels with a written message to its delivery report.
struct Origin {
  int32_t partition;
  int64_t offset;
  uint64_t epoch;      // of the assignment it was read under
  std::string reason;  // "": a risk; else a dead letter
  bool hollow;
  bool alone;  // nothing else was in flight: a refusal is meant for it
};

// What becomes of a reading.
struct Outgoing {
  std::string risk;    // the reply; "" in a dead letter
  std::string reason;  // of the dead letter
  bool hollow = false;
};

// What trying again does not mend.
bool IsFinal(RdKafka::ErrorCode code) {
  return code == RdKafka::ERR__AUTHENTICATION || code == RdKafka::ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RdKafka::ERR_GROUP_AUTHORIZATION_FAILED || code == RdKafka::ERR_CLUSTER_AUTHORIZATION_FAILED;
}

// What the brokers have against this very message, or against the batch it was in.
bool IsRefusal(RdKafka::ErrorCode code) {
  return code == RdKafka::ERR_MSG_SIZE_TOO_LARGE || code == RdKafka::ERR_INVALID_TIMESTAMP ||
         code == RdKafka::ERR_INVALID_RECORD;
}

// Brokers that were away are found within a second of their return; the library's own is ten.
constexpr char kLongestBackoff[] = "1000";

using Settings = std::vector<std::pair<const char*, std::string>>;

Status Configure(const Settings& settings, RdKafka::Conf* conf) {
  std::string error;
  for (const auto& [key, value] : settings) {
    if (conf->set(key, value, error) != RdKafka::Conf::CONF_OK) return Status::Invalid("kafka: " + error);
  }
  return Status::Ok();
}

Settings ReadingSettings(const KafkaOptions& options) {
  Settings out = {{"bootstrap.servers", options.brokers},
                  {"client.id", "forewarn"},
                  {"group.id", options.group},
                  {"enable.auto.commit", "false"},
                  {"enable.auto.offset.store", "false"},
                  {"auto.offset.reset", "earliest"},
                  // How long a member that was killed keeps its partitions from the others.
                  {"session.timeout.ms", "6000"},
                  {"heartbeat.interval.ms", "2000"},
                  {"reconnect.backoff.max.ms", kLongestBackoff},
                  {"queued.max.messages.kbytes", "16384"}};
  if (!options.instance.empty()) out.emplace_back("group.instance.id", options.instance);
  return out;
}

// No write is given up for its age, and after one that failed no later one is written (the gapless
// guarantee): either would put a key's newer risk before an older one.
Settings WritingSettings(const KafkaOptions& options) {
  return {{"bootstrap.servers", options.brokers},
          {"client.id", "forewarn"},
          {"enable.idempotence", "true"},
          {"enable.gapless.guarantee", "true"},
          {"message.timeout.ms", "0"},
          {"reconnect.backoff.max.ms", kLongestBackoff},
          {"acks", "all"},
          {"linger.ms", "5"},
          {"batch.size", "100000"},
          {"compression.type", "lz4"},
          {"partitioner", "murmur2_random"},
          {"queue.buffering.max.messages", std::to_string(2 * options.max_uncommitted)},
          {"queue.buffering.max.kbytes", "32768"}};
}

}  // namespace

struct KafkaScorer::Impl final : RdKafka::DeliveryReportCb, RdKafka::RebalanceCb {
  const ScoringEngine* engine;
  KafkaOptions options;
  KafkaCounters* counters = nullptr;
  std::function<void(KafkaCount)> counted;
  KafkaLog library_log;
  std::unique_ptr<RdKafka::KafkaConsumer> consumer;
  std::unique_ptr<RdKafka::Producer> producer;
  Ledgers ledgers;
  std::unique_ptr<OffsetCommitter> committer;
  std::unique_ptr<RdKafka::Message> pending;  // taken and not yet written
  std::optional<Outgoing> outgoing;           // what became of it
  uint64_t epoch = 0;
  size_t in_flight = 0;
  size_t one_by_one = 0;  // so many are written each alone: the brokers refused a batch
  std::map<std::pair<int32_t, int64_t>, std::string> refused;  // what they refused alone, and why
  int fruitless = 0;                                           // writers made since the last acknowledgement
  bool read_again = false;  // a write failed: go back to what is not finished
  Status problem;           // what ends Run
  std::optional<Clock::time_point> full_since;
  bool paused = false;

  Impl(const ScoringEngine* e, KafkaOptions o) : engine(e), options(std::move(o)) {}

  void Count(KafkaCount what) {
    ++(what == KafkaCount::kScored       ? counters->scored
       : what == KafkaCount::kDeadLetter ? counters->dead_letters
                                         : counters->repeated);
    if (counted) counted(what);
  }
  Status Open();
  Status OpenWriter();
  // All callbacks run on the thread of Run, inside poll, flush, consume and close.
  void dr_cb(RdKafka::Message& message) override;
  void rebalance_cb(RdKafka::KafkaConsumer* c, RdKafka::ErrorCode code,
                    std::vector<RdKafka::TopicPartition*>& partitions) override;

  void Step();
  void Take();
  bool Write();
  bool Score();
  void Wait();
  void SetPaused(bool pause);
  RdKafka::ErrorCode Produce(std::string_view value, std::string_view key, int64_t timestamp,
                             std::unique_ptr<Origin> origin);
  void RenewWriter();
  void DropWriter();
  void Refused(const RdKafka::Message& message, const Origin& origin);
  void DrainAndCommit();
  void Forget();
  void ReadAgain();
  bool IsFull() const;
};

Status KafkaScorer::Impl::Open() {
  std::string error;
  std::unique_ptr<RdKafka::Conf> reading(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
  FW_RETURN_IF_ERROR(Configure(ReadingSettings(options), reading.get()));
  reading->set("event_cb", static_cast<RdKafka::EventCb*>(&library_log), error);
  reading->set("rebalance_cb", static_cast<RdKafka::RebalanceCb*>(this), error);
  consumer.reset(RdKafka::KafkaConsumer::create(reading.get(), error));
  if (consumer == nullptr) return Status::Invalid("kafka: " + error);
  committer = std::make_unique<OffsetCommitter>(consumer.get(), options.readings_topic, &ledgers);
  return OpenWriter();
}

Status KafkaScorer::Impl::OpenWriter() {
  std::string error;
  std::unique_ptr<RdKafka::Conf> writing(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
  FW_RETURN_IF_ERROR(Configure(WritingSettings(options), writing.get()));
  writing->set("event_cb", static_cast<RdKafka::EventCb*>(&library_log), error);
  writing->set("dr_cb", static_cast<RdKafka::DeliveryReportCb*>(this), error);
  producer.reset(RdKafka::Producer::create(writing.get(), error));
  return producer == nullptr ? Status::Invalid("kafka: " + error) : Status::Ok();
}

void KafkaScorer::Impl::dr_cb(RdKafka::Message& message) {
  const std::unique_ptr<Origin> origin(static_cast<Origin*>(message.msg_opaque()));
  --in_flight;
  if (message.err() == RdKafka::ERR_NO_ERROR) {
    fruitless = 0;
    Count(origin->reason.empty() ? KafkaCount::kScored : KafkaCount::kDeadLetter);
    const auto it = ledgers.find(origin->partition);
    if (origin->epoch == epoch && it != ledgers.end()) it->second.Finish(origin->offset);
    return;
  }
  if (origin->epoch != epoch) return;  // given away or begun anew meanwhile: it is read again anyway
  if (IsFinal(message.err()) || (IsRefusal(message.err()) && origin->hollow)) {
    problem = Status::Io(
        fmt::format("kafka: writing to '{}' is refused: {}", message.topic_name(), message.errstr()));
    return;
  }
  if (IsRefusal(message.err())) Refused(message, *origin);
  if (!read_again) {
    spdlog::warn("kafka: a write to '{}' failed ({}); what is not written is read again",
                 message.topic_name(), message.errstr());
  }
  Count(KafkaCount::kRepeated);
  read_again = true;
}

// A batch is refused as a whole, so its messages are tried again one by one. The one that is refused then is
// set aside without its value: its headers say where that is.
void KafkaScorer::Impl::Refused(const RdKafka::Message& message, const Origin& origin) {
  if (origin.alone) {
    refused[{origin.partition, origin.offset}] =
        fmt::format("{}{}its {} bytes for '{}' are refused: {}", origin.reason,
                    origin.reason.empty() ? "" : "; ", message.len(), message.topic_name(), message.errstr());
    return;
  }
  size_t open = 0;
  for (const auto& [partition, ledger] : ledgers) open += ledger.open();
  one_by_one = std::max(one_by_one, open);
}

void KafkaScorer::Impl::rebalance_cb(RdKafka::KafkaConsumer* c, RdKafka::ErrorCode code,
                                     std::vector<RdKafka::TopicPartition*>& partitions) {
  if (code == RdKafka::ERR__ASSIGN_PARTITIONS) {
    c->assign(partitions);
    c->resume(partitions);
  } else {
    // What is in flight is finished and committed before another member starts behind it; where that may
    // have started already, or the brokers do not answer, what has not left is not sent any more.
    if (!c->assignment_lost()) DrainAndCommit();
    if (producer->outq_len() > 0) RenewWriter();
    refused.clear();
    one_by_one = 0;
    c->unassign();
  }
  Forget();
}

RdKafka::ErrorCode KafkaScorer::Impl::Produce(std::string_view value, std::string_view key, int64_t timestamp,
                                              std::unique_ptr<Origin> origin) {
  const std::string& topic = origin->reason.empty() ? options.risk_topic : options.dead_letter_topic;
  std::unique_ptr<RdKafka::Headers> headers(RdKafka::Headers::create());
  headers->add("forewarn.topic", options.readings_topic);
  headers->add("forewarn.partition", std::to_string(origin->partition));
  headers->add("forewarn.offset", std::to_string(origin->offset));
  if (!origin->reason.empty()) headers->add("forewarn.reason", origin->reason);
  const RdKafka::ErrorCode code = producer->produce(
      topic, RdKafka::Topic::PARTITION_UA, RdKafka::Producer::RK_MSG_COPY, const_cast<char*>(value.data()),
      value.size(), key.data(), key.size(), std::max<int64_t>(timestamp, 0), headers.get(), origin.get());
  if (code == RdKafka::ERR_NO_ERROR) {
    headers.release();  // now the library's
    origin.release();   // back in dr_cb
    ++in_flight;
  }
  return code;
}

// Decides what becomes of the pending message; false where it must wait for a model.
bool KafkaScorer::Impl::Score() {
  const auto why = refused.find({pending->partition(), pending->offset()});
  if (why != refused.end()) {
    outgoing = {.risk = "", .reason = why->second, .hollow = true};
    refused.erase(why);
    return true;
  }
  const std::string_view body(static_cast<const char*>(pending->payload()), pending->len());
  std::vector<Fault> faults;
  Result<PredictRequest> request = ParsePredict(body, &faults);
  Status status = request.status();
  if (request.ok()) {
    const Result<PredictReply> reply = engine->Predict(*request, &faults, options.model);
    if (reply.ok()) {
      outgoing = {.risk = ToJson(*reply, *engine), .reason = ""};
      return true;
    }
    status = reply.status();
    if (status.code() == Code::kUnavailable) return false;
  }
  outgoing = {.risk = "", .reason = status.message()};
  return true;
}

// Hands the pending message to the producer; false where it must be tried again.
bool KafkaScorer::Impl::Write() {
  if (!outgoing.has_value() && !Score()) return false;
  const bool dead = !outgoing->reason.empty();
  std::string_view value = outgoing->risk;
  if (dead) value = {static_cast<const char*>(pending->payload()), pending->len()};
  std::string_view key(static_cast<const char*>(pending->key_pointer()), pending->key_len());
  if (outgoing->hollow) value = {};
  if (outgoing->hollow && key.size() > kKeyOfHollow) key = {};
  const RdKafka::ErrorCode code =
      Produce(value, key, pending->timestamp().timestamp,
              std::make_unique<Origin>(Origin{pending->partition(), pending->offset(), epoch,
                                              outgoing->reason, outgoing->hollow, in_flight == 0}));
  if (code == RdKafka::ERR_NO_ERROR) {
    pending.reset();
    outgoing.reset();
    if (one_by_one > 0) --one_by_one;
    return true;
  }
  if (code == RdKafka::ERR_MSG_SIZE_TOO_LARGE && !outgoing->hollow) {  // already for the library
    outgoing->reason +=
        fmt::format("{}its {} bytes are too many to be set aside", dead ? "; " : "", pending->len());
    outgoing->hollow = true;
    return Write();
  }
  if (code == RdKafka::ERR_MSG_SIZE_TOO_LARGE) problem = Status::Io("kafka: " + RdKafka::err2str(code));
  if (code == RdKafka::ERR__FATAL) read_again = true;
  return false;
}

bool KafkaScorer::Impl::IsFull() const {
  if (pending != nullptr || (one_by_one > 0 && in_flight > 0)) return true;
  size_t open = 0;
  for (const auto& [partition, ledger] : ledgers) open += ledger.open();
  return open >= options.max_uncommitted || !engine->Find(options.model).ok();
}

// The next message, if one comes; also serves the group: rebalances happen in here.
void KafkaScorer::Impl::Take() {
  const bool idle = in_flight == 0 && std::all_of(ledgers.begin(), ledgers.end(),
                                                  [](const auto& entry) { return entry.second.open() == 0; });
  const milliseconds wait = paused ? milliseconds(0) : idle ? kIdle : kBusy;
  std::unique_ptr<RdKafka::Message> message(consumer->consume(static_cast<int>(wait.count())));
  if (message->err() == RdKafka::ERR_NO_ERROR) {
    if (!ledgers[message->partition()].Begin(message->offset())) return;
    if (pending != nullptr) {
      read_again = true;  // there is no room for it: a partition that is paused gives none
    } else {
      pending = std::move(message);
    }
  } else if (IsFinal(message->err()) || message->err() == RdKafka::ERR__FATAL) {
    std::string why;
    problem = consumer->fatal_error(why) == RdKafka::ERR_FENCED_INSTANCE_ID
                  ? Status::Busy(fmt::format(
                        "kafka: another has taken the name '{}' in the group '{}'; give each member its own",
                        options.instance, options.group))
                  : Status::Io("kafka: " + message->errstr());
  }
}

// For what is under way, with nothing to be taken. After a while the partitions are paused, so that the group
// can be served without a message coming: a member that does not ask for so long loses its partitions.
void KafkaScorer::Impl::Wait() {
  if (!full_since.has_value()) full_since = Clock::now();
  if (!paused && Clock::now() - *full_since >= kPauseAfter) SetPaused(true);
  if (paused) Take();
  const milliseconds wait = paused ? kIdle : kBusy;
  if (in_flight > 0) {
    producer->poll(static_cast<int>(wait.count()));
  } else {
    committer->Poll(wait);
  }
}

void KafkaScorer::Impl::SetPaused(bool pause) {
  std::vector<RdKafka::TopicPartition*> assigned;
  if (consumer->assignment(assigned) == RdKafka::ERR_NO_ERROR) {
    pause ? consumer->pause(assigned) : consumer->resume(assigned);
    paused = pause;
  }
  RdKafka::TopicPartition::destroy(assigned);
}

void KafkaScorer::Impl::Step() {
  producer->poll(0);
  committer->Poll(milliseconds(0));
  if (read_again) ReadAgain();
  committer->Send();
  if (pending != nullptr && problem.ok()) Write();
  if (!problem.ok()) return;
  if (IsFull()) return Wait();
  full_since.reset();
  if (paused) SetPaused(false);
  Take();
}

void KafkaScorer::Impl::DrainAndCommit() {
  producer->flush(static_cast<int>(kFlush.count()));
  committer->Finish(kFlush);
}

// Nothing of what was taken counts any more: it is read again, here or by another member.
void KafkaScorer::Impl::Forget() {
  pending.reset();
  outgoing.reset();
  ledgers.clear();
  read_again = false;
  full_since.reset();
  paused = false;
  ++epoch;
}

// A producer that was stopped by a failed write, or holds what must not be written any more, goes; the next
// one begins with nothing.
void KafkaScorer::Impl::RenewWriter() {
  std::string why;
  const RdKafka::ErrorCode code = producer->fatal_error(why);
  if (IsFinal(code) || ++fruitless > kFruitlessWriters) {
    problem = Status::Io("kafka: nothing can be written: " + (why.empty() ? RdKafka::err2str(code) : why));
    return;
  }
  DropWriter();
  const Status opened = OpenWriter();
  if (!opened.ok()) problem = opened;
}

// Every message of it is reported to dr_cb, which ends its origin.
void KafkaScorer::Impl::DropWriter() {
  if (producer == nullptr) return;
  producer->purge(RdKafka::Producer::PURGE_QUEUE | RdKafka::Producer::PURGE_INFLIGHT);
  producer->flush(static_cast<int>(kFlush.count()));
  producer.reset();
  in_flight = 0;
}

// Back to the first message of each partition that is not written. The ledgers know where that is; the
// brokers, who may be away, are not asked.
void KafkaScorer::Impl::ReadAgain() {
  DrainAndCommit();
  std::string why;
  if (producer->outq_len() > 0 || producer->fatal_error(why) != RdKafka::ERR_NO_ERROR) RenewWriter();
  if (!problem.ok()) return;
  std::vector<RdKafka::TopicPartition*> assigned;
  const RdKafka::ErrorCode code = consumer->assignment(assigned);
  if (code == RdKafka::ERR_NO_ERROR) {
    for (RdKafka::TopicPartition* partition : assigned) {
      const auto it = ledgers.find(partition->partition());
      const int64_t resume = it == ledgers.end() ? DeliveryLedger::kNone : it->second.ToResume();
      partition->set_offset(resume == DeliveryLedger::kNone ? RdKafka::Topic::OFFSET_INVALID : resume);
    }
    consumer->assign(assigned);
    consumer->resume(assigned);
    Forget();
  } else {
    problem = Status::Io("kafka: " + RdKafka::err2str(code));
  }
  RdKafka::TopicPartition::destroy(assigned);
}

KafkaScorer::KafkaScorer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->counters = &counters_;
}

// The consumer was closed by Run.
KafkaScorer::~KafkaScorer() { impl_->DropWriter(); }

Result<std::unique_ptr<KafkaScorer>> KafkaScorer::Make(const ScoringEngine* engine, KafkaOptions options,
                                                       std::function<void(KafkaCount)> counted) {
  auto impl = std::make_unique<Impl>(engine, std::move(options));
  impl->counted = std::move(counted);
  FW_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<KafkaScorer>(new KafkaScorer(std::move(impl)));
}

Status KafkaScorer::Run(std::stop_token stop) {
  Impl& i = *impl_;
  const RdKafka::ErrorCode code = i.consumer->subscribe({i.options.readings_topic});
  if (code != RdKafka::ERR_NO_ERROR) return Status::Invalid("kafka: " + RdKafka::err2str(code));
  while (!stop.stop_requested() && i.problem.ok()) i.Step();
  i.DrainAndCommit();
  i.consumer->close();
  return i.problem;
}

}  // namespace forewarn
