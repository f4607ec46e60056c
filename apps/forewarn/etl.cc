// `forewarn etl`: a labelled table to features under a URI, behind the validation gate.
#include <algorithm>

#include "clock.h"
#include "commands.h"
#include "object_stores.h"
#include "pipeline/etl_step.h"
#include "pipeline/gate_step.h"
#include "table_input.h"

namespace forewarn {
namespace {

struct EtlFlags {
  std::string input;
  std::string out;
  bool no_gate = false;
};

// Exit code 3 where the table fails the plant's suite; the result is then all that is given.
Status PassGate(const Context& context, const Plant& plant, const Table& table, const std::string& input) {
  FW_ASSIGN_OR_RETURN(const auto result, RunGate(plant, {}, table, input));
  const Status status = GateStatus(result, input);
  if (!status.ok() && context.json) context.PrintJson(result->json);
  return status;
}

Status RunEtlCommand(const Context& context, const EtlFlags& flags) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  const Progress progress = context.MakeProgress();
  FW_ASSIGN_OR_RETURN(const Table table, ReadTable(flags.input, TableOptionsOf(plant)));
  if (!flags.no_gate) FW_RETURN_IF_ERROR(PassGate(context, plant, table, flags.input));
  ToFrameReport set_aside;
  auto frame = ToFrame(table, kTimeColumn, &set_aside);
  if (!frame.ok()) return frame.status().WithPrefix(flags.input);
  DatasetOptions options;
  options.seed = context.seed;
  options.threads = context.threads;
  auto outcome = RunEtl(plant, *frame, options, flags.out, ObjectStoresOf(context), UtcRunId(), progress);
  if (!outcome.ok()) {  // a fault of the table, or of the place written to, which the words name themselves
    return outcome.status().code() == Code::kInvalid ? outcome.status().WithPrefix(flags.input)
                                                     : outcome.status();
  }
  if (context.json) {
    context.PrintJson(EtlReportJson(*outcome, set_aside));
  } else {
    context.Print(EtlReportText(*outcome, set_aside));
  }
  return Status::Ok();
}

}  // namespace

void AddEtlCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("etl", "features of a labelled table, for `train`");
  const auto flags = std::make_shared<EtlFlags>();
  command->add_option("IN", flags->input, "labelled table (CSV or Parquet)")->required();
  command->add_option("--out", flags->out, "where features go: a folder, file:DIR or s3://bucket/prefix")
      ->required();
  command->add_flag("--no-gate", flags->no_gate, "skip the validation suite of the plant file");
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunEtlCommand(context, *flags); }; });
}

}  // namespace forewarn
