#include "ops/training.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <numeric>

#include "core/log.h"
#include "ops/progress_line.h"

namespace forewarn {
namespace {

constexpr char kComponent[] = "training";
// Exit codes of this program that another try would not change: wrong usage, a failed validation gate.
constexpr int kUsageCode = 2;
constexpr int kGateCode = 3;
constexpr size_t kLastWords = 3;  // lines of a child's errors that its failure is told with

class WallPause final : public TrainingPause {
 public:
  bool Wait(double seconds) override {
    std::unique_lock lock(mutex_);
    return !interrupted_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return over_; });
  }
  void Interrupt() override {
    const std::lock_guard lock(mutex_);
    over_ = true;
    interrupted_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable interrupted_;
  bool over_ = false;
};

template <typename Items, typename Get>
double Sum(const Items& items, const Get& get) {
  return std::accumulate(items.begin(), items.end(), 0.0,
                         [&](double sum, const auto& item) { return sum + get(item); });
}

std::string PauseText(double seconds) {
  return seconds < 120 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.0f} min", seconds / 60);
}

}  // namespace

std::unique_ptr<TrainingPause> MakeTrainingPause() { return std::make_unique<WallPause>(); }

// The file that keeps what the children say; a new training begins it anew. What cannot be kept is no reason
// not to train.
class TrainingSupervisor::Transcript {
 public:
  explicit Transcript(const std::filesystem::path& path) {
    if (!path.empty()) fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  }
  ~Transcript() {
    if (fd_ >= 0) ::close(fd_);
  }
  Transcript(const Transcript&) = delete;
  Transcript& operator=(const Transcript&) = delete;
  void Write(std::string_view line) const {
    if (fd_ < 0) return;
    const std::string text = std::string(line) + "\n";
    (void)!::write(fd_, text.data(), text.size());
  }

 private:
  int fd_ = -1;
};

std::optional<double> ShareDone(const TrainingStep& step, std::string_view what, size_t done, size_t all) {
  const double within = all > 0 ? static_cast<double>(done) / static_cast<double>(all) : 0;
  if (step.parts.empty()) return within;
  const double whole = Sum(step.parts, [](const auto& part) { return part.second; });
  double before = 0;
  for (const auto& [name, seconds] : step.parts) {
    if (what.starts_with(name)) return (before + seconds * within) / whole;
    before += seconds;
  }
  return std::nullopt;
}

TrainingSupervisor::TrainingSupervisor(TrainingOptions options, std::unique_ptr<TrainingPause> pause)
    : options_(std::move(options)), pause_(std::move(pause)) {}

TrainingSupervisor::~TrainingSupervisor() { Stop(); }

void TrainingSupervisor::Start() {
  thread_ = std::thread([this] { Run(); });
}

void TrainingSupervisor::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (child_ != nullptr) child_->Stop();
  }
  pause_->Interrupt();
  if (thread_.joinable()) thread_.join();
}

TrainingState TrainingSupervisor::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void TrainingSupervisor::Change(const std::function<void(TrainingState&)>& change) {
  TrainingState now;
  {
    const std::lock_guard lock(mutex_);
    change(state_);
    now = state_;
  }
  if (options_.on_change) options_.on_change(now);
}

void TrainingSupervisor::Run() {
  Transcript transcript(options_.log);
  const double whole = Sum(options_.steps, [](const TrainingStep& step) { return step.seconds; });
  double before = 0;
  for (const TrainingStep& step : options_.steps) {
    if (!RunStep(step, {before / whole, step.seconds / whole}, transcript)) return;
    before += step.seconds;
  }
  Log(LogLevel::kInfo, kComponent, "done");
  Change([](TrainingState& state) {
    state.phase = TrainingState::Phase::kDone;
    state.progress = 1;
    state.stage = "done";
    state.problem.clear();
  });
}

bool TrainingSupervisor::RunStep(const TrainingStep& step, Place place, Transcript& transcript) {
  for (size_t tries = 1;; ++tries) {
    Change([&](TrainingState& state) {
      state.phase = TrainingState::Phase::kRunning;
      state.progress = place.begin;
      state.stage = step.what;
      state.tries = static_cast<int>(tries);
    });
    Log(LogLevel::kInfo, kComponent, step.what, {{"try", static_cast<int64_t>(tries)}});
    const Outcome outcome = Try(step, place, transcript);
    if (outcome.done) return true;
    if (outcome.problem.empty()) return false;  // stopped
    transcript.Write(outcome.problem);
    const bool again = outcome.again && tries <= options_.pauses_s.size();
    const double pause = again ? options_.pauses_s[tries - 1] : 0;
    Log(again ? LogLevel::kWarning : LogLevel::kError, kComponent, outcome.problem);
    Change([&](TrainingState& state) {
      state.phase = again ? TrainingState::Phase::kWaiting : TrainingState::Phase::kFailed;
      state.stage = again ? fmt::format("{} failed; the next try is in {}", step.what, PauseText(pause))
                          : fmt::format("{} failed for good", step.what);
      state.problem = outcome.problem;
    });
    if (!again || !pause_->Wait(pause)) return false;
  }
}

bool TrainingSupervisor::Adopt(ChildProcess* child) {
  const std::lock_guard lock(mutex_);
  child_ = child;
  return !stopping_;
}

TrainingSupervisor::Outcome TrainingSupervisor::Try(const TrainingStep& step, Place place,
                                                    Transcript& transcript) {
  const Result<std::unique_ptr<ChildProcess>> child = ChildProcess::Start(step.child);
  if (!child.ok()) return {false, true, fmt::format("{}: {}", step.what, child.message())};
  if (!Adopt(child.value().get())) child.value()->Stop();
  std::deque<std::string> last_words;
  const ChildEnd end = child.value()->Wait([&](ChildStream stream, std::string_view line) {
    if (stream == ChildStream::kProgress) {
      ShowProgress(step, place, line);
      return;
    }
    transcript.Write(line);
    Log(LogLevel::kDebug, kComponent, line);
    if (stream != ChildStream::kErrors || line.empty()) return;
    last_words.emplace_back(line);
    if (last_words.size() > kLastWords) last_words.pop_front();
  });
  Adopt(nullptr);
  if (end.stopped) return {};
  if (end.ok()) return {true, false, ""};
  Outcome outcome;
  outcome.again = end.signal != 0 || (end.exit_code != kUsageCode && end.exit_code != kGateCode);
  outcome.problem = fmt::format("{} {}", step.what, DescribeChildEnd(end));
  for (const std::string& line : last_words)
    outcome.problem += (&line == &last_words.front() ? ": " : " | ") + line;
  return outcome;
}

void TrainingSupervisor::ShowProgress(const TrainingStep& step, Place place, std::string_view line) {
  const auto report = ParseProgressLine(line);
  if (!report) return;
  const auto share = ShareDone(step, report->what, report->done, report->all);
  Change([&](TrainingState& state) {
    if (share) state.progress = std::max(state.progress, place.begin + place.share * *share);
    state.stage = fmt::format("{}: {}", step.what, report->what);
  });
}

}  // namespace forewarn
