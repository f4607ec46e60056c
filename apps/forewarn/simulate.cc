// `forewarn simulate`: the simulated plant's history as a table or as historian workbooks.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "commands.h"
#include "core/file.h"
#include "io/table_io.h"
#include "pipeline/simulate_step.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

struct Flags {
  int64_t hours = 0;
  std::string out;
  std::string start;
  std::string scenario;
};

// A folder of workbooks, not a table: an existing folder, or a name without an ending.
bool MeansFolder(const std::string& out) {
  std::error_code error;
  return out.back() == '/' || !fs::path(out).has_extension() || fs::is_directory(out, error);
}

Status RunSimulate(const Context& context, const Flags& flags) {
  if (flags.out.empty()) return Status::Usage("--out is empty; give a file (.csv, .parquet) or a folder");
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  SimulateOptions options;
  options.hours = flags.hours;
  options.scenario = flags.scenario;
  options.seed = context.seed;
  options.threads = context.threads;
  options.progress = context.MakeProgress();
  if (!flags.start.empty()) {
    FW_ASSIGN_OR_RETURN(options.start, ParsePlantTime(flags.start));
  }
  size_t files = 1;
  if (MeansFolder(flags.out)) {
    FW_ASSIGN_OR_RETURN(const RawData readings, SimulateReadings(plant, options));
    FW_ASSIGN_OR_RETURN(files, WriteSimulatedWorkbooks(plant, readings, flags.out));
  } else {
    FW_RETURN_IF_ERROR(TableFormatOf(flags.out).status());
    FW_ASSIGN_OR_RETURN(const Frame table, SimulateTable(plant, options));
    FW_RETURN_IF_ERROR(WriteTable(flags.out, table));
  }
  const std::string start = FormatPlantTime(options.start.value_or(plant.simulator.start));
  if (context.json) {
    context.PrintJson(
        {{"plant", plant.name},
         {"start", start},
         {"hours", flags.hours},
         {"seed", context.seed},
         {"scenario", flags.scenario.empty() ? plant.simulator.scenarios.front().name : flags.scenario},
         {"out", flags.out},
         {"files", files}});
  } else {
    context.Print(fmt::format("simulated {} hours of {} from {} (seed {}) into {}\n", flags.hours, plant.name,
                              start, context.seed, flags.out));
  }
  return Status::Ok();
}

}  // namespace

void AddSimulateCommand(CLI::App& app, const Context& context, Command& run) {
  CLI::App* command = app.add_subcommand("simulate", "the simulated plant's history");
  const auto flags = std::make_shared<Flags>();
  command->add_option("--hours", flags->hours, "length of the history")->required();
  command
      ->add_option("--out", flags->out,
                   "X.csv or X.parquet: the hourly table; a folder: historian workbooks, one a tag")
      ->required();
  command->add_option("--start", flags->start, "first hour, plant time (default: the plant file's)");
  command->add_option("--scenario", flags->scenario, "scenario that unfolds from the first hour on");
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunSimulate(context, *flags); }; });
}

}  // namespace forewarn
