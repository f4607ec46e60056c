// `forewarn validate`: the validation gate on its own.
#include <fmt/format.h>

#include <memory>

#include "commands.h"
#include "core/file.h"
#include "pipeline/gate_step.h"
#include "table_input.h"

namespace forewarn {
namespace {

struct ValidateFlags {
  std::string input;
  std::string suite;
  std::string out;
};

Status RunValidateCommand(const Context& context, const ValidateFlags& flags) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const Table table, ReadTable(flags.input, TableOptionsOf(plant)));
  FW_ASSIGN_OR_RETURN(const auto result, RunGate(plant, flags.suite, table, flags.input));
  if (!result) {
    return Status::Usage(fmt::format("plant '{}' has no [quality] suite; give one with --suite", plant.name));
  }
  if (!flags.out.empty()) {
    const std::string text =
        result->json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    FW_RETURN_IF_ERROR(WriteFileAtomic(flags.out, text + "\n"));
  }
  if (context.json) context.PrintJson(result->json);
  for (const ExpectationVerdict& verdict : result->verdicts) {
    context.Print(fmt::format("{:<6} {}{}{}\n", verdict.success ? "good" : "FAILED", verdict.what,
                              verdict.finding.empty() ? "" : ": ", verdict.finding));
  }
  return GateStatus(result, flags.input);
}

}  // namespace

void AddValidateCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command =
      app.add_subcommand("validate", "a table against a Great Expectations suite (exit 3 where it fails)");
  const auto flags = std::make_shared<ValidateFlags>();
  command->add_option("IN", flags->input, "labelled table (CSV or Parquet)")->required();
  command->add_option("--suite", flags->suite, "suite file (default: the plant file's)");
  command->add_option("--out", flags->out, "where the validation result goes, as JSON");
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunValidateCommand(context, *flags); }; });
}

}  // namespace forewarn
