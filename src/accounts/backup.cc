#include "accounts/backup.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "accounts/schema.h"
#include "accounts/store.h"
#include "core/file.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
using Handle = std::unique_ptr<sqlite3, CloseDatabase>;

Status Failure(sqlite3* db, const char* doing, const fs::path& file) {
  return Status::Io(fmt::format("cannot {} '{}': {}", doing, file.string(), sqlite3_errmsg(db)));
}

Result<Handle> Open(const fs::path& file, int flags, const char* doing) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags | SQLITE_OPEN_PRIVATECACHE, nullptr);
  Handle handle(raw);
  if (code != SQLITE_OK) return Failure(raw, doing, file);
  sqlite3_busy_timeout(raw, 5000);
  return handle;
}

Status Execute(sqlite3* db, const char* sql, const char* doing, const fs::path& file) {
  return sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Status::Ok()
                                                                       : Failure(db, doing, file);
}

// All pages in one step: a reader's view of WAL, so writers go on meanwhile.
Status CopyPages(sqlite3* from, const fs::path& file) {
  FW_ASSIGN_OR_RETURN(const Handle to, Open(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "write"));
  sqlite3_backup* backup = sqlite3_backup_init(to.get(), "main", from, "main");
  if (backup == nullptr) return Failure(to.get(), "write", file);
  const int stepped = sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK || stepped != SQLITE_DONE)
    return Failure(to.get(), "write", file);
  // A backup is one file, without a write-ahead log beside it.
  return Execute(to.get(), "PRAGMA journal_mode = DELETE", "write", file);
}

// Whole, a store, and not newer than this program.
Status CheckBackup(const fs::path& backup) {
  FW_ASSIGN_OR_RETURN(const Handle db, Open(backup, SQLITE_OPEN_READONLY, "read"));
  std::string verdict;
  const auto keep = [](void* out, int columns, char** values, char**) {
    if (columns > 0 && values[0] != nullptr) *static_cast<std::string*>(out) += values[0];
    return 0;
  };
  const auto damaged = [&](const std::string& why) {
    return Status::Invalid(fmt::format("'{}' is no whole backup of a store: {}", backup.string(), why));
  };
  if (sqlite3_exec(db.get(), "PRAGMA quick_check", keep, &verdict, nullptr) != SQLITE_OK) {
    return damaged(sqlite3_errmsg(db.get()));
  }
  if (verdict != "ok") return damaged(verdict.substr(0, 200));
  std::string version;
  if (sqlite3_exec(db.get(), "SELECT MAX(version) FROM forewarn_schema", keep, &version, nullptr) !=
          SQLITE_OK ||
      version.empty()) {
    return damaged("it has no tables of Forewarn");
  }
  if (std::strtoll(version.c_str(), nullptr, 10) > CurrentSchemaVersion()) {
    return Status::Invalid(
        fmt::format("backup '{}' was written by a newer forewarn (schema {}, this one knows {}); "
                    "update forewarn",
                    backup.string(), version, CurrentSchemaVersion()));
  }
  return Status::Ok();
}

// Folds the log into the file and leaves WAL mode, which SQLite refuses while anyone else has the file open.
Status TakeAlone(const fs::path& file) {
  FW_ASSIGN_OR_RETURN(const Handle db, Open(file, SQLITE_OPEN_READWRITE, "open"));
  sqlite3_busy_timeout(db.get(), 0);
  if (sqlite3_exec(db.get(), "PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr) == SQLITE_OK)
    return {};
  if (sqlite3_errcode(db.get()) == SQLITE_BUSY || sqlite3_errcode(db.get()) == SQLITE_LOCKED) {
    return Status::Busy(
        fmt::format("'{}' is in use; stop what uses it (forewarn up, serve gateway) first", file.string()));
  }
  return Failure(db.get(), "open", file);
}

}  // namespace

Status BackupDatabase(const DatabaseUrl& url, const fs::path& file) {
  if (url.engine != Engine::kSqlite) {
    return Status::Invalid(fmt::format("'{}' is a PostgreSQL database; back it up with pg_dump", url.shown));
  }
  return ReplaceFileAtomic(file, [&](const fs::path& temporary) -> Status {
    FW_ASSIGN_OR_RETURN(const Handle from, Open(url.file, SQLITE_OPEN_READONLY, "read"));
    return CopyPages(from.get(), temporary);
  });
}

Status RestoreStore(const std::string& url_text, const fs::path& backup) {
  FW_ASSIGN_OR_RETURN(const DatabaseUrl url, ParseDatabaseUrl(url_text));
  if (url.engine != Engine::kSqlite) {
    return Status::Invalid(
        fmt::format("'{}' is a PostgreSQL database; restore it with pg_restore or psql", url.shown));
  }
  FW_RETURN_IF_ERROR(CheckBackup(backup));
  if (url.file.has_parent_path()) FW_RETURN_IF_ERROR(MakeFolders(url.file.parent_path()));
  std::error_code error;
  if (fs::exists(url.file, error)) {
    FW_RETURN_IF_ERROR(TakeAlone(url.file));
    fs::path old = url.file;
    old += ".before-restore";
    FW_RETURN_IF_ERROR(ReplaceFileAtomic(old, [&](const fs::path& temporary) -> Status {
      FW_ASSIGN_OR_RETURN(const Handle from, Open(url.file, SQLITE_OPEN_READONLY, "read"));
      return CopyPages(from.get(), temporary);
    }));
  }
  return ReplaceFileAtomic(url.file, [&](const fs::path& temporary) -> Status {
    FW_ASSIGN_OR_RETURN(const Handle from, Open(backup, SQLITE_OPEN_READONLY, "read"));
    return CopyPages(from.get(), temporary);
  });
}

}  // namespace forewarn
