// One connection: reads requests, has them answered, writes the replies, as a coroutine on the thread of its
// Loop; every method is called there. Requests for Inline handlers that are whole in the buffer are answered
// in a plain loop (Advance) and their replies written with one call; a coroutine waits only for the network,
// the pool, an Async answer or an event. Deadlines are checked by the loop's tick, not by a timer each.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "http/loop.h"
#include "http/request_parser.h"
#include "http/response_writer.h"

namespace forewarn::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, Loop& loop, std::shared_ptr<Shared> shared, std::shared_ptr<const Router> router);
  ~Connection();

  Task Run();
  // Writes 503 and goes: the server has too many connections.
  Task TurnAway();

  void Tick();   // a deadline may have passed
  void Drain();  // the server stops: goes when idle, after its answer otherwise
  void Cut();    // now

 private:
  friend class ReplySlot;

  enum class Action {
    kNext,         // on with what is in the buffer
    kYield,        // the same, after others had their turn
    kRead,         // more bytes are needed
    kAwaitAnswer,  // the request is whole and its answer takes time
    kPull,         // the reply's body is to be made piece by piece
    kClose,
    kRefuse,  // close, after a while in which what comes is dropped
  };
  enum class Phase { kIdle, kHead, kBody, kAnswer, kWrite, kStream, kLinger };
  using Answer = std::variant<Response, EventStream>;

  // Reading and answering at once: connection.cc.
  Action Advance();
  Action OnHead();
  Action CheckExpectation();
  Action OnRequest();
  Action Queue(Response response);
  Action Refuse(int status, std::string detail);
  Action RefuseWith(Response response);
  Action AfterReadError();
  bool ChargeBody();
  void FindRemote();
  void EndRequest();
  void MakeRoom();
  void EnterReading();
  Framing FramingOf(bool may_keep_alive) const;
  std::string_view FixedHeaders() const;
  void Tell(int status, size_t bytes);

  bool TryFlush();  // false: not all was taken yet
  Task FlushRest();
  Task Linger();

  // Answers that take time: connection_answers.cc.
  Task AwaitAnswer();
  void StartAnswer();
  Task SendPulled();
  static Response PullOnce(const Response& source);
  Task SendEvents(EventStream stream);
  Task SendFrames();
  void SubscribeWakes();
  void WatchForHangup();
  void Deliver(uint64_t request_number, Answer answer);
  Task SleepUntil(Clock::time_point time);  // or Wake
  void Wake();

  bool Crowded() const;
  void SetPhase(Phase phase, std::chrono::milliseconds timeout);
  void ClearDeadline() { deadline_ = Clock::time_point::max(); }
  bool stopping() const { return shared_->stopping.load(std::memory_order_relaxed); }

  Socket socket_;
  Loop& loop_;
  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<const Router> router_;
  Timer wake_;
  std::string address_;  // of the peer

  Phase phase_ = Phase::kIdle;
  Clock::time_point deadline_ = Clock::time_point::max();
  bool expired_ = false;  // the deadline passed; the pending operation was cancelled
  bool broken_ = false;   // the peer is gone or we were cut

  std::string in_;  // bytes [in_begin_, in_end_) are read and not yet used
  size_t in_begin_ = 0;
  size_t in_end_ = 0;
  std::string out_;  // to be written from out_begin_ on, then tail_
  size_t out_begin_ = 0;
  std::string tail_owned_;  // a large body, not copied into out_
  std::string_view tail_;

  RequestParser parser_;
  Request request_;
  bool in_request_ = false;
  bool head_read_ = false;
  Router::Match match_;
  bool guard_settled_ = false;  // by the route's quick guard
  size_t charged_ = 0;          // bytes of body_memory
  bool keep_alive_ = true;
  bool http11_ = true;
  // Of the request being answered, which may have been moved away.
  Method method_ = Method::kOther;
  std::string target_;
  std::string remote_;
  std::string fixed_headers_;
  Clock::time_point begun_;
  std::string last_event_id_;

  uint64_t request_number_ = 0;
  std::optional<Answer> answer_;
  std::optional<Response> pulled_;
  std::unique_ptr<Subscription> subscription_;
  size_t streamed_ = 0;  // bytes
};

}  // namespace forewarn::http
