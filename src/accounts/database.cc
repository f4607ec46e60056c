#include "accounts/database.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <string_view>

#include "core/names.h"

namespace forewarn {
namespace {

constexpr char kPostgresLibrary[] = "libsoci_postgresql.so.4.0";

// SOCI's PostgreSQL half, and what it does not offer of libpq. Loaded when a URL first asks for it: libpq
// brings 25 libraries with it, 9 ms and 5 MB that a program on SQLite need not pay.
struct PostgresClient {
  const soci::backend_factory* (*factory)() = nullptr;
  decltype(&PQsetErrorVerbosity) set_verbosity = nullptr;
  decltype(&PQsetNoticeProcessor) set_notices = nullptr;

  PostgresClient() {
    void* const library = ::dlopen(kPostgresLibrary, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    factory = reinterpret_cast<decltype(factory)>(::dlsym(library, "factory_postgresql"));
    set_verbosity = reinterpret_cast<decltype(set_verbosity)>(::dlsym(library, "PQsetErrorVerbosity"));
    set_notices = reinterpret_cast<decltype(set_notices)>(::dlsym(library, "PQsetNoticeProcessor"));
  }
  bool loaded() const { return factory != nullptr && set_verbosity != nullptr && set_notices != nullptr; }
};

void OpenPostgres(const std::string& connect, soci::session& session) {
  static const PostgresClient kClient;
  if (!kClient.loaded()) {
    throw std::runtime_error(
        fmt::format("the PostgreSQL client {} is not installed; install the package libsoci-postgresql4.0",
                    kPostgresLibrary));
  }
  session.open(*kClient.factory(), connect);
  PGconn* const connection = static_cast<soci::postgresql_session_backend*>(session.get_backend())->conn_;
  kClient.set_verbosity(connection, PQERRORS_VERBOSE);  // messages carry their SQLSTATE
  kClient.set_notices(connection, [](void*, const char*) {}, nullptr);
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
    return DatabaseFault{.status = Status(code, fmt::format("cannot {} '{}': {}", doing, url.shown, reason))};
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

// "ERROR:  23505: duplicate key …" → the SQLSTATE and the reason; the severity's word is the server's
// language. Without hints and context, which may show a row's values.
struct PostgresError {
  std::string state;  // empty: libpq's own, the server did not answer
  std::string reason;

  explicit PostgresError(const std::string& message) {
    static constexpr std::string_view kLead = "Cannot establish connection to the database.\n";
    std::string_view text = message;
    if (text.starts_with(kLead)) text.remove_prefix(kLead.size());
    text = text.substr(0, text.find('\n'));
    for (size_t at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
      const std::string_view rest = text.substr(at + 3);
      if (rest.size() < 7 || rest.substr(5, 2) != ": ") continue;
      state = rest.substr(0, 5);
      text = rest.substr(7);
      break;
    }
    reason = Trim(text);
  }
  bool Is(std::initializer_list<std::string_view> prefixes) const {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [this](std::string_view p) { return state.starts_with(p); });
  }
};

DatabaseFault ExplainPostgres(const DatabaseUrl& url, const char* doing, const soci::soci_error& error) {
  const PostgresError fault(error.get_error_message());
  const auto told = [&](Code code, const char* advice) {
    return DatabaseFault{
        .status = Status(code, fmt::format("cannot {} '{}': {}{}", doing, url.shown, fault.reason, advice))};
  };
  if (fault.Is({"22", "23"})) {  // data and constraints
    DatabaseFault own = told(Code::kInvalid, "");
    own.own_fault = true;
    return own;
  }
  if (fault.Is({"25006", "42501"})) return told(Code::kIo, "; permit it, and writing goes on by itself");
  if (fault.Is({"53", "54", "58"})) {
    return told(Code::kIo, "; once the server has what it needs, writing goes on by itself");
  }
  if (fault.Is({"40", "55", "57014"})) return told(Code::kBusy, "; try again");
  if (fault.state.empty() || fault.Is({"08", "28", "3D", "57"})) {
    const bool opening = std::string_view(doing) == "open";
    DatabaseFault lost =
        told(Code::kUnavailable, opening ? "; start the server, or correct the URL (DATABASE_URL)"
                                         : "; it is tried again by itself");
    lost.lost = true;
    return lost;
  }
  return told(Code::kInternal, "");
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
    OpenPostgres(url.connect, session);
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
