// `forewarn ingest`: raw exports → cleaned table, and the report of every row's fate.
#include "ingest/ingest.h"

#include <filesystem>
#include <memory>

#include "commands.h"
#include "core/file.h"
#include "core/names.h"
#include "io/table_io.h"
#include "pipeline/read_history.h"
#include "plant/columns.h"

namespace forewarn {
namespace {

struct IngestFlags {
  std::vector<std::string> files;
  std::string out;
  std::string report;
  bool live = false;
};

// The report's format is the file's ending.
Result<std::string> RenderReport(const IngestReport& report, const std::filesystem::path& path) {
  const std::string ending = ToLower(path.extension().string());
  if (ending == ".json") {
    return ReportJson(report).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  if (ending == ".html" || ending == ".htm") return ReportHtml(report);
  if (ending == ".txt") return ReportText(report);
  return Status::Usage("--report '" + path.string() +
                       "': the ending says the format; known: .html, .json, .txt");
}

Status RunIngest(const Context& context, const IngestFlags& flags) {
  FW_RETURN_IF_ERROR(TableFormatOf(flags.out).status());
  if (!flags.report.empty()) FW_RETURN_IF_ERROR(RenderReport({}, flags.report).status());
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  IngestOptions options;
  options.threads = context.threads;
  options.live = flags.live;
  options.progress = context.MakeProgress();
  FW_ASSIGN_OR_RETURN(RawData data, ReadHistory({flags.files.begin(), flags.files.end()}, plant,
                                                context.threads, options.progress));
  FW_ASSIGN_OR_RETURN(const IngestResult result, Ingest(std::move(data), plant, options));

  WriteTableOptions write;
  for (const std::string& column : result.table.names()) {
    if (column.starts_with(kFilledColumn)) write.integer_columns.push_back(column);
  }
  FW_RETURN_IF_ERROR(WriteTable(flags.out, result.table, write));
  if (!flags.report.empty()) {
    FW_ASSIGN_OR_RETURN(const std::string page, RenderReport(result.report, flags.report));
    FW_RETURN_IF_ERROR(WriteFileAtomic(flags.report, page));
  }
  context.Print(ReportText(result.report));
  if (context.json) context.PrintJson(ReportJson(result.report));
  context.Say("wrote " + flags.out + (flags.report.empty() ? "" : " and " + flags.report));
  return Status::Ok();
}

}  // namespace

void AddIngestCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command =
      app.add_subcommand("ingest", "raw historian exports to a cleaned table on the plant's grid");
  const auto flags = std::make_shared<IngestFlags>();
  command
      ->add_option("FILE", flags->files,
                   "workbooks (XLSX, XLS), CSV or Parquet; a folder stands for its files")
      ->required();
  command->add_option("--out", flags->out, "the table to write: .csv or .parquet")->required();
  command->add_option("--report", flags->report, "the report to write: .html, .json or .txt");
  command->add_flag("--live", flags->live, "fill only what does not look ahead; other empty cells stay null");
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunIngest(context, *flags); }; });
}

}  // namespace forewarn
