// The two databases behind one code path: URLs, connections, and what an exception of SOCI means. Nothing
// above this header knows which database it talks to, but for the few texts of Dialect. Functions are safe
// from any thread; a soci::session belongs to one thread at a time.
#pragma once

#include <soci/soci.h>

#include <filesystem>
#include <string>

#include "core/status.h"

namespace forewarn {

enum class Engine { kSqlite, kPostgres };

struct DatabaseUrl {
  Engine engine = Engine::kSqlite;
  std::string connect;         // for SOCI
  std::filesystem::path file;  // SQLite only
  std::string shown;           // for messages: without a password
};

// "sqlite:FILE", a bare path (as DB_PATH of old), "postgresql://…" or "postgres://…".
Result<DatabaseUrl> ParseDatabaseUrl(const std::string& url);

// Column types and statements that differ.
struct Dialect {
  const char* serial_key;  // of a column that numbers its rows and never gives a number twice
  const char* text;        // compared byte by byte
  const char* real;
  const char* integer;
  const char* table_end;
  const char* begin_write;   // takes the write lock at once
  const char* count_tables;  // of that :name, or all for *
  const char* lock_schema;   // held to the end of the transaction
  const char* lock_users;
};
const Dialect& DialectOf(Engine engine);

enum class Access { kRead, kWrite };

// Connects and sets what each connection needs: WAL, synchronous=FULL, foreign keys, time-outs. Throws
// soci_error or, where PostgreSQL's client library is not installed, std::runtime_error.
void OpenSession(const DatabaseUrl& url, Access access, int lock_wait_ms, soci::session& session);

// What went wrong, told without any value of a statement.
struct DatabaseFault {
  Status status;
  bool lost = false;       // the connection is gone
  bool own_fault = false;  // a constraint: the statement is to blame, not the database
};
// For use in a catch block. `doing`: "write to", "read".
DatabaseFault Explain(const DatabaseUrl& url, const char* doing, const std::exception& error);

}  // namespace forewarn
