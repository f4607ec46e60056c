// Takes what is over its retention out of the store, now and then, in small steps. A thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "accounts/store.h"
#include "api/wall_time.h"

namespace forewarn {

class StoreJanitor {
 public:
  // store must outlive it.
  StoreJanitor(Store* store, std::chrono::seconds every, WallClock clock);
  ~StoreJanitor();
  // Everything that is due now, on the caller's thread; how many rows went.
  static Result<int64_t> PurgeAll(Store& store, int64_t now_us);

 private:
  void Run();

  Store& store_;
  const std::chrono::seconds every_;
  const WallClock clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace forewarn
