// TrainingSupervisor: training beside the services, as child processes one after the other ("simulate …",
// "run …"), so that its memory and its crashes stay its own. A step that fails is tried again after a while,
// with what it said kept and told; a wrong command line or a failed validation gate is not, for it would fail
// again. Start runs it on a thread of its own; the rest is safe from any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/status.h"
#include "ops/child_process.h"

namespace forewarn {

// One child of a training.
struct TrainingStep {
  std::string what;    // "simulating 180 days": shown while it says nothing itself
  ChildRequest child;  // its progress_fd must agree with its arguments
  double seconds = 1;  // about how long it takes, for the share in the whole
  // What its progress is called, in order, and about how long each part takes: "training" also stands for
  // "training: folds". Empty: the first to the last report are the whole.
  std::vector<std::pair<std::string, double>> parts;
};

struct TrainingState {
  enum class Phase { kIdle, kRunning, kWaiting, kFailed, kDone };
  Phase phase = Phase::kIdle;
  double progress = 0;  // 0…1 of the whole, never going back but with a new try
  std::string stage;    // what is being done, or waited for, in words
  std::string problem;  // of the last try that failed
  int tries = 0;        // of the present step
};

// Waiting between tries, injected so that tests do not wait.
class TrainingPause {
 public:
  virtual ~TrainingPause() = default;
  // Returns when the seconds are over, or at once after Interrupt (then false, for good).
  virtual bool Wait(double seconds) = 0;
  virtual void Interrupt() = 0;
};
std::unique_ptr<TrainingPause> MakeTrainingPause();

struct TrainingOptions {
  std::vector<TrainingStep> steps;
  std::vector<double> pauses_s = {5, 30, 120,
                                  600};  // before the second try, the third, …; then it has failed
  std::filesystem::path log;             // what the children say is kept here; "" = it is not
  // Every change of the state, from the supervisor's thread.
  std::function<void(const TrainingState&)> on_change;
};

class TrainingSupervisor {
 public:
  explicit TrainingSupervisor(TrainingOptions options,
                              std::unique_ptr<TrainingPause> pause = MakeTrainingPause());
  ~TrainingSupervisor();  // stops
  void Start();           // once
  void Stop();            // ends the child and waits for it; safe to call twice
  TrainingState state() const;

 private:
  class Transcript;
  struct Place {  // of a step within the whole
    double begin = 0;
    double share = 1;
  };
  struct Outcome {
    bool done = false;
    bool again = false;  // another try makes sense
    std::string problem;
  };

  void Run();
  bool RunStep(const TrainingStep& step, Place place, Transcript& transcript);
  Outcome Try(const TrainingStep& step, Place place, Transcript& transcript);
  bool Adopt(ChildProcess* child);  // false while stopping
  void ShowProgress(const TrainingStep& step, Place place, std::string_view line);
  void Change(const std::function<void(TrainingState&)>& change);

  const TrainingOptions options_;
  const std::unique_ptr<TrainingPause> pause_;
  mutable std::mutex mutex_;
  TrainingState state_;
  bool stopping_ = false;
  ChildProcess* child_ = nullptr;  // while it runs
  std::thread thread_;
};

// Where a report (what, done of all) stands within a step's parts, 0…1; nullopt for one that is none of them.
std::optional<double> ShareDone(const TrainingStep& step, std::string_view what, size_t done, size_t all);

}  // namespace forewarn
