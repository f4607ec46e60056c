#include "api/registry_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

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
  const std::vector<ModelState> models = engine.Models();
  const bool again = std::any_of(models.begin(), models.end(), [](const auto& m) { return m.try_again; });
  if (!again) *seen = revision;
  return changed;
}

// A name without any version is no fault: its run may not be trained.
void RegistryWatch::TellModels() {
  for (const ModelState& model : engine_.Models()) {
    const bool amiss = model.try_again || (model.model != nullptr && !model.reason.empty());
    if (amiss && told_.insert(model.name).second) {
      spdlog::warn("registry: model {}: {}{}", model.name, model.reason,
                   model.try_again ? "; it is tried again" : "");
    } else if (!amiss && told_.erase(model.name) > 0) {
      spdlog::info("registry: model {}: version {} is in service", model.name, model.version.version);
    }
  }
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
    if (changed.ok()) TellModels();
    if (changed.ok() && *changed && options_.changed) options_.changed();
    lock.lock();
    wake_.wait_for(lock, options_.every, [this] { return stop_ || now_; });
  }
}

}  // namespace forewarn
