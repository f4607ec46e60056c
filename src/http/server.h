// The HTTP/1.1 server: Boost.Beast's parser and Asio's coroutines, one io_context a thread, so that a
// connection lives on one thread and shares nothing. One Server may listen at several ports, each with its
// own router (the three services of `forewarn up`), over the same threads and limits. It guards itself: every
// limit below has its answer, and no request ends the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "http/router.h"

namespace forewarn::http {

struct ServerOptions {
  int io_threads = 0;                          // 0: one a core, at most 8
  int pool_threads = 2;                        // for Pooled handlers
  size_t pool_queue = 256;                     // waiting Pooled requests; more: 503 with Retry-After
  size_t max_in_flight = 1024;                 // Async requests not yet answered; more: 503 with Retry-After
  size_t max_connections = 4096;               // more: 503 with Retry-After, at once
  size_t max_head = 16 * 1024;                 // over it: 431
  size_t max_body_memory = size_t{128} << 20;  // of all bodies over 64 KiB at once; more: 503
  size_t max_target = 8 * 1024;                // over it: 414
  std::chrono::milliseconds head_timeout{10'000};  // from the first byte to the whole head; over it: 408
  std::chrono::milliseconds body_timeout{30'000};  // for the whole body; over it: 408
  std::chrono::milliseconds idle_timeout{75'000};  // between requests; over it: closed
  std::chrono::milliseconds crowded_idle_timeout{1'000};  // the same when nine in ten connections are taken
  std::chrono::milliseconds write_timeout{30'000};        // a client that takes nothing for so long is cut
  std::chrono::milliseconds drain_timeout{10'000};        // of Stop
  std::chrono::milliseconds heartbeat{15'000};            // comment lines in event streams
  std::chrono::milliseconds retry_hint{2'000};            // `retry:` of event streams
  // Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
  std::vector<std::string> trusted_proxies;
};

class Server {
 public:
  explicit Server(ServerOptions options = {});
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds at once (port 0: any free one) and gives the port; a taken one is told by name. Connections queue
  // until Start. Before Start only.
  Result<uint16_t> Listen(const std::string& address, uint16_t port, std::shared_ptr<const Router> router);
  Status Start();
  // Graceful: no new connections, idle ones and streams closed, requests under way answered with
  // `Connection: close`, within the drain timeout; then the rest is cut. Waits for it all, and for Pooled
  // handlers that run. Safe to call twice, not from a handler.
  void Stop();

  struct Counts {
    size_t connections = 0;
    size_t in_flight = 0;      // Async and Pooled requests not yet answered
    size_t body_memory = 0;    // bytes of bodies over 64 KiB
    uint64_t accepted = 0;     // connections, since the start
    uint64_t turned_away = 0;  // over a limit, with 503
  };
  Counts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace forewarn::http
