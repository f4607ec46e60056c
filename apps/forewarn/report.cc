// `forewarn report`: the exploratory report of a labelled table.
#include "commands.h"
#include "core/file.h"
#include "report/eda_report.h"
#include "table_input.h"

namespace forewarn {
namespace {

struct ReportFlags {
  std::string input;
  std::string out;
  std::string ingest;
};

Status RunReport(const Context& context, const ReportFlags& flags) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const Frame table, ReadPlantFrame(context, plant, flags.input));
  nlohmann::json ingest;
  if (!flags.ingest.empty()) {
    FW_ASSIGN_OR_RETURN(const std::string text, ReadFile(flags.ingest, 64 << 20));
    ingest = nlohmann::json::parse(text, nullptr, false);
    if (ingest.is_discarded()) {
      return Status::Invalid(flags.ingest + ": not JSON; give the file that `ingest --report R.json` wrote");
    }
  }
  FW_ASSIGN_OR_RETURN(const std::string page, EdaReport(plant, table, ingest));
  FW_RETURN_IF_ERROR(WriteFileAtomic(flags.out, page));
  context.Say("wrote " + flags.out);
  if (context.json) context.PrintJson({{"out", flags.out}, {"rows", table.rows()}});
  return Status::Ok();
}

}  // namespace

void AddReportCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("report", "exploratory report of a labelled table, as one HTML page");
  const auto flags = std::make_shared<ReportFlags>();
  command->add_option("IN", flags->input, "labelled table (CSV or Parquet)")->required();
  command->add_option("--out", flags->out, "the page to write")->required();
  command->add_option("--ingest", flags->ingest, "JSON report of `ingest`, to be shown with it");
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunReport(context, *flags); }; });
}

}  // namespace forewarn
