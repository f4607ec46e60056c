#include "registry/sqlite.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <utility>

namespace forewarn {
namespace {

constexpr int kCopyWaitMs = 15'000;

// The process that holds a write lock on the database's shared-memory file, from the kernel's table of locks;
// 0 where it cannot be told. The file itself is not opened: closing it would drop this process' own locks.
long LockHolder(const std::filesystem::path& database) {
  struct stat info{};
  if (::stat((database.string() + "-shm").c_str(), &info) != 0) return 0;
  std::ifstream locks("/proc/locks");
  std::string line;
  while (std::getline(locks, line)) {
    long pid = 0;
    unsigned major_id = 0;
    unsigned minor_id = 0;
    unsigned long inode = 0;
    char mode[16] = "";
    if (std::sscanf(line.c_str(), "%*d: POSIX ADVISORY %15s %ld %x:%x:%lu", mode, &pid, &major_id, &minor_id,
                    &inode) == 5 &&
        std::string_view(mode) == "WRITE" && inode == info.st_ino && major_id == major(info.st_dev) &&
        minor_id == minor(info.st_dev)) {
      return pid;
    }
  }
  return 0;
}

Status SqliteError(int code, const std::filesystem::path& path, std::string_view detail) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: {
      const long pid = LockHolder(path);
      return Status::Busy(fmt::format("'{}' is held by {}; try again when it is done", path.string(),
                                      pid != 0 ? fmt::format("process {}", pid) : "another process"));
    }
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Status::Invalid(
          fmt::format("'{}' is not a registry database or is damaged ({}); restore it from a "
                      "backup or use another folder",
                      path.string(), detail));
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return Status::Io(fmt::format("cannot use '{}': {}", path.string(), detail));
    default:
      return Status::Internal(fmt::format("'{}': {}", path.string(), detail));
  }
}

}  // namespace

Statement& Statement::Bind(int index, int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), index, value);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::Bind(int index, double value) {
  const int code = std::isnan(value) ? sqlite3_bind_null(statement_.get(), index)
                                     : sqlite3_bind_double(statement_.get(), index, value);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::Bind(int index, std::string_view text) {
  const int code = sqlite3_bind_text64(statement_.get(), index, text.data() != nullptr ? text.data() : "",
                                       text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::BindBlob(int index, std::string_view bytes) {
  const int code = sqlite3_bind_blob64(statement_.get(), index, bytes.data() != nullptr ? bytes.data() : "",
                                       bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Result<bool> Statement::Step() {
  if (bind_error_ != SQLITE_OK) return SqliteError(bind_error_, where_, sqlite3_errstr(bind_error_));
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteError(code, where_, sqlite3_errmsg(db_));
}

Status Statement::Run() {
  FW_ASSIGN_OR_RETURN(const bool row, Step());
  (void)row;
  Reset();
  return Status::Ok();
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double Statement::Real(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL)
    return std::numeric_limits<double>::quiet_NaN();
  return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return text == nullptr ? std::string() : std::string(text, sqlite3_column_bytes(statement_.get(), column));
}

std::string Statement::Blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return bytes == nullptr ? std::string()
                          : std::string(bytes, sqlite3_column_bytes(statement_.get(), column));
}

Result<Database> Database::Open(const std::filesystem::path& path, int wait_ms) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database db(std::unique_ptr<sqlite3, Close>(raw), path);
  if (code != SQLITE_OK) return db.Error(code, raw != nullptr ? sqlite3_errmsg(raw) : "out of memory");
  sqlite3_busy_timeout(raw, wait_ms);
  // A damaged or foreign file must not run triggers or views of its own, nor corrupt the schema further.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  FW_RETURN_IF_ERROR(db.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"));
  return db;
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  if (code != SQLITE_OK) return Error(code, sqlite3_errmsg(db_.get()));
  return Statement(db_.get(), raw, path_.string());
}

Status Database::Execute(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status::Ok() : Error(code, sqlite3_errmsg(db_.get()));
}

Status Database::Error(int code, std::string_view detail) const { return SqliteError(code, path_, detail); }

Status CopyDatabase(const std::filesystem::path& from, const std::filesystem::path& to) {
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  using Handle = std::unique_ptr<sqlite3, Close>;
  const auto open = [](const std::filesystem::path& path, int flags, Handle* out) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    out->reset(raw);
    if (raw != nullptr) sqlite3_busy_timeout(raw, kCopyWaitMs);
    return code == SQLITE_OK ? Status::Ok() : SqliteError(code, path, sqlite3_errstr(code));
  };
  Handle source;
  Handle target;
  FW_RETURN_IF_ERROR(open(from, SQLITE_OPEN_READONLY, &source));
  FW_RETURN_IF_ERROR(open(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &target));
  sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (backup == nullptr) return SqliteError(sqlite3_errcode(target.get()), to, sqlite3_errmsg(target.get()));
  // All pages in one step: one reader's view, however much is written meanwhile.
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE) return SqliteError(stepped, from, sqlite3_errstr(stepped));
  if (finished != SQLITE_OK) return SqliteError(finished, to, sqlite3_errmsg(target.get()));
  const int left = sqlite3_exec(target.get(), "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  return left == SQLITE_OK ? Status::Ok() : SqliteError(left, to, sqlite3_errmsg(target.get()));
}

Result<Transaction> Transaction::Begin(Database& db) {
  FW_RETURN_IF_ERROR(db.Execute("BEGIN IMMEDIATE"));
  return Transaction(&db);
}

Result<Transaction> Transaction::BeginRead(Database& db) {
  FW_RETURN_IF_ERROR(db.Execute("BEGIN DEFERRED"));
  return Transaction(&db);
}

Transaction::~Transaction() {
  if (db_ != nullptr) (void)db_->Execute("ROLLBACK");
}

Status Transaction::Commit() {
  Database& db = *std::exchange(db_, nullptr);
  Status status = db.Execute("COMMIT");
  if (!status.ok()) (void)db.Execute("ROLLBACK");
  return status;
}

}  // namespace forewarn
