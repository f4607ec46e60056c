// Spares callers the waiting for a service that is known to be away: after a failure the next calls fail at
// once with the same words, for a moment; then one of them tries again, alone, until one gets through. So
// that a service that hangs holds one worker, not all of them. Any thread.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

#include "core/status.h"

namespace forewarn {

class Circuit {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Circuit(std::chrono::milliseconds pause = std::chrono::milliseconds(500),
                   std::function<Clock::time_point()> now = Clock::now)
      : pause_(pause), now_(std::move(now)) {}

  // What to answer at once; nothing: the caller may try, and must Report.
  std::optional<Status> Refusal();
  // Whether the service was reached: its failure to answer, or Ok whatever it said.
  void Report(const Status& reached);

 private:
  const std::chrono::milliseconds pause_;
  const std::function<Clock::time_point()> now_;
  std::mutex mutex_;
  Status failure_;  // Ok: the service is there
  Clock::time_point closed_until_;
  bool trying_ = false;
};

}  // namespace forewarn
