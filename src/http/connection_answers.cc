// The part of a connection that answers what takes time: the worker pool, Async handlers, bodies made piece
// by piece, and event streams.
#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include "http/connection.h"
#include "http/dispatch.h"
#include "http/problem.h"

namespace forewarn::http {
namespace {

constexpr size_t kFlushFramesAt = 64 * 1024;

}  // namespace

// Carries the answer of one request from any thread to its connection, if that is still there.
class ReplySlot : public Responder::Sink {
 public:
  ReplySlot(const std::shared_ptr<Connection>& connection, std::shared_ptr<Shared> shared)
      : connection_(connection),
        loop_(connection->loop_.weak_from_this()),
        shared_(std::move(shared)),
        number_(connection->request_number_) {
    shared_->in_flight.fetch_add(1);
  }
  ~ReplySlot() override {
    if (answered_.test()) return;
    const bool awaited = !connection_.expired() && !shared_->stopping.load();
    if (awaited) spdlog::error("internal: a handler gave up a request without an answer");
    Answer(Problem(500, "an error inside the service; its log says more"));
  }
  ReplySlot(const ReplySlot&) = delete;
  ReplySlot& operator=(const ReplySlot&) = delete;

  void Reply(Response response) override { Answer(std::move(response)); }

  void Answer(Connection::Answer answer) {
    if (answered_.test_and_set()) return;
    shared_->in_flight.fetch_sub(1);
    const std::shared_ptr<Loop> loop = loop_.lock();
    if (!loop) return;
    asio::post(loop->io, [connection = connection_, number = number_, answer = std::move(answer)]() mutable {
      if (const auto alive = connection.lock()) alive->Deliver(number, std::move(answer));
    });
  }

 private:
  std::weak_ptr<Connection> connection_;
  std::weak_ptr<Loop> loop_;
  std::shared_ptr<Shared> shared_;
  const uint64_t number_;
  std::atomic_flag answered_;
};

namespace {

// Guard and handler of a route, here and now, on the pool or on the I/O thread.
void AnswerHere(const Route& route, bool guard_settled, Request& request,
                const std::shared_ptr<ReplySlot>& slot) {
  if (!guard_settled) {
    if (auto refusal = RunGuard(route, request)) return slot->Answer(std::move(*refusal));
  }
  if (const auto* handler = std::get_if<Inline>(&route.handler)) {
    slot->Answer(RunHandler(handler->run, request));
  } else if (const auto* pooled = std::get_if<Pooled>(&route.handler)) {
    slot->Answer(RunHandler(pooled->run, request));
  } else if (const auto* async = std::get_if<Async>(&route.handler)) {
    RunAsync(*async, std::move(request), Responder(slot));
  } else {
    auto opened = RunStream(std::get<Stream>(route.handler), request);
    if (auto* stream = std::get_if<EventStream>(&opened)) return slot->Answer(std::move(*stream));
    slot->Answer(std::get<Response>(std::move(opened)));
  }
}

}  // namespace

Task Connection::AwaitAnswer() {
  ClearDeadline();
  phase_ = Phase::kAnswer;
  target_ = request_.target;
  remote_ = request_.remote;
  last_event_id_ = request_.Header("Last-Event-ID");
  answer_.reset();
  StartAnswer();
  while (!answer_ && !broken_) co_await SleepUntil(Clock::time_point::max());
}

void Connection::StartAnswer() {
  const Route& route = *match_.route;
  const bool settled = guard_settled_;
  const bool pooled =
      std::holds_alternative<Pooled>(route.handler) || (route.options.guard_on_pool && !settled);
  if (shared_->in_flight.load() >= shared_->options.max_in_flight) {
    answer_ = Problem(503, "the service has as many requests under way as it takes");
    return;
  }
  const auto slot = std::make_shared<ReplySlot>(shared_from_this(), shared_);
  if (!pooled) return AnswerHere(route, settled, request_, slot);
  const bool taken = shared_->pool.Submit([&route, settled, slot, request = std::move(request_)]() mutable {
    AnswerHere(route, settled, request, slot);
  });
  if (!taken) slot->Answer(Problem(503, "the service has as many requests waiting as it takes"));
}

void Connection::Deliver(uint64_t request_number, Answer answer) {
  if (request_number != request_number_ || answer_ || phase_ != Phase::kAnswer) return;
  answer_ = std::move(answer);
  Wake();
}

Task Connection::SleepUntil(Clock::time_point time) {
  wake_.expires_at(time);
  co_await wake_.async_wait(asio::as_tuple(kAwait));
}

void Connection::Wake() { wake_.cancel(); }

// The body of a reply with `pull`, made on the pool a piece at a time: the next is asked for when the last
// was taken by the client.
Task Connection::SendPulled() {
  const auto source = std::make_shared<Response>(std::move(*pulled_));
  pulled_.reset();
  size_t bytes = 0;
  bool whole = false;
  while (!broken_ && !whole) {
    answer_.reset();
    ++request_number_;
    phase_ = Phase::kAnswer;
    ClearDeadline();
    const auto slot = std::make_shared<ReplySlot>(shared_from_this(), shared_);
    const bool taken = shared_->pool.Submit([slot, source] { slot->Answer(PullOnce(*source)); });
    if (!taken) slot->Answer(Problem(503, "busy"));
    while (!answer_ && !broken_) co_await SleepUntil(Clock::time_point::max());
    if (broken_) break;
    const Response& piece = std::get<Response>(*answer_);
    if (piece.status != 200) {
      broken_ = true;  // the head is sent already: a cut is all that can tell of a failure
      break;
    }
    whole = piece.body.empty();
    bytes += piece.body.size();
    if (http11_) {
      AppendChunk(piece.body, &out_);
    } else {
      out_ += piece.body;
    }
    if (!TryFlush()) co_await FlushRest();
  }
  answer_.reset();
  Tell(source->status, bytes);
  EndRequest();
}

Response Connection::PullOnce(const Response& source) {
  Response piece;
  try {
    if (const Status status = source.pull(&piece.body); !status.ok()) return Problem(status);
  } catch (const std::exception& e) {
    return Problem(Status::Internal(std::string("a reply's body threw: ") + e.what()));
  } catch (...) {
    return Problem(Status::Internal("a reply's body threw something that is no std::exception"));
  }
  return piece;
}

// Until the client or the server goes, or the client is too slow.
Task Connection::SendEvents(EventStream stream) {
  subscription_ = stream.hub->Subscribe(last_event_id_, std::move(stream.first));
  if (!subscription_) {
    keep_alive_ = false;
    Queue(Problem(503, "the stream has as many readers as it takes"));
    if (!TryFlush()) co_await FlushRest();
    co_return;
  }
  Response head;
  head.content_type = "text/event-stream";
  head.headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  AppendHead(head, {false, http11_, method_ == Method::kHead, true}, FixedHeaders(), &out_);
  if (method_ == Method::kHead) {
    if (!TryFlush()) co_await FlushRest();
  } else {
    out_ += "retry: " + std::to_string(shared_->options.retry_hint.count()) + "\n\n";
    SubscribeWakes();
    WatchForHangup();
    while (!broken_ && !stopping() && !subscription_->dropped()) {
      const bool closed = subscription_->closed();
      co_await SendFrames();
      if (closed || broken_) break;
    }
  }
  subscription_.reset();
  Tell(200, streamed_);
}

// What there is, or after a silence the heartbeat.
Task Connection::SendFrames() {
  const auto frames = subscription_->Take();
  for (const auto& frame : frames) {
    streamed_ += frame->size();
    out_ += *frame;
    if (out_.size() > kFlushFramesAt && !TryFlush()) co_await FlushRest();
    if (broken_ || subscription_->dropped()) co_return;
  }
  if (!out_.empty()) {  // more may have come while this is written
    if (!TryFlush()) co_await FlushRest();
    co_return;
  }
  if (subscription_->closed()) co_return;
  phase_ = Phase::kStream;
  const Clock::time_point beat = Clock::now() + shared_->options.heartbeat;
  co_await SleepUntil(beat);
  if (Clock::now() >= beat) out_ += ": \n\n";
}

void Connection::SubscribeWakes() {
  const std::weak_ptr<Connection> weak = weak_from_this();
  const std::weak_ptr<Loop> weak_loop = loop_.weak_from_this();
  subscription_->OnReady([weak, weak_loop] {
    const std::shared_ptr<Loop> loop = weak_loop.lock();
    if (!loop) return;
    asio::post(loop->io, [weak] {
      const auto alive = weak.lock();
      if (!alive || !alive->subscription_) return;
      if (alive->subscription_->dropped()) alive->Cut();
      alive->Wake();
    });
  });
}

// A stream's client says nothing: what it sends is dropped, and its going ends the stream at once.
void Connection::WatchForHangup() {
  socket_.async_wait(Socket::wait_read, [weak = weak_from_this()](const ErrorCode& error) {
    const auto alive = weak.lock();
    if (!alive || error || !alive->subscription_) return;
    std::array<char, 1024> dropped{};
    ErrorCode read_error;
    alive->socket_.read_some(asio::buffer(dropped), read_error);
    if (read_error && read_error != asio::error::would_block) return alive->Cut();
    alive->WatchForHangup();
  });
}

}  // namespace forewarn::http
