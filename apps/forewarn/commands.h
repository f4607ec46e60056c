// One Add…Command function a subcommand, each in its own file: it declares flags on `app` and, when its
// subcommand is chosen, sets `run` to a closure that wires objects and calls one function of the library.
// main.cc calls `run` once all options are resolved.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "context.h"
#include "core/status.h"

namespace forewarn {

using Command = std::function<Status()>;

void AddPlantCommand(CLI::App& app, const Context& context, Command& run);
void AddSimulateCommand(CLI::App& app, const Context& context, Command& run);
void AddIngestCommand(CLI::App& app, const Context& context, Command& run);
void AddLabelCommand(CLI::App& app, const Context& context, Command& run);
void AddValidateCommand(CLI::App& app, const Context& context, Command& run);
void AddEtlCommand(CLI::App& app, const Context& context, Command& run);
void AddTrainCommand(CLI::App& app, const Context& context, Command& run);
void AddRunCommand(CLI::App& app, const Context& context, Command& run);
void AddReportCommand(CLI::App& app, const Context& context, Command& run);
void AddEvaluateCommand(CLI::App& app, const Context& context, Command& run);
void AddModelsCommand(CLI::App& app, const Context& context, Command& run);
void AddPredictCommand(CLI::App& app, const Context& context, Command& run);
void AddForecastCommand(CLI::App& app, const Context& context, Command& run);
void AddExplainCommand(CLI::App& app, const Context& context, Command& run);
void AddImportanceCommand(CLI::App& app, const Context& context, Command& run);
void AddRecommendCommand(CLI::App& app, const Context& context, Command& run);
void AddUpCommand(CLI::App& app, const Context& context, Command& run);
void AddPrepareCommand(CLI::App& app, const Context& context, Command& run);
void AddServeCommand(CLI::App& app, const Context& context, Command& run);
void AddDropCommand(CLI::App& app, const Context& context, Command& run);
void AddWatchCommand(CLI::App& app, const Context& context, Command& run);
void AddBackupCommand(CLI::App& app, const Context& context, Command& run);  // backup and restore
void AddUserCommand(CLI::App& app, const Context& context, Command& run);
void AddHealthCommand(CLI::App& app, const Context& context, Command& run);
void AddVersionCommand(CLI::App& app, const Context& context, Command& run);
void AddConfigCommand(CLI::App& app, const Context& context, Command& run);

}  // namespace forewarn
