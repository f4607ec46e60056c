// What the connections of one I/O thread share (Loop) and what those of the whole server share (Shared). The
// server owns its loops and outlives what runs on them; answers from elsewhere hold a loop weakly.
// Included by the Asio side of this folder only.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "http/server.h"
#include "http/worker_pool.h"

namespace forewarn::http {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Executor = asio::io_context::executor_type;  // the plain type: no type-erased call for each operation
using Task = asio::awaitable<void, Executor>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
inline constexpr asio::use_awaitable_t<Executor> kAwait{};

class Connection;

struct Shared {
  explicit Shared(ServerOptions given)
      : options(std::move(given)), pool(options.pool_threads, options.pool_queue) {}

  const ServerOptions options;
  std::atomic<size_t> connections{0};
  std::atomic<size_t> in_flight{0};
  std::atomic<size_t> body_memory{0};
  std::atomic<uint64_t> accepted{0};
  std::atomic<uint64_t> turned_away{0};
  std::atomic<bool> stopping{false};
  std::mutex mutex;  // with `drained`, for connections == 0
  std::condition_variable drained;
  WorkerPool pool;
};

struct Loop : std::enable_shared_from_this<Loop> {
  std::unordered_set<Connection*> connections;  // of its own thread only
  // Now, as of the latest tick: deadlines need no finer clock.
  Clock::time_point now = Clock::now();
  asio::io_context io{1};
};

}  // namespace forewarn::http
