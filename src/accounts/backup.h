// Copies of a SQLite store while it is in use, by SQLite's online backup. Called by Store::Backup.
#pragma once

#include <filesystem>

#include "accounts/database.h"

namespace forewarn {

Status BackupDatabase(const DatabaseUrl& url, const std::filesystem::path& file);

}  // namespace forewarn
