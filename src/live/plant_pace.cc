#include "live/plant_pace.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace forewarn {
namespace {

using Clock = std::chrono::steady_clock;

class WallPace final : public PlantPace {
 public:
  double Now() override { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  bool WaitUntil(double seconds) override {
    const auto at =
        start_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    std::unique_lock lock(mutex_);
    return !changed_.wait_until(lock, at, [&] { return interrupted_; });
  }

  void Interrupt() override {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    changed_.notify_all();
  }

 private:
  const Clock::time_point start_ = Clock::now();
  std::mutex mutex_;
  std::condition_variable changed_;
  bool interrupted_ = false;
};

class FreePace final : public PlantPace {
 public:
  double Now() override { return now_; }
  bool WaitUntil(double seconds) override {
    now_ = seconds;
    return !interrupted_;
  }
  void Interrupt() override { interrupted_ = true; }

 private:
  std::atomic<double> now_ = 0;
  std::atomic<bool> interrupted_ = false;
};

}  // namespace

std::unique_ptr<PlantPace> MakeWallPace() { return std::make_unique<WallPace>(); }
std::unique_ptr<PlantPace> MakeFreePace() { return std::make_unique<FreePace>(); }

}  // namespace forewarn
