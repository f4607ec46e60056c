// SessionPool: connections for reads, opened when first needed. A read waits a bounded time for one; a
// connection that was lost is made anew and the read tried once more, so a restarted server is not noticed.
// Safe from any thread.
#pragma once

#include <soci/connection-pool.h>

#include <functional>
#include <vector>

#include "accounts/database.h"

namespace forewarn {

class SessionPool {
 public:
  SessionPool(DatabaseUrl url, int sessions, int wait_ms, int lock_wait_ms);

  // Calls read(session); every exception becomes a Status.
  Status With(const std::function<Status(soci::session&)>& read);

 private:
  const DatabaseUrl url_;
  const int wait_ms_;
  const int lock_wait_ms_;
  soci::connection_pool pool_;
  std::vector<char> open_;  // a place's entry is touched only by who leased it
};

}  // namespace forewarn
