// `forewarn up`: the plant, the three services and the page in one process; on first start it trains beside
// them.
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>

#include "api/inference_api.h"
#include "commands.h"
#include "core/log.h"
#include "hosting.h"
#include "ops/first_training.h"
#include "service_notify.h"
#include "stop_signal.h"

namespace forewarn {
namespace {

using Phase = TrainingState::Phase;

struct Flags {
  std::string listen;
  double seconds_per_hour = 0;  // 0: the setting's
  bool open = false;
  bool no_train = false;
  std::optional<bool> open_registration;
};

// The first training, for people: a bar on a terminal, a line at each tenth of it elsewhere. Called from the
// supervisor's thread.
class TrainingTeller {
 public:
  explicit TrainingTeller(const Context& context)
      : terminal_(!context.json && ::isatty(STDERR_FILENO) == 1 && context.Get("log_format").value == "text"),
        progress_(terminal_ ? context.MakeProgress() : Progress()) {}

  void Tell(const TrainingState& state) {
    NotifyServiceManager(fmt::format("STATUS={} ({:.0f} %)", state.stage, 100 * state.progress));
    if (state.phase == Phase::kDone) return Report(progress_, kBar, 100, 100);
    if (state.phase != Phase::kRunning) return;  // the supervisor's own words are in the log
    Report(progress_, kBar, static_cast<size_t>(99 * state.progress), 100);
    const int tenth = static_cast<int>(10 * state.progress);
    if (terminal_ || tenth == told_) return;
    told_ = tenth;
    Log(LogLevel::kInfo, "training", "progress", {{"stage", state.stage}, {"percent", int64_t{10} * tenth}});
  }

 private:
  static constexpr char kBar[] = "training the first models";
  const bool terminal_;
  const Progress progress_;
  int told_ = 0;
};

class Up {
 public:
  Up(const Context& context, const ServiceSettings& settings, const Plant& plant, const DataFolder& folder,
     bool train)
      : context_(context),
        settings_(settings),
        plant_(plant),
        folder_(folder),
        train_(train),
        teller_(context) {}

  Status Run() {
    FW_ASSIGN_OR_RETURN(HostOptions options, HostOptionsOf(context_, settings_, plant_, folder_));
    options.sensors = {settings_.listen, settings_.sensors_port};
    options.inference = {settings_.listen, settings_.inference_port};
    options.gateway = {settings_.listen, settings_.gateway_port};
    options.preparing = [this] { return Preparing(); };
    options.models_changed = [this] { TellModels(); };
    FW_ASSIGN_OR_RETURN(hosting_, Hosting::Lock(folder_, options));
    // Before the first thread: every thread blocks the signals then.
    const StopSignal stop([this] { hosting_->Stop(); }, [this] { ReadLogSettings(); });
    FW_RETURN_IF_ERROR(hosting_->Start(std::move(options)));
    engine_ = hosting_->host().engine();
    if (!context_.json && context_.Get("log_format").value == "text")
      context_.Say("Forewarn is at " + hosting_->UrlOf("gateway"));
    TellModels();
    if (train_) FW_RETURN_IF_ERROR(BeginTraining());
    hosting_->WaitForStop();
    // Not waited for, ended; and nothing asks it any more: the server has drained.
    training_.reset();
    hosting_->End();
    return Status::Ok();
  }

 private:
  Status BeginTraining() {
    const Result<bool> needed = NeedsFirstTraining(plant_, *hosting_->host().registry());
    if (!needed.ok()) {
      Log(LogLevel::kWarning, "training", "whether models are missing cannot be told: " + needed.message());
      return Status::Ok();
    }
    if (!*needed) return Status::Ok();
    FW_ASSIGN_OR_RETURN(TrainingOptions options, FirstTrainingOf(context_, settings_, plant_, folder_,
                                                                 hosting_->host().plant()->seed()));
    options.on_change = [this](const TrainingState& state) {
      teller_.Tell(state);
      if (state.phase == Phase::kDone) hosting_->host().LookIntoRegistry();
    };
    training_ = std::make_unique<TrainingSupervisor>(std::move(options));
    training_state_ = training_.get();
    training_->Start();
    return Status::Ok();
  }

  // Of /ready, on I/O threads. Models that are there count, wherever they came from.
  std::optional<Readiness> Preparing() const {
    const TrainingSupervisor* training = training_state_;
    const ScoringEngine* engine = engine_;
    if (training == nullptr || engine == nullptr || EngineReadiness(*engine).ready) return std::nullopt;
    const TrainingState state = training->state();
    if (state.phase == Phase::kDone) return std::nullopt;
    constexpr double kAlmost = 0.99;  // done only when they are loaded
    return Readiness{
        false, std::min(state.progress, kAlmost),
        state.problem.empty() ? state.stage : fmt::format("{} ({})", state.stage, state.problem)};
  }

  void TellModels() const {
    const ScoringEngine* engine = engine_;
    if (engine == nullptr) return;
    const Result<ServedPtr> champion = engine->Find("");
    if (!champion.ok()) return;
    const ModelVersion& version = (*champion)->version();
    Log(LogLevel::kInfo, "inference",
        EngineReadiness(*engine).ready ? "every model serves"
                                       : "the champion serves, forecasters are missing",
        {{"model", version.name}, {"version", int64_t{version.version}}});
    ::malloc_trim(0);
  }

  void ReadLogSettings() const {
    const Status status = context_.reload ? context_.reload() : Status::Ok();
    Log(status.ok() ? LogLevel::kInfo : LogLevel::kWarning, "forewarn",
        status.ok() ? "the log's settings were read again" : "the log's settings stay: " + status.message());
  }

  const Context& context_;
  const ServiceSettings& settings_;
  const Plant& plant_;
  const DataFolder& folder_;
  const bool train_;  // where models are missing
  TrainingTeller teller_;
  std::atomic<const ScoringEngine*> engine_ = nullptr;
  std::atomic<const TrainingSupervisor*> training_state_ = nullptr;
  std::unique_ptr<Hosting> hosting_;
  std::unique_ptr<TrainingSupervisor> training_;  // ends first
};

Status RunUp(const Context& context, const Flags& flags) {
  UseLittleMemory();
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(ServiceSettings settings, ReadServiceSettings(context));
  if (!flags.listen.empty()) settings.listen = flags.listen;
  if (flags.seconds_per_hour > 0) settings.seconds_per_hour = flags.seconds_per_hour;
  settings.open = settings.open || flags.open;
  if (flags.open_registration) settings.open_registration = *flags.open_registration;
  FW_ASSIGN_OR_RETURN(const DataFolder folder, DataFolder::Open(context.data_dir));
  return Up(context, settings, plant, folder, !flags.no_train).Run();
}

}  // namespace

void AddUpCommand(CLI::App& app, const Context& context, Command& run) {
  const auto flags = std::make_shared<Flags>();
  auto* command = app.add_subcommand(
      "up", "everything in one process: the plant, the services, the page; trains on first start");
  command->add_option("--listen", flags->listen, "address of the three services; default: setting listen");
  command->add_flag("--open", flags->open, "listening wider than loopback asks for no bearer");
  command->add_flag("--no-train", flags->no_train, "serve what is registered; train nothing at first start");
  command->add_option("--open-registration", flags->open_registration,
                      "false: only an administrator adds accounts; default: setting open_registration");
  command
      ->add_option("--seconds-per-hour", flags->seconds_per_hour,
                   "wall seconds of a plant hour; default: setting seconds_per_hour")
      ->check(CLI::Range(kFastestHour, kSlowestHour));
  command->callback([&context, &run, flags] { run = [&context, flags] { return RunUp(context, *flags); }; });
}

}  // namespace forewarn
