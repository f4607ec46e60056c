// From method and path to a handler. Built before the server starts, constant afterwards: lookups need no
// lock and happen on all I/O threads at once. Patterns: "/health", "/history/{id}" (one segment),
// "/{path...}" (the rest, may be empty). A literal segment wins over {id}, {id} over {path...}. HEAD is
// answered by GET's handler, OPTIONS (and CORS preflight) by the router.
//
// Four kinds of handler, told apart by the wrapper given to Add:
//   Inline  answers on the I/O thread: microseconds only, never blocks;
//   Pooled  the same signature on the bounded worker pool (Argon2, database reads, remote calls, exports); a
//           full queue is 503 with Retry-After;
//   Async   starts on the I/O thread and answers later through the Responder, from any thread (group commit);
//   Stream  opens a stream of server-sent events on an EventHub.
// A handler that throws is answered 500 and logged; the process goes on.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/event_hub.h"
#include "http/message.h"

namespace forewarn::http {

// Answers one request once, from any thread; later calls do nothing. When the last copy goes without an
// answer, the client gets 500. Outliving the server is allowed.
class Responder {
 public:
  class Sink {  // the server's end, or a test's
   public:
    virtual ~Sink() = default;
    virtual void Reply(Response response) = 0;
  };
  explicit Responder(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
  void operator()(Response response) const { sink_->Reply(std::move(response)); }

 private:
  std::shared_ptr<Sink> sink_;
};

// What a Stream handler opens. `first` is sent before the hub's events, for those who do not resume: the
// present state. The hub's own replay (Last-Event-ID) is the server's business.
struct EventStream {
  std::shared_ptr<EventHub> hub;
  std::vector<Event> first;
};

struct Inline {
  std::function<Response(const Request&)> run;
};
struct Pooled {
  std::function<Response(const Request&)> run;
};
struct Async {
  std::function<void(Request, Responder)> run;
};
struct Stream {
  std::function<std::variant<EventStream, Response>(const Request&)> run;
};
using Handler = std::variant<Inline, Pooled, Async, Stream>;

// Runs before the handler: sets request.principal, or refuses with a reply.
using Guard = std::function<std::optional<Response>(Request&)>;

// The same where it need not block; AskGuard leaves the matter to the route's guard.
struct AskGuard {};
using QuickGuard = std::function<std::variant<AskGuard, std::optional<Response>>(Request&)>;

struct RouteOptions {
  Guard guard;
  // The guard may block (a database read): it runs on the worker pool. A Pooled route's always does.
  bool guard_on_pool = false;
  // Asked first, on the I/O thread: what it settles spares the way over the pool (a session that is known).
  QuickGuard quick_guard;
  size_t max_body = size_t{1} << 20;  // over it: 413, mostly without reading it
  // Content types of bodies taken (parameters such as charset are ignored), else 415. Empty: any. A request
  // without a body is never 415.
  std::vector<std::string> accepts;
};
RouteOptions JsonRoute(Guard guard = {});  // accepts application/json and application/*+json

struct Route {
  size_t index = 0;  // 0, 1, …: a key for what hooks keep of a route
  Method method = Method::kGet;
  std::string pattern;
  Handler handler;
  RouteOptions options;
};

struct CorsOptions {
  std::vector<std::string>
      origins;  // "https://hmi.example"; "*" is any, then without credentials. Empty: off
};

// One answered request, for metrics and the access log. Called on an I/O thread after the handler; must not
// block. Streams are told when they end.
struct Exchange {
  Method method = Method::kOther;
  std::string_view target;
  std::string_view remote;
  const Route* route = nullptr;  // none: no such path, or refused before routing
  int status = 0;
  double seconds = 0;  // from the whole request to the reply
  size_t bytes = 0;    // of the reply's body
};

class Router {
 public:
  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // A pattern that is malformed or taken is a bug: logged, and the process aborts.
  void Add(Method method, std::string_view pattern, Handler handler, RouteOptions options = {});
  void Hook(std::function<void(const Exchange&)> hook);  // all are called, in order
  void SetCors(CorsOptions options);
  // Sent with every reply (nosniff and its kin).
  void SetHeaders(std::vector<Field> headers);

  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

  // For the server and for tests -----------------------------------------------------------------------

  struct Match {
    const Route* route = nullptr;
    std::optional<Response> refusal;  // 404, 405, or OPTIONS' answer: set when route is null
  };
  // Sets request.params and request.route. request.path holds the decoded path; the target is split before
  // decoding, so that %2F is no separator.
  Match Find(Request& request) const;
  // 415, when the body's type is not what the route takes.
  static std::optional<Response> CheckContentType(const Route& route, const Request& request);
  // 404 that lists the paths there are; for handlers of "/{path...}" too.
  Response NotFound(const Request& request) const;
  // Runs guard and handler here and now, hooks included (Async: `done` may come later; Stream: 501). The way
  // tests call a service without sockets.
  void Dispatch(Request request, std::function<void(Response)> done) const;
  Response Dispatch(Request request) const;  // waits for the answer

  bool has_hooks() const { return !hooks_.empty(); }
  void Tell(const Exchange& exchange) const;
  // Raw header lines: what every reply carries, and CORS' for this request.
  const std::string& fixed_headers() const { return fixed_headers_; }
  bool has_cors() const { return !cors_.origins.empty(); }
  void AppendCors(const Request& request, std::string* head) const;

 private:
  struct Node;
  std::string AllowOf(const Node& node) const;
  Response Options(const Request& request, const Node& node) const;
  bool IsAllowedOrigin(std::string_view origin) const;

  std::vector<std::unique_ptr<Route>> routes_;
  std::unique_ptr<Node> root_;
  std::vector<std::function<void(const Exchange&)>> hooks_;
  CorsOptions cors_;
  std::string fixed_headers_;
};

}  // namespace forewarn::http
