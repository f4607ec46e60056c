#include "accounts/session_pool.h"

#include <fmt/format.h>

#include <utility>

namespace forewarn {
namespace {

class Lease {
 public:
  Lease(soci::connection_pool& pool, size_t place) : pool_(pool), place_(place) {}
  ~Lease() { pool_.give_back(place_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  soci::connection_pool& pool_;
  const size_t place_;
};

}  // namespace

SessionPool::SessionPool(DatabaseUrl url, int sessions, int wait_ms, int lock_wait_ms)
    : url_(std::move(url)),
      wait_ms_(wait_ms),
      lock_wait_ms_(lock_wait_ms),
      pool_(static_cast<size_t>(sessions)),
      open_(static_cast<size_t>(sessions), 0) {}

Status SessionPool::With(const std::function<Status(soci::session&)>& read) {
  size_t place = 0;
  if (!pool_.try_lease(place, wait_ms_)) {
    return Status(Code::kBusy, fmt::format("too many reads of '{}' at once; try again", url_.shown))
        .WithRetryAfter(1);
  }
  const Lease lease(pool_, place);
  soci::session& session = pool_.at(place);
  for (int tries = 0;; ++tries) {
    const bool fresh = open_[place] == 0;
    try {
      if (fresh) OpenSession(url_, Access::kRead, lock_wait_ms_, session);
      open_[place] = 1;
      return read(session);
    } catch (const std::exception& error) {
      const DatabaseFault fault = Explain(url_, "read", error);
      if (fault.lost || fresh) {
        session.close();
        open_[place] = 0;
      }
      // A connection that had gone while it lay idle says nothing about the server: once more with a new one.
      if (!fault.lost || fresh || tries > 0) return fault.status;
    }
  }
}

}  // namespace forewarn
