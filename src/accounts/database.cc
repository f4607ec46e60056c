#include "accounts/database.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <stdexcept>

#include "core/names.h"

namespace forewarn {
namespace {

constexpr char kPostgresLibrary[] = "libsoci_postgresql.so.4.0";

// SOCI's PostgreSQL half is loaded when a URL first asks for it: libpq brings 25 libraries with it, 9 ms and
// 5 MB that a program on SQLite need not pay.
const soci::backend_factory& PostgresFactory() {
  static const soci::backend_factory* const kFactory = [] {
    using Factory = const soci::backend_factory* (*)();
    void* const library = ::dlopen(kPostgresLibrary, RTLD_NOW | RTLD_LOCAL);
    const auto make =
        library == nullptr ? nullptr : reinterpret_cast<Factory>(::dlsym(library, "factory_postgresql"));
    return make == nullptr ? nullptr : make();
  }();
  if (kFactory == nullptr) {
    throw std::runtime_error(
        fmt::format("the PostgreSQL client {} is not installed; install the package libsoci-postgresql4.0",
                    kPostgresLibrary));
  }
  return *kFactory;
}

// postgresql://user:secret@host/… → postgresql://user:***@host/…; the same for ?password=.
std::string HidePassword(const std::string& url) {
  const size_t query = std::min(url.find('?'), url.size());
  std::string address = url.substr(0, query), rest = url.substr(query);
  const size_t scheme = address.find("://");
  const size_t host = address.rfind('@');
  if (scheme != std::string::npos && host != std::string::npos) {
    const size_t colon = address.find(':', scheme + 3);
    if (colon < host) address.replace(colon + 1, host - colon - 1, "***");
  }
  for (const char* parameter : {"?password=", "&password="}) {
    const size_t at = rest.find(parameter);
    if (at == std::string::npos) continue;
    const size_t value = at + std::string_view(parameter).size();
    rest.replace(value, std::min(rest.find('&', value), rest.size()) - value, "***");
  }
  return address + rest;
}

// A parameter of ours where the URL has none of that name.
void AddParameter(std::string& url, const std::string& name, const std::string& value) {
  if (url.find("?" + name + "=") != std::string::npos || url.find("&" + name + "=") != std::string::npos)
    return;
  url += (url.find('?') == std::string::npos ? "?" : "&") + name + "=" + value;
}

Result<DatabaseUrl> PostgresUrl(const std::string& url) {
  DatabaseUrl out;
  out.engine = Engine::kPostgres;
  out.shown = HidePassword(url);
  out.connect = url;
  // A server that is away is noticed in seconds, not in the system's minutes.
  AddParameter(out.connect, "connect_timeout", "5");
  AddParameter(out.connect, "tcp_user_timeout", "10000");
  AddParameter(out.connect, "keepalives_idle", "10");
  AddParameter(out.connect, "application_name", "forewarn");
  return out;
}

Result<DatabaseUrl> SqliteUrl(std::string file) {
  if (file.starts_with("///")) file.erase(0, 2);  // sqlite:///FILE, as other programs write it
  if (file.empty() || file == ":memory:" || file.find('"') != std::string::npos ||
      file.find('\0') != std::string::npos) {
    return Status::Invalid(
        fmt::format("'sqlite:{}' names no file a store can be kept in; sqlite:FILE is needed", file));
  }
  DatabaseUrl out;
  out.engine = Engine::kSqlite;
  out.file = file;
  out.shown = file;
  out.connect = fmt::format("dbname=\"{}\"", file);
  return out;
}

void Configure(const DatabaseUrl& url, Access access, int lock_wait_ms, soci::session& session) {
  if (url.engine == Engine::kPostgres) {
    session << "SET client_min_messages = warning";
    session << fmt::format("SET lock_timeout = {}", lock_wait_ms);
    session << "SET statement_timeout = 30000";
    session << "SET idle_in_transaction_session_timeout = 60000";
    return;
  }
  session << fmt::format("PRAGMA busy_timeout = {}", lock_wait_ms);
  std::string mode;
  session << "PRAGMA journal_mode = WAL", soci::into(mode);
  session << "PRAGMA synchronous = FULL";
  session << "PRAGMA foreign_keys = ON";
  session << "PRAGMA journal_size_limit = 16777216";
  session << "PRAGMA cache_size = -1024";  // KiB a connection
  if (access == Access::kRead) session << "PRAGMA query_only = ON";
}

// SQLite's result codes in words and codes of ours.
DatabaseFault ExplainSqlite(const DatabaseUrl& url, const char* doing,
                            const soci::sqlite3_soci_error& error) {
  const auto told = [&](Code code, const char* reason) {
    return DatabaseFault{Status(code, fmt::format("cannot {} '{}': {}", doing, url.shown, reason))};
  };
  switch (error.result() & 0xff) {
    case SQLITE_CONSTRAINT: {
      DatabaseFault fault = told(Code::kInvalid, error.get_error_message().c_str());
      fault.own_fault = true;
      return fault;
    }
    case SQLITE_FULL:
      return told(Code::kIo, "the disk is full; free some space, and writing goes on by itself");
    case SQLITE_READONLY:
      return told(Code::kIo, "it may not be written (file, folder or disk is read-only); permit it");
    case SQLITE_IOERR:
      return told(
          Code::kIo,
          "the disk refused (full, over its quota, or broken); writing goes on by itself once it takes data");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return told(Code::kBusy, "another process holds its write lock; try again");
    case SQLITE_CANTOPEN:
      return told(Code::kIo, "it cannot be opened; check that its folder exists and may be written");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return told(Code::kIo, "it is damaged or no SQLite database; restore a backup (forewarn restore)");
    default:
      return told(Code::kInternal, error.get_error_message().c_str());
  }
}

// The first line of libpq's text, which is the reason without hints and context.
std::string Reason(const soci::soci_error& error) {
  std::string text = error.get_error_message();
  for (const char* lead :
       {"Cannot establish connection to the database.\n", "Cannot execute query. ",
        "Cannot prepare statement. ", "Fatal error. ", "Connection failed. ", "ERROR:  "}) {
    if (text.starts_with(lead)) text.erase(0, std::string_view(lead).size());
  }
  return std::string(Trim(text.substr(0, text.find('\n'))));
}

DatabaseFault ExplainPostgres(const DatabaseUrl& url, const char* doing, const soci::soci_error& error) {
  using Category = soci::soci_error::error_category;
  const std::string reason = Reason(error);
  const auto told = [&](Code code, const char* advice) {
    return DatabaseFault{Status(code, fmt::format("cannot {} '{}': {}{}", doing, url.shown, reason, advice))};
  };
  switch (error.get_error_category()) {
    case Category::constraint_violation: {
      DatabaseFault fault = told(Code::kInvalid, "");
      fault.own_fault = true;
      return fault;
    }
    case Category::no_privilege:
      return told(Code::kIo, "; permit it, and writing goes on by itself");
    case Category::system_error:
      return told(Code::kIo, "; free the server's resources, and writing goes on by itself");
    case Category::invalid_statement:
      return told(Code::kInternal, "");
    default: {
      // 08xxx, a failed connect, a server that stops (57P01): SOCI gives the last two no category of their
      // own.
      DatabaseFault fault = told(Code::kUnavailable, "; it is tried again by itself");
      fault.lost = true;
      return fault;
    }
  }
}

}  // namespace

Result<DatabaseUrl> ParseDatabaseUrl(const std::string& url) {
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) return PostgresUrl(url);
  if (url.starts_with("sqlite:")) return SqliteUrl(url.substr(7));
  if (url.find("://") == std::string::npos) return SqliteUrl(url);
  return Status::Invalid(fmt::format(
      "'{}' is no store; sqlite:FILE or postgresql://USER@HOST/DATABASE is needed", HidePassword(url)));
}

const Dialect& DialectOf(Engine engine) {
  static const Dialect kSqlite = {
      .serial_key = "INTEGER PRIMARY KEY AUTOINCREMENT",
      .text = "TEXT",
      .real = "REAL",
      .integer = "INTEGER",
      .table_end = ") STRICT",
      .begin_write = "BEGIN IMMEDIATE",
      .count_tables = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND :name IN (name, '*')",
      .lock_schema = "",
      .lock_users = "",
  };
  static const Dialect kPostgres = {
      .serial_key = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
      .text = "TEXT COLLATE \"C\"",
      .real = "DOUBLE PRECISION",
      .integer = "BIGINT",
      .table_end = ")",
      .begin_write = "BEGIN",
      .count_tables =
          "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
          " AND CAST(:name AS TEXT) IN (table_name, '*')",
      .lock_schema = "SELECT pg_advisory_xact_lock(1179211587)",
      .lock_users = "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE",
  };
  return engine == Engine::kSqlite ? kSqlite : kPostgres;
}

void OpenSession(const DatabaseUrl& url, Access access, int lock_wait_ms, soci::session& session) {
  if (url.engine == Engine::kPostgres) {
    session.open(PostgresFactory(), url.connect);
  } else {
    session.open(soci::sqlite3, url.connect);
  }
  Configure(url, access, lock_wait_ms, session);
}

DatabaseFault Explain(const DatabaseUrl& url, const char* doing, const std::exception& error) {
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    return ExplainSqlite(url, doing, *sqlite);
  }
  const auto* other = dynamic_cast<const soci::soci_error*>(&error);
  if (other != nullptr && url.engine == Engine::kPostgres) return ExplainPostgres(url, doing, *other);
  return DatabaseFault{Status::Internal(fmt::format(
      "cannot {} '{}': {}", doing, url.shown, other != nullptr ? other->get_error_message() : error.what()))};
}

}  // namespace forewarn
