#include "registry/local_schema.h"

#include <fmt/format.h>

namespace forewarn {
namespace {

constexpr int64_t kSchemaVersion = 1;
constexpr int64_t kApplicationId = 0x46575247;  // "FWRG"

constexpr char kTables[] = R"(
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO meta VALUES ('revision', 0);
CREATE TABLE runs (
  id TEXT PRIMARY KEY, experiment TEXT NOT NULL, name TEXT NOT NULL,
  started_us INTEGER NOT NULL, ended_us INTEGER NOT NULL,
  dataset_name TEXT NOT NULL, dataset_digest TEXT NOT NULL, dataset_source TEXT NOT NULL,
  dataset_context TEXT NOT NULL) STRICT;
CREATE INDEX runs_by_experiment ON runs (experiment, started_us);
CREATE TABLE run_params (run_id TEXT NOT NULL REFERENCES runs (id), key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (run_id, key)) STRICT, WITHOUT ROWID;
CREATE TABLE run_metrics (run_id TEXT NOT NULL REFERENCES runs (id), key TEXT NOT NULL, value REAL,
  PRIMARY KEY (run_id, key)) STRICT, WITHOUT ROWID;
CREATE TABLE run_tags (run_id TEXT NOT NULL REFERENCES runs (id), key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (run_id, key)) STRICT, WITHOUT ROWID;
CREATE TABLE run_files (run_id TEXT NOT NULL REFERENCES runs (id), path TEXT NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (run_id, path)) STRICT;
CREATE TABLE models (name TEXT PRIMARY KEY, last_version INTEGER NOT NULL) STRICT;
CREATE TABLE versions (
  name TEXT NOT NULL REFERENCES models (name), version INTEGER NOT NULL, run_id TEXT NOT NULL,
  created_us INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (name, version)) STRICT;
CREATE TABLE version_tags (name TEXT NOT NULL, version INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (name, version, key), FOREIGN KEY (name, version) REFERENCES versions (name, version))
  STRICT, WITHOUT ROWID;
CREATE TABLE aliases (name TEXT NOT NULL, alias TEXT NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (name, alias), FOREIGN KEY (name, version) REFERENCES versions (name, version))
  STRICT, WITHOUT ROWID;
CREATE TABLE promotions (id INTEGER PRIMARY KEY, name TEXT NOT NULL, from_version INTEGER NOT NULL,
  to_version INTEGER NOT NULL, mode TEXT NOT NULL, reason TEXT NOT NULL, time_us INTEGER NOT NULL) STRICT;
CREATE INDEX promotions_by_name ON promotions (name, id);
)";

Result<int64_t> Pragma(Database& db, const char* sql) {
  FW_ASSIGN_OR_RETURN(Statement statement, db.Prepare(sql));
  FW_ASSIGN_OR_RETURN(const bool row, statement.Step());
  return row ? statement.Integer(0) : int64_t{0};
}

}  // namespace

Result<bool> HasTables(Database& db) {
  FW_ASSIGN_OR_RETURN(const int64_t tables, Pragma(db, "SELECT count(*) FROM sqlite_schema"));
  return tables > 0;
}

Status PrepareSchema(Database& db, const std::filesystem::path& path) {
  FW_ASSIGN_OR_RETURN(const int64_t application, Pragma(db, "PRAGMA application_id"));
  FW_ASSIGN_OR_RETURN(const int64_t version, Pragma(db, "PRAGMA user_version"));
  if (application == kApplicationId && version == kSchemaVersion) return Status::Ok();
  if (application == kApplicationId && version > kSchemaVersion) {
    return Status::Invalid(
        fmt::format("registry '{}' was written by a newer forewarn (schema {}, this one knows {}); "
                    "update forewarn",
                    path.string(), version, kSchemaVersion));
  }
  FW_ASSIGN_OR_RETURN(const bool has_tables, HasTables(db));
  if (has_tables || application != 0) {
    return Status::Invalid(fmt::format(
        "'{}' is not a registry database; restore it from a backup or use another folder", path.string()));
  }
  FW_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(db));
  FW_RETURN_IF_ERROR(db.Execute(kTables));
  FW_RETURN_IF_ERROR(db.Execute(fmt::format("PRAGMA user_version={}", kSchemaVersion).c_str()));
  FW_RETURN_IF_ERROR(db.Execute(fmt::format("PRAGMA application_id={}", kApplicationId).c_str()));
  return transaction.Commit();
}

}  // namespace forewarn
