// `forewarn drop`: what `watch` does to one dropped file, or a set of workbooks, as a step of somebody else's
// schedule. Whether the files are to blame for a failure is in the report ("rejected" or "failed").
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "clock.h"
#include "commands.h"
#include "core/file.h"
#include "object_stores.h"
#include "ops/data_folder.h"
#include "ops/drop_report.h"
#include "ops/drop_step.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

struct Flags {
  std::string path;
  std::string until = "features";
  std::string features;
  std::string suite;
  std::string report;
};

// A file, or the files of a folder in the order of their names.
Result<std::vector<fs::path>> FilesAt(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    if (fs::is_regular_file(path, error)) return std::vector<fs::path>{path};
    return Status::NotFound(fmt::format("'{}' is neither a file nor a folder", path.string()));
  }
  std::vector<fs::path> files;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (it->is_regular_file() && !it->path().filename().string().starts_with('.'))
      files.push_back(it->path());
  }
  if (error) return Status::Io(fmt::format("cannot read folder '{}': {}", path.string(), error.message()));
  if (files.empty()) return Status::Invalid(fmt::format("folder '{}' holds no file", path.string()));
  std::sort(files.begin(), files.end());
  return files;
}

Status RunDrop(const Context& context, const Flags& flags) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const DataFolder folder, DataFolder::Open(context.data_dir));
  DropOptions options;
  FW_ASSIGN_OR_RETURN(options.until, ParseDropUntil(flags.until));
  options.features_uri = flags.features.empty() ? folder.Features(plant.name).string() : flags.features;
  options.stores = ObjectStoresOf(context);
  options.suite = flags.suite;
  options.seed = context.seed;
  options.threads = context.threads;
  FW_ASSIGN_OR_RETURN(const std::vector<fs::path> files, FilesAt(flags.path));
  std::vector<std::string> names;
  for (const fs::path& file : files) names.push_back(file.filename().string());
  FW_ASSIGN_OR_RETURN(const std::string digest, DropDigest(files));
  const DropResult result = HandleDrop(plant, options, files, names, digest, {});
  const DropReport report = {DropReportJson(result, NowUtcMicroseconds()), DropReportText(result),
                             DropSummary(result)};
  if (!flags.report.empty()) {
    FW_RETURN_IF_ERROR(WriteFileAtomic(flags.report, DropReportLine(report) + "\n"));
  }
  if (context.json) {
    context.PrintJson(report.report);
  } else {
    context.Print(report.text);
  }
  return result.status;
}

}  // namespace

void AddDropCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand(
      "drop", "the pipeline of `watch` for one file or a folder of workbooks, as a step of a scheduler");
  const auto flags = std::make_shared<Flags>();
  command->add_option("PATH", flags->path, "a table, an export, or a folder of one-tag workbooks")
      ->required();
  command->add_option("--until", flags->until, "gate: validate, store nothing; features")
      ->capture_default_str();
  command->add_option("--features", flags->features, "where the features go; default in the data folder");
  command->add_option("--suite", flags->suite, "validation suite; default the plant file's");
  command->add_option("--report", flags->report, "JSON file for the report, written where it fails too");
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunDrop(context, *flags); }; });
}

}  // namespace forewarn
