#include "accounts/schema.h"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace forewarn {
namespace {

// Step n brings version n to n + 1. A step that has been released is never changed: what is to be different
// goes into a new one. @serial, @text, @real and @end stand for what the databases write differently.
const std::vector<std::vector<const char*>>& Steps() {
  static const std::vector<std::vector<const char*>> kSteps = {
      {
          "CREATE TABLE users (id @serial, username @text NOT NULL, username_key @text NOT NULL UNIQUE,"
          " role @text NOT NULL CHECK (role IN ('administrator', 'operator')), password_hash @text NOT NULL,"
          " token_generation @int NOT NULL DEFAULT 0, created_us @int NOT NULL @end",

          "CREATE TABLE sessions (id_hash @text PRIMARY KEY,"
          " user_id @int NOT NULL REFERENCES users (id) ON DELETE CASCADE, created_us @int NOT NULL,"
          " last_used_us @int NOT NULL, expires_us @int NOT NULL @end",
          "CREATE INDEX sessions_by_user ON sessions (user_id)",
          "CREATE INDEX sessions_by_end ON sessions (expires_us)",

          "CREATE TABLE revoked_tokens (token_id @text PRIMARY KEY, expires_us @int NOT NULL @end",
          "CREATE INDEX revoked_tokens_by_end ON revoked_tokens (expires_us)",

          "CREATE TABLE history (id @serial, user_id @int NOT NULL REFERENCES users (id) ON DELETE CASCADE,"
          " type @text NOT NULL, input @text NOT NULL, result @text NOT NULL, ts_us @int NOT NULL,"
          " deleted_us @int @end",
          // Type and time ride along so that a filter that meets few rows need not visit the others.
          "CREATE INDEX history_of_user ON history (user_id, id, type, ts_us) WHERE deleted_us IS NULL",
          "CREATE INDEX history_by_time ON history (ts_us)",
          "CREATE INDEX history_deleted ON history (deleted_us, user_id) WHERE deleted_us IS NOT NULL",

          "CREATE TABLE warnings (id @serial, horizon @text NOT NULL, horizon_hours @real NOT NULL,"
          " plant_rise @int NOT NULL, plant_told @int NOT NULL, rise_us @int NOT NULL, plant_end @int,"
          " plant_alarm @int, lead_hours @real,"
          " outcome @text NOT NULL CHECK (outcome IN ('pending', 'true', 'false', 'repeated')),"
          " probability @real NOT NULL, peak_probability @real NOT NULL, threshold @real NOT NULL,"
          " drivers @text NOT NULL, model @text NOT NULL, version @int NOT NULL, skill @text NOT NULL,"
          " ack_by @text NOT NULL DEFAULT '', ack_us @int NOT NULL DEFAULT 0,"
          " ack_note @text NOT NULL DEFAULT '',"
          " verdict @text NOT NULL DEFAULT '' CHECK (verdict IN ('', 'true', 'false', 'known')),"
          " verdict_by @text NOT NULL DEFAULT '', verdict_us @int NOT NULL DEFAULT 0,"
          " verdict_note @text NOT NULL DEFAULT '', UNIQUE (horizon, plant_rise) @end",
          "CREATE INDEX warnings_by_rise ON warnings (plant_rise)",
          "CREATE INDEX warnings_on ON warnings (id) WHERE plant_end IS NULL",
          "CREATE INDEX warnings_by_time ON warnings (rise_us)",

          "CREATE TABLE alarms (id @serial, plant_start @int NOT NULL UNIQUE, plant_end @int,"
          " rules @text NOT NULL, lead_hours @real, start_us @int NOT NULL @end",
          "CREATE INDEX alarms_on ON alarms (id) WHERE plant_end IS NULL",
          "CREATE INDEX alarms_by_time ON alarms (start_us)",

          "CREATE TABLE risk_hours (plant_time @int PRIMARY KEY, alarm @int, body @text NOT NULL,"
          " ts_us @int NOT NULL @end",
          "CREATE INDEX risk_hours_in_alarm ON risk_hours (plant_time) WHERE alarm = 1",
          "CREATE INDEX risk_hours_by_time ON risk_hours (ts_us)",

          "CREATE TABLE watch (id @int PRIMARY KEY CHECK (id = 1), last_hour @int, state @text NOT NULL @end",

          "CREATE TABLE audit (id @serial, ts_us @int NOT NULL, who @text NOT NULL, action @text NOT NULL,"
          " address @text NOT NULL, detail @text NOT NULL @end",
          "CREATE INDEX audit_by_time ON audit (ts_us)",

          "CREATE TABLE settings (name @text PRIMARY KEY, value @int NOT NULL @end",
      },
  };
  return kSteps;
}

std::string InDialect(const Dialect& dialect, std::string sql) {
  const auto replace = [&](std::string_view from, std::string_view to) {
    for (size_t at = sql.find(from); at != std::string::npos; at = sql.find(from, at + to.size())) {
      sql.replace(at, from.size(), to);
    }
  };
  replace("@serial", dialect.serial_key);
  replace("@text", dialect.text);
  replace("@real", dialect.real);
  replace("@int", dialect.integer);
  replace(" @end", dialect.table_end);
  return sql;
}

int64_t CountTables(const Dialect& dialect, soci::session& session, const std::string& name) {
  int64_t count = 0;
  session << dialect.count_tables, soci::use(name, "name"), soci::into(count);
  return count;
}

Status Upgrade(const DatabaseUrl& url, soci::session& session) {
  const Dialect& dialect = DialectOf(url.engine);
  int64_t version = ReadSchemaVersion(url, session);
  if (version > CurrentSchemaVersion()) {
    return Status::Invalid(fmt::format(
        "store '{}' was written by a newer forewarn (schema {}, this one knows {}); update forewarn",
        url.shown, version, CurrentSchemaVersion()));
  }
  if (version == 0 && CountTables(dialect, session, "users") + CountTables(dialect, session, "history") +
                              (url.engine == Engine::kSqlite ? CountTables(dialect, session, "*") : 0) !=
                          0) {
    return Status::Invalid(
        fmt::format("'{}' holds tables of something else; give Forewarn a database of its own", url.shown));
  }
  if (version == CurrentSchemaVersion()) return Status::Ok();
  if (version == 0) session << InDialect(dialect, "CREATE TABLE forewarn_schema (version @int NOT NULL @end");
  for (; version < CurrentSchemaVersion(); ++version) {
    for (const char* sql : Steps()[static_cast<size_t>(version)]) session << InDialect(dialect, sql);
    session << fmt::format("INSERT INTO forewarn_schema (version) VALUES ({})", version + 1);
  }
  return Status::Ok();
}

}  // namespace

int64_t CurrentSchemaVersion() { return static_cast<int64_t>(Steps().size()); }

int64_t ReadSchemaVersion(const DatabaseUrl& url, soci::session& session) {
  if (CountTables(DialectOf(url.engine), session, "forewarn_schema") == 0) return 0;
  int64_t version = 0;
  session << "SELECT COALESCE(MAX(version), 0) FROM forewarn_schema", soci::into(version);
  return version;
}

Status PrepareStoreSchema(const DatabaseUrl& url, soci::session& session) {
  if (ReadSchemaVersion(url, session) == CurrentSchemaVersion()) return Status::Ok();
  const Dialect& dialect = DialectOf(url.engine);
  session << dialect.begin_write;
  if (*dialect.lock_schema != '\0') session << dialect.lock_schema;
  const Status status = Upgrade(url, session);
  session << (status.ok() ? "COMMIT" : "ROLLBACK");
  return status;
}

}  // namespace forewarn
