// A thin layer over SQLite's C interface for the local registry: every failure is a Status, every handle owns
// what it opens. A Database and its Statements belong to one thread at a time (the registry holds a mutex).
// Opened in WAL mode with synchronous=FULL: a commit that returned survives kill -9 and power loss.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/status.h"

namespace forewarn {

// A prepared statement. Parameters are bound in order from 1; columns are read from 0.
class Statement {
 public:
  Statement& Bind(int index, int64_t value);
  Statement& Bind(int index, double value);  // NaN is stored as NULL
  Statement& Bind(int index, std::string_view text);
  Statement& BindBlob(int index, std::string_view bytes);

  // True: a row is there to be read. False: done.
  Result<bool> Step();
  Status Run();  // for statements that give no rows
  void Reset();

  int64_t Integer(int column) const;
  double Real(int column) const;  // NULL is NaN
  std::string Text(int column) const;
  std::string Blob(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };
  Statement(sqlite3* db, sqlite3_stmt* statement, std::string where)
      : db_(db), statement_(statement), where_(std::move(where)) {}

  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string where_;
  int bind_error_ = SQLITE_OK;
};

class Database {
 public:
  // Creates the file if need be. wait_ms: how long a statement waits for another process' lock.
  static Result<Database> Open(const std::filesystem::path& path, int wait_ms);

  Result<Statement> Prepare(std::string_view sql);
  Status Execute(const char* sql);  // one or more statements without parameters
  int64_t LastInsertId() const { return sqlite3_last_insert_rowid(db_.get()); }
  // "cannot <doing> 'path': reason"; kBusy names the process that holds the lock where it can be told.
  Status Error(int code, std::string_view detail) const;

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  Database(std::unique_ptr<sqlite3, Close> db, std::filesystem::path path)
      : db_(std::move(db)), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> db_;
  std::filesystem::path path_;
};

// A copy of any SQLite database while it is in use, as it was at one moment: `to` is a new file without a log
// beside it. Writers go on meanwhile.
Status CopyDatabase(const std::filesystem::path& from, const std::filesystem::path& to);

// Begin takes the write lock at once; BeginRead gives every statement one and the same view. Rolls back at
// destruction unless committed.
class Transaction {
 public:
  static Result<Transaction> Begin(Database& db);
  static Result<Transaction> BeginRead(Database& db);
  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status Commit();

 private:
  explicit Transaction(Database* db) : db_(db) {}
  Database* db_;
};

}  // namespace forewarn
