// `forewarn watch`: the file-drop pipeline over a folder, by this process or by a DAG of Airflow.
#include <fmt/format.h>

#include <functional>
#include <memory>

#include "clock.h"
#include "commands.h"
#include "core/file.h"
#include "core/log.h"
#include "object_stores.h"
#include "ops/airflow_drop.h"
#include "ops/data_folder.h"
#include "ops/drop_watch.h"
#include "ops/service_lock.h"
#include "stop_signal.h"

namespace forewarn {
namespace {

struct Flags {
  std::string folder;
  std::string features;
  std::string suite;
  double settle = 2;
  bool poll = false;
  double poll_seconds = 2;
  bool once = false;
};

DropWatchOptions OptionsOf(const Context& context, const DataFolder& folder, const Plant& plant,
                           const Flags& flags) {
  DropWatchOptions options;
  options.drop.features_uri = flags.features.empty() ? folder.Features(plant.name).string() : flags.features;
  options.drop.stores = ObjectStoresOf(context);
  options.drop.suite = flags.suite;
  options.drop.seed = context.seed;
  options.drop.threads = context.threads;
  options.settle_s = flags.settle;
  options.once = flags.once;
  options.now_us = NowUtcMicroseconds;
  options.tell = [](const Status& status, const std::string& line) {
    Log(status.ok() ? LogLevel::kInfo : LogLevel::kWarning, "watch", line);
  };
  return options;
}

// The DAG that handles the files, where Airflow is told of.
Result<std::unique_ptr<AirflowDrop>> AirflowOf(const Context& context, const std::string& drop,
                                               FolderEvents& events) {
  AirflowOptions airflow;
  airflow.url = context.Get("airflow_url").value;
  if (airflow.url.empty()) return std::unique_ptr<AirflowDrop>();
  airflow.user = context.Get("airflow_user").value;
  airflow.password = context.Get("airflow_password").value;
  airflow.dag = context.Get("ingest_dag_id").value;
  FW_ASSIGN_OR_RETURN(Airflow client, Airflow::Make(std::move(airflow)));
  AirflowDropOptions options;
  options.folder = drop;
  options.pause = [&events](double seconds) {
    const double until = events.Now() + seconds;
    for (double left = seconds; left > 0; left = until - events.Now()) {
      if (!events.Wait(left)) return false;
    }
    return true;
  };
  options.tell = [](const std::string& line) { Log(LogLevel::kInfo, "watch", line); };
  options.now_us = NowUtcMicroseconds;
  return std::make_unique<AirflowDrop>(std::move(client), std::move(options));
}

Status RunWatch(const Context& context, const Flags& flags) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const DataFolder folder, DataFolder::Open(context.data_dir));
  FW_ASSIGN_OR_RETURN(ServiceLock lock, ServiceLock::Take(folder, "watch", NowUtcMicroseconds()));
  const std::string drop = flags.folder.empty() ? context.Get("watch_dir").value : flags.folder;
  FW_RETURN_IF_ERROR(lock.SetAddress(drop));
  FW_RETURN_IF_ERROR(MakeFolders(drop));
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<FolderEvents> events,
                      MakeFolderEvents(drop, flags.poll ? flags.poll_seconds : 0));
  DropWatchOptions options = OptionsOf(context, folder, plant, flags);
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<AirflowDrop> airflow, AirflowOf(context, drop, *events));
  if (airflow) {
    if (!flags.features.empty() || !flags.suite.empty()) {
      return Status::Usage(
          "--features and --suite are for the watcher's own pipeline; with AIRFLOW_URL the DAG has them");
    }
    const Status swept = airflow->Prepare();
    if (!swept.ok()) Log(LogLevel::kWarning, "watch", swept.message());
    options.handle = std::bind_front(&AirflowDrop::Handle, airflow.get());
  }
  DropWatch watch(plant, drop, std::move(options), *events);
  const StopSignal stop([&] { events->Interrupt(); });
  Log(LogLevel::kInfo, "watch", flags.once ? "looking once" : "watching",
      {{"folder", drop}, {"plant", plant.name}, {"by", airflow ? "Airflow" : "this process"}});
  FW_RETURN_IF_ERROR(watch.Run());
  if (!flags.once) Log(LogLevel::kInfo, "watch", "stopped");
  return Status::Ok();
}

}  // namespace

void AddWatchCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand(
      "watch", "the pipeline for files dropped into a folder: tables and historian exports become features");
  const auto flags = std::make_shared<Flags>();
  command->add_option("DIR", flags->folder, "the folder; default: setting watch_dir (data_drop)");
  command->add_option("--features", flags->features, "where the features go; default in the data folder");
  command->add_option("--suite", flags->suite, "validation suite; default the plant file's");
  command->add_option("--settle", flags->settle, "seconds a file's size must have been the same")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
  command->add_flag("--poll", flags->poll, "look by itself: where the system tells of no changes (shares)");
  command->add_option("--poll-seconds", flags->poll_seconds, "how often it looks then")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  command->add_flag("--once", flags->once, "handle what is there and end");
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunWatch(context, *flags); }; });
}

}  // namespace forewarn
