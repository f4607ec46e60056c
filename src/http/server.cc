#include "http/server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "core/thread_pool.h"
#include "http/connection.h"

namespace forewarn::http {
namespace {

constexpr size_t kTurnedAwayAtOnce = 256;  // refusals in writing beside the connections; more: just closed
constexpr size_t kSpareFiles = 64;         // of everything but connections
constexpr std::chrono::milliseconds kLongestTick{250};
constexpr std::chrono::milliseconds kAcceptPause{20};
constexpr auto kCutGrace = std::chrono::seconds(5);

using WorkGuard = asio::executor_work_guard<Executor>;

struct Listener {
  Acceptor acceptor;
  std::shared_ptr<const Router> router;
};

// Deadlines need a tick well below the shortest of them.
std::chrono::milliseconds TickOf(const ServerOptions& options) {
  const auto shortest = std::min({options.head_timeout, options.body_timeout, options.idle_timeout,
                                  options.crowded_idle_timeout, options.write_timeout});
  return std::clamp(shortest / 8, std::chrono::milliseconds(5), kLongestTick);
}

// As many open files as connections need, if the system lets us.
void RaiseFileLimit(size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted) {
    spdlog::warn("only {} files may be open; {} are wanted for the connections allowed (ulimit -n)",
                 limit.rlim_cur, wanted);
  }
}

void LogEnd(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    spdlog::error("a connection ended by an exception: {}", e.what());
  } catch (...) {
    spdlog::error("a connection ended by something that is no std::exception");
  }
}

}  // namespace

struct Server::Impl {
  explicit Impl(ServerOptions options) : shared(std::make_shared<Shared>(std::move(options))) {
    const int given = shared->options.io_threads;
    const int count = given > 0 ? given : std::min(DefaultThreads(), 8);
    for (int i = 0; i < count; ++i) loops.push_back(std::make_shared<Loop>());
  }

  Task Accept(Listener& listener);
  Task Sweep(Loop& loop);
  void Welcome(Socket socket, Loop& loop, const std::shared_ptr<const Router>& router);
  Loop& NextLoop();
  bool WaitForConnections(std::chrono::milliseconds timeout);
  template <typename Do>
  void OnEachConnection(Do what);

  std::shared_ptr<Shared> shared;
  std::vector<std::shared_ptr<Loop>> loops;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<WorkGuard> guards;
  std::vector<std::thread> threads;
  size_t next_loop = 0;
  bool started = false;
  bool stopped = false;
};

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Server::~Server() { Stop(); }

Result<uint16_t> Server::Listen(const std::string& address, uint16_t port,
                                std::shared_ptr<const Router> router) {
  const std::string place = fmt::format("{}:{}", address, port);
  if (impl_->started) return Status::Internal("Listen after Start");
  ErrorCode error;
  const asio::ip::address parsed =
      asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) return Status::Usage(fmt::format("'{}' is no IP address to listen on", address));
  Acceptor acceptor(impl_->loops.front()->io);
  const asio::ip::tcp::endpoint endpoint(parsed, port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1024, error);
  if (error == asio::error::address_in_use) {
    return Status::Busy(
        fmt::format("{} is taken: another program listens there; stop it or choose another port", place));
  }
  if (error) return Status::Io(fmt::format("cannot listen on {}: {}", place, error.message()));
  const uint16_t bound = acceptor.local_endpoint(error).port();
  impl_->listeners.push_back(std::make_unique<Listener>(Listener{std::move(acceptor), std::move(router)}));
  return bound;
}

Status Server::Start() {
  if (impl_->started) return Status::Internal("a server starts once");
  if (impl_->listeners.empty()) return Status::Internal("a server needs Listen before Start");
  impl_->started = true;
  RaiseFileLimit(impl_->shared->options.max_connections + kTurnedAwayAtOnce + kSpareFiles);
  for (const auto& listener : impl_->listeners) {
    asio::co_spawn(impl_->loops.front()->io, impl_->Accept(*listener), LogEnd);
  }
  for (const std::shared_ptr<Loop>& loop : impl_->loops) {
    loop->now = Clock::now();
    impl_->guards.emplace_back(loop->io.get_executor());
    asio::co_spawn(loop->io, impl_->Sweep(*loop), LogEnd);
    impl_->threads.emplace_back([&loop] {
      for (;;) {
        try {
          loop->io.run();
          return;
        } catch (const std::exception& e) {
          spdlog::error("an I/O thread caught: {}", e.what());
        }
      }
    });
  }
  return Status::Ok();
}

Loop& Server::Impl::NextLoop() { return *loops[next_loop++ % loops.size()]; }

Task Server::Impl::Accept(Listener& listener) {
  Timer pause(loops.front()->io);
  bool complained = false;
  while (!shared->stopping) {
    Loop& loop = NextLoop();
    Socket socket(loop.io);
    const auto [error] = co_await listener.acceptor.async_accept(socket, asio::as_tuple(kAwait));
    if (error == asio::error::operation_aborted || shared->stopping) co_return;
    if (error) {  // out of files or memory: connections wait in the kernel meanwhile
      if (!std::exchange(complained, true)) spdlog::error("accept: {}", error.message());
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::as_tuple(kAwait));
      continue;
    }
    Welcome(std::move(socket), loop, listener.router);
  }
}

void Server::Impl::Welcome(Socket socket, Loop& loop, const std::shared_ptr<const Router>& router) {
  shared->accepted.fetch_add(1);
  const size_t before = shared->connections.fetch_add(1);
  const size_t limit = shared->options.max_connections;
  if (before >= limit) shared->turned_away.fetch_add(1);
  if (before >= limit + kTurnedAwayAtOnce) {
    shared->connections.fetch_sub(1);
    return;
  }
  try {
    auto connection = std::make_shared<Connection>(std::move(socket), loop, shared, router);
    asio::co_spawn(
        loop.io,
        [connection, welcome = before < limit]() -> Task {
          return welcome ? connection->Run() : connection->TurnAway();
        },
        LogEnd);
  } catch (const std::exception& e) {  // out of memory: this one goes, the listener stays
    shared->connections.fetch_sub(1);
    spdlog::error("a connection could not be taken: {}", e.what());
  }
}

Task Server::Impl::Sweep(Loop& loop) {
  Timer timer(loop.io);
  const auto tick = TickOf(shared->options);
  for (;;) {
    timer.expires_after(tick);
    co_await timer.async_wait(asio::as_tuple(kAwait));
    loop.now = Clock::now();
    for (Connection* connection : loop.connections) connection->Tick();
  }
}

template <typename Do>
void Server::Impl::OnEachConnection(Do what) {
  for (const std::shared_ptr<Loop>& loop : loops) {
    asio::post(loop->io, [&loop, what] {
      for (Connection* connection : loop->connections) what(*connection);
    });
  }
}

bool Server::Impl::WaitForConnections(std::chrono::milliseconds timeout) {
  std::unique_lock lock(shared->mutex);
  return shared->drained.wait_for(lock, timeout, [this] { return shared->connections == 0; });
}

void Server::Stop() {
  Impl& impl = *impl_;
  if (std::exchange(impl.stopped, true)) return;
  impl.shared->stopping = true;
  if (impl.started) {
    asio::post(impl.loops.front()->io, [&impl] {
      ErrorCode ignored;
      for (const auto& listener : impl.listeners) listener->acceptor.close(ignored);
    });
    impl.OnEachConnection([](Connection& connection) { connection.Drain(); });
    if (!impl.WaitForConnections(impl.shared->options.drain_timeout)) {
      spdlog::warn("{} connections did not end in time and are cut", impl.shared->connections.load());
      impl.OnEachConnection([](Connection& connection) { connection.Cut(); });
      impl.WaitForConnections(kCutGrace);
    }
  }
  impl.shared->pool.Stop();
  for (const std::shared_ptr<Loop>& loop : impl.loops) loop->io.stop();
  for (std::thread& thread : impl.threads) thread.join();
  impl.listeners.clear();
}

Server::Counts Server::counts() const {
  const Shared& shared = *impl_->shared;
  return {shared.connections, shared.in_flight, shared.body_memory, shared.accepted, shared.turned_away};
}

}  // namespace forewarn::http
