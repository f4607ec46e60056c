#include "http/connection.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cstring>

#include "core/names.h"
#include "http/dispatch.h"
#include "http/problem.h"

namespace forewarn::http {
namespace {

constexpr size_t kSmallInput = 4 * 1024;   // of an idle connection
constexpr size_t kLargeInput = 64 * 1024;  // while a body comes
constexpr size_t kKeptBuffer = 64 * 1024;  // larger ones are given back after a request
constexpr size_t kCopiedBody = 16 * 1024;  // larger bodies are written from where they are
constexpr size_t kFlushAt = 64 * 1024;     // of replies to pipelined requests
constexpr size_t kDiscarded = 64 * 1024;   // body of a refused request that is read to keep the connection
constexpr size_t kLingered = 256 * 1024;   // read after a refusal, so that the client gets to see it
constexpr std::chrono::milliseconds kLinger{1'500};
constexpr int kNotSent = 128 * 1024;
constexpr int kBurst = 64;  // pipelined requests answered before others get their turn

// Counts the connection for as long as its coroutine lives.
class Registration {
 public:
  Registration(Connection* connection, Loop& loop, Shared& shared)
      : connection_(connection), loop_(loop), shared_(shared) {
    loop_.connections.insert(connection_);
  }
  ~Registration() {
    loop_.connections.erase(connection_);
    const std::lock_guard lock(shared_.mutex);
    if (shared_.connections.fetch_sub(1) == 1) shared_.drained.notify_all();
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  Connection* connection_;
  Loop& loop_;
  Shared& shared_;
};

std::string AddressOf(const Socket& socket) {
  ErrorCode error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? "" : endpoint.address().to_string();
}

bool Holds(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

Connection::Connection(Socket socket, Loop& loop, std::shared_ptr<Shared> shared,
                       std::shared_ptr<const Router> router)
    : socket_(std::move(socket)),
      loop_(loop),
      shared_(std::move(shared)),
      router_(std::move(router)),
      wake_(loop_.io),
      address_(AddressOf(socket_)),
      parser_({shared_->options.max_head, shared_->options.max_target}) {}

Connection::~Connection() {
  if (charged_ > 0) shared_->body_memory.fetch_sub(charged_);
}

Task Connection::Run() {
  const auto self = shared_from_this();
  const Registration registration(this, loop_, *shared_);
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  // Writable again once most is on its way: a slow client's progress is seen before its deadline.
  setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kNotSent, sizeof(kNotSent));
  while (!broken_) {
    Action action = Advance();
    if (!TryFlush()) co_await FlushRest();
    if (action == Action::kAwaitAnswer && !broken_) {
      co_await AwaitAnswer();
      if (broken_) break;
      if (auto* stream = std::get_if<EventStream>(&*answer_)) {
        co_await SendEvents(std::move(*stream));
        break;
      }
      action = Queue(std::get<Response>(std::move(*answer_)));
      if (!TryFlush()) co_await FlushRest();
    }
    if (action == Action::kPull && !broken_) {
      co_await SendPulled();
      action = keep_alive_ ? Action::kNext : Action::kClose;
    }
    if (action == Action::kYield && !broken_) co_await asio::post(loop_.io, kAwait);
    if (action == Action::kRead && !broken_) {
      EnterReading();
      if (phase_ == Phase::kIdle && stopping()) break;
      MakeRoom();
      const auto [error, size] = co_await socket_.async_read_some(
          asio::buffer(in_.data() + in_end_, in_.size() - in_end_), asio::as_tuple(kAwait));
      in_end_ += size;
      if (error) action = AfterReadError();
      if (error && !TryFlush()) co_await FlushRest();
    }
    if (broken_) break;
    const bool unread = in_begin_ < in_end_ || stopping();
    if (action == Action::kRefuse || (action == Action::kClose && unread)) co_await Linger();
    if (action == Action::kRefuse || action == Action::kClose) break;
  }
  socket_.close(ignored);
}

Task Connection::TurnAway() {
  const auto self = shared_from_this();
  const Registration registration(this, loop_, *shared_);
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  keep_alive_ = false;
  Refuse(503, "the service has as many connections as it takes");
  if (TryFlush()) co_await Linger();
  socket_.close(ignored);
}

// Works off what is in the buffer. kRead: more bytes are needed.
Connection::Action Connection::Advance() {
  for (int served = 0; served < kBurst;) {
    if (!in_request_) {
      while (in_begin_ < in_end_ && (in_[in_begin_] == '\r' || in_[in_begin_] == '\n')) ++in_begin_;
      if (in_begin_ == in_end_) {
        return Action::kRead;
      }
      parser_.Begin(&request_);
      in_request_ = true;
    }
    size_t used = 0;
    const auto step = parser_.Feed({in_.data() + in_begin_, in_end_ - in_begin_}, &used);
    in_begin_ += used;
    Action action = Action::kNext;
    switch (step) {
      case RequestParser::Step::kMore:
        if (!ChargeBody()) return Refuse(503, "the service has as many large bodies in memory as it takes");
        return Action::kRead;
      case RequestParser::Step::kHead:
        action = OnHead();
        break;
      case RequestParser::Step::kDone:
        action = OnRequest();
        ++served;
        break;
      case RequestParser::Step::kFailed:
        return Refuse(parser_.failure().status, parser_.failure().detail);
    }
    if (action != Action::kNext) return action;
    if (out_.size() > kFlushAt || !tail_.empty()) return Action::kYield;
  }
  return Action::kYield;
}

// Deadlines count from the first wait: a byte now and then buys no more time.
void Connection::EnterReading() {
  if (!in_request_) {
    SetPhase(Phase::kIdle, shared_->options.idle_timeout);
  } else if (head_read_) {
    if (phase_ != Phase::kBody) SetPhase(Phase::kBody, shared_->options.body_timeout);
  } else if (phase_ != Phase::kHead) {
    SetPhase(Phase::kHead, shared_->options.head_timeout);
  }
}

void Connection::SetPhase(Phase phase, std::chrono::milliseconds timeout) {
  phase_ = phase;
  expired_ = false;
  deadline_ = loop_.now + timeout;
}

Connection::Action Connection::OnHead() {
  head_read_ = true;
  ++request_number_;
  method_ = request_.method;
  http11_ = parser_.http11();
  keep_alive_ = parser_.keep_alive();
  FindRemote();
  if (router_->has_cors()) {
    fixed_headers_ = router_->fixed_headers();
    router_->AppendCors(request_, &fixed_headers_);
  }
  match_ = router_->Find(request_);
  if (!parser_.has_body()) return Action::kNext;

  const auto length = parser_.content_length();
  if (match_.route != nullptr && length.value_or(0) > match_.route->options.max_body) {
    return Refuse(413, "the body has " + std::to_string(*length) + " bytes; this path takes " +
                           std::to_string(match_.route->options.max_body));
  }
  if (match_.route != nullptr) {
    match_.refusal = Router::CheckContentType(*match_.route, request_);
  }
  if (match_.refusal) {
    // A small body is read and dropped, to keep the connection; for a large one that is not worth it.
    if (length.value_or(kDiscarded + 1) > kDiscarded || !request_.Header("Expect").empty()) {
      return RefuseWith(std::move(*match_.refusal));
    }
    parser_.AllowBody(kDiscarded);
    return Action::kNext;
  }
  parser_.AllowBody(match_.route->options.max_body);
  return CheckExpectation();
}

Connection::Action Connection::CheckExpectation() {
  const std::string_view expect = request_.Header("Expect");
  if (expect.empty() || !http11_) return Action::kNext;
  if (ToLower(expect) != "100-continue") return Refuse(417, "the only expectation met is 100-continue");
  if (in_begin_ == in_end_) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  return Action::kNext;
}

// The client behind trusted proxies: the last address in X-Forwarded-For that is not one of them.
void Connection::FindRemote() {
  request_.remote = address_;
  request_.secure = false;
  const std::vector<std::string>& trusted = shared_->options.trusted_proxies;
  if (trusted.empty() || !Holds(trusted, address_)) return;
  request_.secure = ToLower(request_.Header("X-Forwarded-Proto")) == "https";
  std::string_view list = request_.Header("X-Forwarded-For");
  while (!list.empty()) {
    const size_t comma = list.rfind(',');
    const std::string_view last = Trim(list.substr(comma == std::string_view::npos ? 0 : comma + 1));
    if (last.empty() || last.size() > 64) return;
    request_.remote = last;
    if (!Holds(trusted, last) || comma == std::string_view::npos) return;
    list = list.substr(0, comma);
  }
}

// Bodies over 64 KiB count against the server's memory as they come, not as they are promised.
bool Connection::ChargeBody() {
  const size_t size = request_.body.size() > kKeptBuffer ? request_.body.size() : 0;
  if (size <= charged_) return true;
  const size_t all = shared_->body_memory.fetch_add(size - charged_) + size - charged_;
  charged_ = size;
  return all <= shared_->options.max_body_memory;
}

Connection::Action Connection::OnRequest() {
  if (router_->has_hooks()) begun_ = Clock::now();
  if (match_.refusal) return Queue(std::move(*match_.refusal));
  const Route& route = *match_.route;
  guard_settled_ = false;
  if (route.options.quick_guard) {
    auto quick = RunQuickGuard(route, request_);
    auto* settled = std::get_if<std::optional<Response>>(&quick);
    guard_settled_ = settled != nullptr;
    if (guard_settled_ && *settled) return Queue(std::move(**settled));
  }
  const auto* handler = std::get_if<Inline>(&route.handler);
  if (handler == nullptr || (route.options.guard_on_pool && !guard_settled_)) return Action::kAwaitAnswer;
  if (!guard_settled_) {
    if (auto refusal = RunGuard(route, request_)) return Queue(std::move(*refusal));
  }
  return Queue(RunHandler(handler->run, request_));
}

Framing Connection::FramingOf(bool may_keep_alive) const {
  return {may_keep_alive && keep_alive_ && !stopping(), http11_, method_ == Method::kHead, false};
}

std::string_view Connection::FixedHeaders() const {
  return router_->has_cors() ? std::string_view(fixed_headers_) : router_->fixed_headers();
}

// Appends the reply to what is to be written; the request is over.
Connection::Action Connection::Queue(Response response) {
  const Framing framing = FramingOf(http11_ || !response.pull);
  keep_alive_ = framing.keep_alive;
  AppendHead(response, framing, FixedHeaders(), &out_);
  size_t size = 0;
  if (response.pull) {
    if (HasBody(response, framing)) {
      pulled_ = std::move(response);
      return Action::kPull;
    }
  } else if (HasBody(response, framing)) {
    const std::string_view body = BodyOf(response);
    size = body.size();
    if (size <= kCopiedBody) {
      out_ += body;
    } else {
      tail_owned_ = std::move(response.body);
      tail_ = tail_owned_.empty() ? response.static_body : std::string_view(tail_owned_);
    }
  }
  Tell(response.status, size);
  EndRequest();
  return keep_alive_ ? Action::kNext : Action::kClose;
}

Connection::Action Connection::Refuse(int status, std::string detail) {
  return RefuseWith(Problem(status, std::move(detail)));
}

Connection::Action Connection::RefuseWith(Response response) {
  if (!head_read_) {
    begun_ = Clock::now();
    match_.route = nullptr;
    fixed_headers_ = router_->fixed_headers();
    http11_ = true;
    method_ = Method::kOther;
  }
  keep_alive_ = false;
  Queue(std::move(response));
  return Action::kRefuse;
}

void Connection::Tell(int status, size_t bytes) {
  if (!router_->has_hooks()) return;
  Exchange exchange;
  exchange.method = method_;
  exchange.target = target_.empty() ? std::string_view(request_.target) : std::string_view(target_);
  exchange.remote = remote_.empty() ? std::string_view(address_) : std::string_view(remote_);
  exchange.route = match_.route;
  exchange.status = status;
  exchange.seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
  exchange.bytes = bytes;
  router_->Tell(exchange);
}

void Connection::EndRequest() {
  in_request_ = false;
  head_read_ = false;
  phase_ = Phase::kAnswer;
  target_.clear();
  remote_.clear();
  if (charged_ > 0) shared_->body_memory.fetch_sub(std::exchange(charged_, 0));
  if (request_.body.capacity() > kKeptBuffer) std::string().swap(request_.body);
}

Connection::Action Connection::AfterReadError() {
  if (!expired_ || broken_) return Action::kClose;
  expired_ = false;
  if (phase_ == Phase::kHead) return Refuse(408, "the request's head did not come in time");
  if (phase_ == Phase::kBody) return Refuse(408, "the request's body did not come in time");
  return Action::kClose;
}

// Room to read into: a small buffer while idle, a larger one while a body comes.
void Connection::MakeRoom() {
  if (in_begin_ == in_end_) in_begin_ = in_end_ = 0;
  const size_t wanted = phase_ == Phase::kBody ? kLargeInput : kSmallInput;
  if (in_end_ == 0 && (in_.size() < wanted || in_.size() > kLargeInput || phase_ == Phase::kIdle)) {
    if (in_.size() != wanted) in_ = std::string(wanted, '\0');
    return;
  }
  if (in_end_ < in_.size()) return;
  if (in_begin_ > 0) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  } else {
    in_.resize(in_.size() * 2);  // bounded by max_head: the parser takes or refuses what is there
  }
}

bool Connection::TryFlush() {
  while (!broken_ && (out_begin_ < out_.size() || !tail_.empty())) {
    const asio::const_buffer head(out_.data() + out_begin_, out_.size() - out_begin_);
    ErrorCode error;
    size_t written =
        tail_.empty()
            ? socket_.write_some(head, error)
            : socket_.write_some(std::array{head, asio::const_buffer(tail_.data(), tail_.size())}, error);
    if (error == asio::error::would_block || error == asio::error::try_again) return false;
    if (error) broken_ = true;
    const size_t of_head = std::min(written, head.size());
    out_begin_ += of_head;
    tail_.remove_prefix(written - of_head);
  }
  out_begin_ = 0;
  out_.clear();
  tail_ = {};
  if (!tail_owned_.empty()) std::string().swap(tail_owned_);
  if (out_.capacity() > 4 * kKeptBuffer) std::string().swap(out_);
  return true;
}

Task Connection::FlushRest() {
  while (!broken_ && !TryFlush()) {
    SetPhase(Phase::kWrite, shared_->options.write_timeout);
    const auto [error] = co_await socket_.async_wait(Socket::wait_write, asio::as_tuple(kAwait));
    if (error) broken_ = true;
  }
  ClearDeadline();
  phase_ = Phase::kAnswer;
}

// Reads and drops for a while before closing: with unread input that would reset the connection, and the
// client might never see the reply.
Task Connection::Linger() {
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  SetPhase(Phase::kLinger, kLinger);
  in_.resize(kSmallInput);
  for (size_t read = 0; read < kLingered && !broken_ && !expired_;) {
    const auto [error, size] =
        co_await socket_.async_read_some(asio::buffer(in_.data(), in_.size()), asio::as_tuple(kAwait));
    if (error) break;
    read += size;
  }
}

void Connection::Tick() {
  if (phase_ == Phase::kIdle && Crowded()) return Cut();
  if (deadline_ > loop_.now) return;
  ClearDeadline();
  expired_ = true;
  ErrorCode ignored;
  socket_.cancel(ignored);
}

// With hardly a place left for new connections, those that are idle for a while give way.
bool Connection::Crowded() const {
  const ServerOptions& options = shared_->options;
  const bool full = shared_->connections.load(std::memory_order_relaxed) * 10 >= options.max_connections * 9;
  return full && loop_.now >= deadline_ - options.idle_timeout + options.crowded_idle_timeout;
}

void Connection::Drain() {
  if (phase_ == Phase::kIdle || phase_ == Phase::kLinger) return Cut();
  if (phase_ == Phase::kStream) Wake();
}

void Connection::Cut() {
  broken_ = true;
  ErrorCode ignored;
  socket_.close(ignored);
  Wake();
}

}  // namespace forewarn::http
