// A bounded pool for work that blocks: so many threads, so many waiting tasks, and a refusal beyond. Any
// thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace forewarn::http {

class WorkerPool {
 public:
  WorkerPool(int threads, size_t queue);
  ~WorkerPool();  // as Stop
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when `queue` tasks are waiting already, or after Stop. A task must not throw.
  bool Submit(std::function<void()> task);
  // Waiting tasks are thrown away (destroyed, not run), running ones waited for.
  void Stop();

 private:
  void Work();

  const size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace forewarn::http
