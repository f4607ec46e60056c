// Keeps an engine at what its registry says: a thread that asks for the registry's revision and, where it has
// changed, loads what is new and swaps it in. No request waits for it. A registry that is away is told once,
// and so is a version that cannot be loaded; the engine goes on with what it has. What was only out of reach
// is tried again at the next look.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "registry/registry.h"
#include "scoring/engine.h"

namespace forewarn {

struct RegistryWatchOptions {
  std::chrono::milliseconds every{250};
  std::function<void()> changed;  // the engine serves other versions; called on the watch's thread
};

class RegistryWatch {
 public:
  // Both must outlive it. The first look is taken at once.
  RegistryWatch(ScoringEngine* engine, Registry* registry, RegistryWatchOptions options);
  ~RegistryWatch();  // waits for the thread
  void LookNow();    // does not wait
  // One look, on the caller's thread; before anything else runs, or for tests.
  static Result<bool> LookOnce(ScoringEngine& engine, Registry& registry, std::optional<uint64_t>* seen);

 private:
  void Run();
  void TellModels();

  ScoringEngine& engine_;
  Registry& registry_;
  const RegistryWatchOptions options_;
  std::set<std::string> told_;  // models that are not what the registry says; of the thread
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  bool now_ = false;
  std::thread thread_;
};

}  // namespace forewarn
