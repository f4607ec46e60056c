#include "http/dispatch.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <future>

#include "http/problem.h"
#include "http/target.h"

namespace forewarn::http {
namespace {

// The handler's text may hold anything: it goes to the log, not to the client.
Response Thrown(const Request& request, const char* what) {
  return Problem(Status::Internal(std::string(MethodName(request.method)) + " " + std::string(request.route) +
                                  " threw: " + what));
}

template <typename Run>
auto Caught(const Request& request, Run run) -> decltype(run()) {
  try {
    return run();
  } catch (const std::exception& e) {
    return Thrown(request, e.what());
  } catch (...) {
    return Thrown(request, "something that is no std::exception");
  }
}

class FunctionSink : public Responder::Sink {
 public:
  explicit FunctionSink(std::function<void(Response)> done) : done_(std::move(done)) {}
  ~FunctionSink() override {
    if (!answered_.test()) Reply(Problem(Status::Internal("a request was given up without an answer")));
  }
  void Reply(Response response) override {
    if (!answered_.test_and_set()) done_(std::move(response));
  }

 private:
  std::function<void(Response)> done_;
  std::atomic_flag answered_;
};

}  // namespace

std::optional<Response> RunGuard(const Route& route, Request& request) {
  if (!route.options.guard) return std::nullopt;
  return Caught(request, [&]() -> std::optional<Response> { return route.options.guard(request); });
}

std::variant<AskGuard, std::optional<Response>> RunQuickGuard(const Route& route, Request& request) {
  if (!route.options.quick_guard) return AskGuard{};
  std::variant<AskGuard, std::optional<Response>> answer;
  std::optional<Response> thrown = Caught(request, [&]() -> std::optional<Response> {
    answer = route.options.quick_guard(request);
    return std::nullopt;
  });
  if (thrown) answer = std::move(thrown);
  return answer;
}

Response RunHandler(const std::function<Response(const Request&)>& run, const Request& request) {
  return Caught(request, [&]() -> Response { return run(request); });
}

void RunAsync(const Async& handler, Request request, const Responder& responder) {
  Request named;  // what the log needs once the request is gone
  named.method = request.method;
  named.route = request.route;
  try {
    handler.run(std::move(request), responder);
  } catch (const std::exception& e) {
    responder(Thrown(named, e.what()));
  } catch (...) {
    responder(Thrown(named, "something that is no std::exception"));
  }
}

std::variant<EventStream, Response> RunStream(const Stream& handler, const Request& request) {
  return Caught(request, [&]() -> std::variant<EventStream, Response> { return handler.run(request); });
}

void Router::Dispatch(Request request, std::function<void(Response)> done) const {
  if (request.path.empty()) {
    const std::string target = request.target;
    if (const Status parsed = ParseTarget(target, &request); !parsed.ok()) return done(Problem(parsed));
  }
  Match match = Find(request);
  if (match.route == nullptr) return done(std::move(*match.refusal));
  const Route& route = *match.route;
  if (request.body.size() > route.options.max_body) {
    return done(Problem(413, "the body is larger than this path takes"));
  }
  if (!request.body.empty()) {
    if (auto refusal = CheckContentType(route, request)) return done(std::move(*refusal));
  }
  auto quick = RunQuickGuard(route, request);
  auto* settled = std::get_if<std::optional<Response>>(&quick);
  auto refusal = settled != nullptr ? std::move(*settled) : RunGuard(route, request);
  if (refusal) return done(std::move(*refusal));
  if (const auto* handler = std::get_if<Inline>(&route.handler)) {
    done(RunHandler(handler->run, request));
  } else if (const auto* pooled = std::get_if<Pooled>(&route.handler)) {
    done(RunHandler(pooled->run, request));
  } else if (const auto* async = std::get_if<Async>(&route.handler)) {
    const Responder responder(std::make_shared<FunctionSink>(std::move(done)));
    RunAsync(*async, std::move(request), responder);
  } else {
    done(Problem(501, "event streams are served over sockets only"));
  }
}

Response Router::Dispatch(Request request) const {
  std::promise<Response> promise;
  Dispatch(std::move(request), [&promise](Response response) { promise.set_value(std::move(response)); });
  return promise.get_future().get();
}

}  // namespace forewarn::http
