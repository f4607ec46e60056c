// The forewarn program: global options, one subcommand, exit code. Everything else is in the subcommand's own
// file.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "commands.h"
#include "context.h"
#include "core/names.h"
#include "io/object_store.h"
#include "ops/data_folder.h"
#include "settings.h"

namespace forewarn {
namespace {

// 0 done, 1 failed, 2 wrong usage, 3 a validation gate failed.
int ExitCode(const Status& status) {
  switch (status.code()) {
    case Code::kOk:
      return 0;
    case Code::kUsage:
      return 2;
    case Code::kGate:
      return 3;
    default:
      return 1;
  }
}

// A folder of a newer layout is refused; one in use is held, so that no restore replaces it meanwhile.
// Whoever may not write to it can read it without that. Commands that look after the folder themselves open
// it there; those that have no business in it do not.
Status HoldDataFolder(const CLI::App& app, const Context& context, std::optional<DataFolder>* held) {
  const std::string name = app.get_subcommands().front()->get_name();
  if (name == "version" || name == "config" || name == "plant" || name == "restore" || name == "health") {
    return Status::Ok();
  }
  if (::access(context.data_dir.c_str(), W_OK) != 0) return DataFolder::Check(context.data_dir);
  FW_ASSIGN_OR_RETURN(DataFolder folder, DataFolder::Open(context.data_dir));
  held->emplace(std::move(folder));
  return Status::Ok();
}

// A word where a subcommand is wanted, in our words: CLI11 only says that one is missing. Empty if that is
// not it.
std::string UnknownCommand(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  const std::vector<std::string> rest = app.remaining(true);
  const std::vector<const CLI::App*> commands = at->get_subcommands([](const CLI::App*) { return true; });
  if (rest.empty() || commands.empty()) return "";
  std::vector<std::string> known;
  for (const CLI::App* command : commands) known.push_back(command->get_name());
  const std::string kind = at == &app ? "command" : at->get_name() + " command";
  return UnknownName(kind, rest.front(), known);
}

// What was printed must have arrived: a full disk behind `> file` is a failure too.
Status FlushOutput() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return Status::Ok();
  return Status::Io("cannot write the output: " + std::string(std::strerror(errno)));
}

int Main(int argc, char** argv) {
  CLI::App app("Forewarn warns of a plant's alarms hours ahead, with reasons.", "forewarn");
  app.require_subcommand(1);
  app.fallthrough();
  Context context;
  GlobalOptions options;
  options.Declare(app);
  Command run;
  for (const auto add : {
           AddPlantCommand,    AddSimulateCommand, AddIngestCommand,     AddLabelCommand,
           AddValidateCommand, AddEtlCommand,      AddTrainCommand,      AddRunCommand,
           AddReportCommand,   AddEvaluateCommand, AddModelsCommand,     AddPredictCommand,
           AddForecastCommand, AddExplainCommand,  AddImportanceCommand, AddRecommendCommand,
           AddUpCommand,       AddPrepareCommand,  AddServeCommand,      AddDropCommand,
           AddWatchCommand,    AddBackupCommand,   AddUserCommand,       AddHealthCommand,
           AddConfigCommand,   AddVersionCommand,
       }) {
    add(app, context, run);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::string unknown = UnknownCommand(app);
    if (error.get_exit_code() != 0 && !unknown.empty()) {
      std::fprintf(stderr, "forewarn: %s\n", unknown.c_str());
      return 2;
    }
    return app.exit(error) == 0 ? 0 : 2;
  }
  Status result = options.Resolve(context);
  context.reload = [&options] {
    Context again;
    return options.Resolve(again);
  };
  std::optional<DataFolder> folder;
  if (result.ok()) result = HoldDataFolder(app, context, &folder);
  if (result.ok()) result = run();
  if (result.ok()) result = FlushOutput();
  if (!result.ok()) std::fprintf(stderr, "forewarn: %s\n", result.message().c_str());
  return ExitCode(result);
}

}  // namespace
}  // namespace forewarn

int main(int argc, char** argv) {
  const int code = forewarn::Main(argc, argv);
  forewarn::StopObjectStores();
  return code;
}
