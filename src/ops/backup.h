// Backup and restore of a data folder: one archive (zip) of the registry, the accounts' store, secrets and
// the plant's state, with a table of contents and sha-256 of every file. A backup is taken beside running
// services: databases by SQLite's online backup, everything else is written whole or never changed. A restore
// needs the folder alone, checks everything before it touches anything, and then happens as if at once
// (ops/folder_swap.h). Not in it: features and histories (the pipeline makes them again), locks, and stores
// that live elsewhere, which are told. Stateless.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "ops/backup_manifest.h"

namespace forewarn {

struct BackupOptions {
  std::filesystem::path folder;    // the data folder
  std::filesystem::path accounts;  // a SQLite store outside of it, or "": copied in as accounts.db
  std::vector<std::string> notes;  // what lives elsewhere and is not in the archive
  int64_t now_us = 0;              // UTC
  Progress progress;
};

// The archive appears whole or not at all, with mode 0600: it holds secrets. Gives its table of contents.
Result<BackupManifest> WriteBackup(const BackupOptions& options, const std::filesystem::path& file);

// Checks an archive without restoring it: table of contents, every file's size and sha-256, nothing besides.
Result<BackupManifest> CheckBackup(const std::filesystem::path& file, const Progress& progress = {});

struct RestoreOptions {
  std::filesystem::path folder;  // made where it is missing
  // Whether what was unpacked (the folder's path is given) can be used by this binary: stores of a newer
  // schema are refused. May be empty.
  std::function<Status(const std::filesystem::path&)> check;
  std::string stamp;         // names the folder that keeps what was there: before-restore-<stamp>
  std::function<void()> at;  // test hook: between the steps that change the folder
  Progress progress;
};

// kBusy while services use the folder, naming them.
Result<BackupManifest> RestoreBackup(const std::filesystem::path& file, const RestoreOptions& options);

}  // namespace forewarn
