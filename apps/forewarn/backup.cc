// `forewarn backup FILE` and `forewarn restore FILE`: everything a data folder keeps, in one archive.
#include "ops/backup.h"

#include <fmt/format.h>

#include <memory>

#include "accounts/store.h"
#include "clock.h"
#include "commands.h"
#include "core/plant_time.h"
#include "ops/data_folder.h"
#include "registry/open_registry.h"
#include "settings.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Flags {
  std::string file;
  bool check = false;
};

bool IsInside(const fs::path& path, const fs::path& folder) {
  const fs::path relative = fs::weakly_canonical(path).lexically_relative(fs::weakly_canonical(folder));
  return !relative.empty() && relative.begin()->string() != "..";
}

// What a setting puts elsewhere is copied in where it is a file, and told where it is not.
void LookElsewhere(const Context& context, BackupOptions* options) {
  const Setting& accounts = context.Get("database_url");
  constexpr std::string_view kSqlite = "sqlite:";
  const std::string& url = accounts.value;
  if (url.find("://") != std::string::npos && !url.starts_with(kSqlite)) {
    options->notes.push_back(
        fmt::format("accounts and history are in {}; back them up with pg_dump", ShownValue(accounts)));
  } else if (!url.empty()) {
    const fs::path file = url.starts_with(kSqlite) ? url.substr(kSqlite.size()) : url;
    std::error_code ignored;
    if (!IsInside(file, context.data_dir) && fs::exists(file, ignored)) {
      options->accounts = file;
      options->notes.push_back(
          fmt::format("accounts and history were at '{}'; they are in it as accounts.db", file.string()));
    }
  }
  constexpr std::string_view kLocal = "local:";
  const std::string& registry = context.registry_uri;
  if (!registry.starts_with(kLocal)) {
    options->notes.push_back(
        fmt::format("models are in {}; back that up by itself", ShownValue(context.Get("registry"))));
  } else if (!IsInside(registry.substr(kLocal.size()), context.data_dir)) {
    options->notes.push_back(
        fmt::format("models are in '{}', outside of the data folder; copy that folder too",
                    registry.substr(kLocal.size())));
  }
}

Json ManifestJson(const BackupManifest& manifest, const std::string& file) {
  uint64_t bytes = 0;
  for (const BackupFile& entry : manifest.files) bytes += entry.bytes;
  return {{"file", file},
          {"created", manifest.created},
          {"version", manifest.version},
          {"files", manifest.files.size()},
          {"bytes", bytes},
          {"notes", manifest.notes}};
}

void Tell(const Context& context, const BackupManifest& manifest, const std::string& file,
          const std::string& line) {
  if (context.json) {
    context.PrintJson(ManifestJson(manifest, file));
    return;
  }
  context.Print(line + "\n");
  for (const std::string& note : manifest.notes) context.Say("note: " + note);
}

Status RunBackup(const Context& context, const Flags& flags) {
  BackupOptions options;
  options.folder = context.data_dir;
  options.now_us = NowUtcMicroseconds();
  options.progress = context.MakeProgress();
  LookElsewhere(context, &options);
  FW_ASSIGN_OR_RETURN(const BackupManifest manifest, WriteBackup(options, flags.file));
  Tell(context, manifest, flags.file,
       fmt::format("{} files of '{}' are in '{}'; it holds secrets, keep it as such", manifest.files.size(),
                   context.data_dir.string(), flags.file));
  return Status::Ok();
}

// Stores of a newer schema are refused before anything is touched; older ones are brought up to date here.
Status CanBeUsed(const fs::path& unpacked) {
  std::error_code ignored;
  if (fs::exists(unpacked / "accounts.db", ignored)) {
    FW_RETURN_IF_ERROR(OpenStore({.url = "sqlite:" + (unpacked / "accounts.db").string()}).status());
  }
  if (fs::exists(unpacked / "registry", ignored)) {
    FW_RETURN_IF_ERROR(OpenRegistry("local:" + (unpacked / "registry").string()).status());
  }
  return Status::Ok();
}

Status RunRestore(const Context& context, const Flags& flags) {
  if (flags.check) {
    FW_ASSIGN_OR_RETURN(const BackupManifest checked, CheckBackup(flags.file, context.MakeProgress()));
    Tell(context, checked, flags.file,
         fmt::format("'{}' is whole: {} files of {}", flags.file, checked.files.size(), checked.created));
    return Status::Ok();
  }
  RestoreOptions options;
  options.folder = context.data_dir;
  options.check = CanBeUsed;
  options.progress = context.MakeProgress();
  const int64_t now = NowUtcMicroseconds();
  options.stamp = FormatIsoUtc(now - now % kSecond);
  std::erase_if(options.stamp, [](char c) { return c == '-' || c == ':'; });
  FW_ASSIGN_OR_RETURN(const BackupManifest manifest, RestoreBackup(flags.file, options));
  Tell(context, manifest, flags.file,
       fmt::format("'{}' holds the backup of {} ({} files); what was there is in its before-restore-{}",
                   context.data_dir.string(), manifest.created, manifest.files.size(), options.stamp));
  return Status::Ok();
}

}  // namespace

void AddBackupCommand(CLI::App& app, const Context& context, Command& run) {
  const auto flags = std::make_shared<Flags>();
  auto* backup = app.add_subcommand(
      "backup", "registry, accounts, secrets and the plant's state in one file, beside running services");
  backup->add_option("FILE", flags->file, "the archive to write (.zip)")->required();
  backup->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunBackup(context, *flags); }; });
  auto* restore = app.add_subcommand("restore", "puts a backup in the place of the data folder's content");
  restore->add_option("FILE", flags->file, "an archive of `backup`")->required();
  restore->add_flag("--check", flags->check, "only check the archive, against every sha-256 in it");
  restore->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunRestore(context, *flags); }; });
}

}  // namespace forewarn
