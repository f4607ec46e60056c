// Live inferences as runs of the registry (experiment live_sensor_inference), for those who watch a model
// there. A bounded queue and a thread of its own: nobody waits for the registry, and while it is away runs
// are dropped and counted. Any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "registry/registry.h"

namespace forewarn {

inline constexpr char kLiveExperiment[] = "live_sensor_inference";

struct LiveRun {
  std::string name;  // "auto_1h"
  std::string scenario;
  double probability = 0;
  bool alarm = false;
  std::vector<std::pair<std::string, double>> sensors;  // finite ones are logged
  int64_t time_us = 0;                                  // wall time
};

class RunLog {
 public:
  // registry must outlive it. logged: after each run the registry took; on the log's thread.
  RunLog(Registry* registry, std::function<void()> logged);
  ~RunLog();  // what is queued is dropped; waits for the run under way

  void Submit(LiveRun run);
  size_t dropped() const;

 private:
  void Run();

  Registry& registry_;
  const std::function<void()> logged_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<LiveRun> queue_;
  size_t dropped_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

RunRecord RunRecordOf(const LiveRun& run);

}  // namespace forewarn
