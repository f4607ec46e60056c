// `forewarn prepare`: what `up` does beside its services at first start, to its end: the plant's history and
// the models that are missing. For a container that runs before the others, and for provisioning.
#include <condition_variable>
#include <memory>
#include <mutex>

#include "clock.h"
#include "commands.h"
#include "core/log.h"
#include "hosting.h"
#include "object_stores.h"
#include "ops/first_training.h"
#include "ops/service_lock.h"
#include "ops/training.h"
#include "stop_signal.h"

namespace forewarn {
namespace {

using Phase = TrainingState::Phase;

// How a training ended, for the thread that waits for it.
class Ending {
 public:
  explicit Ending(Progress progress) : progress_(std::move(progress)) {}

  void Tell(const TrainingState& state) {
    Report(progress_, "training the first models", static_cast<size_t>(100 * state.progress), 100);
    if (state.phase == Phase::kWaiting) Log(LogLevel::kWarning, "training", state.problem);
    if (state.phase == Phase::kDone) End(Status::Ok());
    if (state.phase == Phase::kFailed) End(Status::Invalid("training failed: " + state.problem));
  }

  void End(Status status) {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    status_ = std::move(status);
    changed_.notify_all();
  }

  Status Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_; });
    return status_;
  }

 private:
  const Progress progress_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  Status status_;
};

Status RunPrepare(const Context& context) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const ServiceSettings settings, ReadServiceSettings(context));
  FW_ASSIGN_OR_RETURN(const DataFolder folder, DataFolder::Open(context.data_dir));
  FW_ASSIGN_OR_RETURN(const ServiceLock alone, ServiceLock::Take(folder, "prepare", NowUtcMicroseconds()));
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, RegistryOf(context));
  FW_ASSIGN_OR_RETURN(const bool needed, NeedsFirstTraining(plant, *registry));
  if (!needed) {
    context.Say("every model is there");
    return Status::Ok();
  }
  FW_ASSIGN_OR_RETURN(TrainingOptions options,
                      FirstTrainingOf(context, settings, plant, folder, context.seed));
  Ending ending(context.MakeProgress());
  // Before the first thread: every thread blocks the signals then.
  const StopSignal stop([&] { ending.End(Status::Unavailable("stopped before the models were trained")); },
                        [] {});
  options.on_change = [&](const TrainingState& state) { ending.Tell(state); };
  TrainingSupervisor training(std::move(options));
  training.Start();
  const Status status = ending.Wait();
  training.Stop();
  if (status.ok()) context.Say("every model is trained and promoted");
  return status;
}

}  // namespace

void AddPrepareCommand(CLI::App& app, const Context& context, Command& run) {
  app.add_subcommand("prepare", "simulates a history and trains what is missing, as `up` does at first start")
      ->callback([&context, &run] { run = [&context] { return RunPrepare(context); }; });
}

}  // namespace forewarn
