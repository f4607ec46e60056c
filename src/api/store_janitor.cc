#include "api/store_janitor.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace forewarn {

StoreJanitor::StoreJanitor(Store* store, std::chrono::seconds every, WallClock clock)
    : store_(*store), every_(every), clock_(std::move(clock)), thread_([this] { Run(); }) {}

StoreJanitor::~StoreJanitor() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Result<int64_t> StoreJanitor::PurgeAll(Store& store, int64_t now_us) {
  const Purge step{.now_us = now_us};
  int64_t all = 0;
  for (;;) {
    FW_ASSIGN_OR_RETURN(const int64_t gone, store.Apply(step));
    all += gone;
    if (gone < step.limit) return all;
  }
}

void StoreJanitor::Run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, every_, [this] { return stop_; })) {
    lock.unlock();
    const Result<int64_t> gone = PurgeAll(store_, clock_());
    if (!gone.ok()) spdlog::warn("retention: {}; it will be tried again", gone.message());
    lock.lock();
  }
}

}  // namespace forewarn
