#include "api/run_log.h"

#include <spdlog/spdlog.h>

#include <cmath>

namespace forewarn {
namespace {

constexpr size_t kQueue = 256;

}  // namespace

RunRecord RunRecordOf(const LiveRun& run) {
  RunRecord record;
  record.experiment = kLiveExperiment;
  record.name = run.name;
  record.started_us = run.time_us;
  record.ended_us = run.time_us;
  record.tags["scenario"] = run.scenario;
  record.metrics["anomaly_probability"] = run.probability;
  record.metrics["alarm"] = run.alarm ? 1 : 0;
  for (const auto& [name, value] : run.sensors) {
    if (std::isfinite(value)) record.metrics[name] = value;
  }
  return record;
}

RunLog::RunLog(Registry* registry, std::function<void()> logged)
    : registry_(*registry), logged_(std::move(logged)), thread_([this] { Run(); }) {}

RunLog::~RunLog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void RunLog::Submit(LiveRun run) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kQueue) {
      ++dropped_;
      return;
    }
    queue_.push_back(std::move(run));
  }
  wake_.notify_all();
}

size_t RunLog::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void RunLog::Run() {
  bool failing = false;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    const LiveRun run = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const Result<std::string> id = registry_.LogRun(RunRecordOf(run));
    if (!id.ok() && !failing) spdlog::warn("live runs are not logged: {}", id.message());
    failing = !id.ok();
    if (id.ok() && logged_) logged_();
    lock.lock();
    if (!id.ok()) ++dropped_;
  }
}

}  // namespace forewarn
