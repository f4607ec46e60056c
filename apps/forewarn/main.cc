// The forewarn program: global options, one subcommand, exit code. Everything else is in the subcommand's own
// file.
#include <cstdio>

#include "commands.h"
#include "context.h"
#include "io/object_store.h"
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

int Main(int argc, char** argv) {
  CLI::App app("Forewarn warns of a plant's alarms hours ahead, with reasons.", "forewarn");
  app.require_subcommand(1);
  app.fallthrough();
  Context context;
  GlobalOptions options;
  options.Declare(app);
  Command run;
  for (const auto add : {
           AddPlantCommand,
           AddSimulateCommand,
           AddIngestCommand,
           AddLabelCommand,
           AddValidateCommand,
           AddEtlCommand,
           AddTrainCommand,
           AddRunCommand,
           AddReportCommand,
           AddEvaluateCommand,
           AddModelsCommand,
           AddPredictCommand,
           AddForecastCommand,
           AddExplainCommand,
           AddImportanceCommand,
           AddRecommendCommand,
           AddConfigCommand,
           AddVersionCommand,
       }) {
    add(app, context, run);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  Status result = options.Resolve(context);
  if (result.ok()) result = run();
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
