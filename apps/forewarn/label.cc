// `forewarn label`: a cleaned table to a labelled one.
#include "label/label.h"

#include <memory>

#include "commands.h"
#include "io/table_io.h"
#include "table_input.h"

namespace forewarn {
namespace {

struct LabelFlags {
  std::string input;
  std::string out;
};

Status RunLabelCommand(const Context& context, const LabelFlags& flags) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  ToFrameReport set_aside;
  FW_ASSIGN_OR_RETURN(const Frame table, ReadPlantFrame(context, plant, flags.input, &set_aside));
  auto labelled = LabelTable(plant, table);
  if (!labelled.ok()) return labelled.status().WithPrefix(flags.input);
  FW_RETURN_IF_ERROR(WriteTable(flags.out, labelled->table));
  if (context.json) {
    nlohmann::ordered_json report = LabelReportJson(labelled->report);
    report["read"] = {{"rows", set_aside.rows},
                      {"unreadable_times", set_aside.unreadable_times},
                      {"duplicate_times", set_aside.duplicate_times},
                      {"out_of_order", set_aside.out_of_order}};
    report["out"] = flags.out;
    context.PrintJson(report);
  }
  context.Print(LabelReportText(labelled->report));
  return Status::Ok();
}

}  // namespace

void AddLabelCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command =
      app.add_subcommand("label", "which rows are anomalies, by the plant file's periods and rules");
  const auto flags = std::make_shared<LabelFlags>();
  command->add_option("IN", flags->input, "cleaned table (CSV or Parquet)")->required();
  command->add_option("--out", flags->out, "labelled table to write (CSV or Parquet)")->required();
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunLabelCommand(context, *flags); }; });
}

}  // namespace forewarn
