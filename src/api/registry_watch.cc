#include "api/registry_watch.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace forewarn {

RegistryWatch::RegistryWatch(ScoringEngine* engine, Registry* registry, RegistryWatchOptions options)
    : engine_(*engine), registry_(*registry), options_(std::move(options)), thread_([this] { Run(); }) {}

RegistryWatch::~RegistryWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void RegistryWatch::LookNow() {
  {
    const std::lock_guard lock(mutex_);
    now_ = true;
  }
  wake_.notify_all();
}

// The revision is read first: what changes while loading is seen by the next look.
Result<bool> RegistryWatch::LookOnce(ScoringEngine& engine, Registry& registry,
                                     std::optional<uint64_t>* seen) {
  FW_ASSIGN_OR_RETURN(const uint64_t revision, registry.Revision());
  if (*seen == revision) return false;
  FW_ASSIGN_OR_RETURN(const bool changed, engine.Reload(registry));
  *seen = revision;
  return changed;
}

void RegistryWatch::Run() {
  std::optional<uint64_t> seen;
  bool away = false;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    now_ = false;
    lock.unlock();
    const Result<bool> changed = LookOnce(engine_, registry_, &seen);
    if (!changed.ok() && !away) spdlog::warn("registry: {}; the models in service stay", changed.message());
    if (changed.ok() && away) spdlog::info("registry: reachable again");
    away = !changed.ok();
    if (changed.ok() && *changed && options_.changed) options_.changed();
    lock.lock();
    wake_.wait_for(lock, options_.every, [this] { return stop_ || now_; });
  }
}

}  // namespace forewarn
