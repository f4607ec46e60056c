#include "http/worker_pool.h"

namespace forewarn::http {

WorkerPool::WorkerPool(int threads, size_t queue) : queue_limit_(queue) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::Submit(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || waiting_.size() >= queue_limit_) return false;
    waiting_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void WorkerPool::Stop() {
  std::deque<std::function<void()>> thrown_away;  // destroyed outside the lock: a task may hold anything
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    thrown_away.swap(waiting_);
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void WorkerPool::Work() {
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      task = std::move(waiting_.front());
      waiting_.pop_front();
    }
    task();
  }
}

}  // namespace forewarn::http
