// Store: users, sessions, history, warnings, alarms, risk hours, audit rows and their retention, kept in
// SQLite (WAL, synchronous=FULL) or PostgreSQL. One writer thread commits in groups: a write that was
// acknowledged survives kill -9 and power loss. Several processes may have the same store open. Safe from any
// thread.
#pragma once

#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "accounts/records.h"
#include "accounts/writes.h"
#include "core/status.h"

namespace forewarn {

struct HistoryQuery {
  int64_t user_id = 0;
  int64_t before = 0;       // only rows with a smaller id; 0 = from the newest
  std::string type_prefix;  // "auto" finds auto_1h
  std::optional<int64_t> from_us;
  std::optional<int64_t> to_us;  // not included
  int limit = 200;               // 1…1000
};

struct WarningQuery {
  int64_t before = 0;
  std::optional<PlantTime> from;  // by plant_rise
  std::optional<PlantTime> to;    // not included
  bool on_only = false;
  int limit = 200;
};

struct AlarmQuery {
  int64_t before = 0;
  std::optional<PlantTime> from;  // by plant_start
  std::optional<PlantTime> to;
  bool on_only = false;
  int limit = 200;
};

struct RiskQuery {
  PlantTime from = std::numeric_limits<PlantTime>::min();
  PlantTime to = std::numeric_limits<PlantTime>::max();  // not included
  int limit = 600;                                       // the newest of the span, answered oldest first
};

class Store {
 public:
  // Called once: the write's number (accounts/writes.h) or why it was not done. Runs on the writer thread
  // after the commit, so it must be quick; or, for a write refused at once, on the caller's thread before
  // Submit returns.
  using Done = std::function<void(Result<int64_t>)>;

  virtual ~Store() = default;  // what is queued is committed first

  // kBusy at once while the queue is full; kInvalid for what may not be stored. A failed statement fails its
  // own write; a failed commit fails its group (kIo: disk full, read-only; kUnavailable: the database is
  // away), and the store goes on by itself once the cause is gone.
  virtual void Submit(Write write, Done done) = 0;
  Result<int64_t> Apply(Write write);  // Submit and wait; not from a Done

  // Reads wait a bounded time for a connection (kBusy), and see everything acknowledged before they began.
  // Lists are newest first unless they say otherwise.
  virtual Result<User> FindUser(const std::string& username) = 0;  // in any case; kNotFound
  virtual Result<User> GetUser(int64_t id) = 0;
  virtual Result<std::vector<User>> ListUsers() = 0;  // by name
  virtual Result<Session> FindSession(const std::string& id_hash) = 0;
  virtual Result<bool> IsTokenRevoked(const std::string& token_id) = 0;
  virtual Result<std::vector<HistoryRow>> ListHistory(const HistoryQuery& query) = 0;
  virtual Result<int64_t> CountHistory(const HistoryQuery& query) = 0;  // before and limit aside
  virtual Result<Warning> GetWarning(int64_t id) = 0;
  virtual Result<Warning> FindWarning(const std::string& horizon, PlantTime plant_rise) = 0;
  virtual Result<std::vector<Warning>> ListWarnings(const WarningQuery& query) = 0;
  virtual Result<std::vector<Alarm>> ListAlarms(const AlarmQuery& query) = 0;
  virtual Result<int64_t> CountAlarmHours(PlantTime from, PlantTime to) = 0;  // [from, to)
  virtual Result<std::vector<RiskHour>> ListRisk(const RiskQuery& query) = 0;
  virtual Result<WatchState> GetWatchState() = 0;
  virtual Result<std::vector<AuditRow>> ListAudit(int64_t before, int limit) = 0;
  virtual Result<Retention> GetRetention() = 0;

  virtual Status Ping() = 0;  // one trip to the database
  // A consistent copy while the store is in use; appears whole or not at all. SQLite only: PostgreSQL has
  // pg_dump.
  virtual Status Backup(const std::filesystem::path& file) = 0;
};

struct StoreOptions {
  std::string url;  // "sqlite:FILE" or "postgresql://…"
  int readers = 4;  // connections for reads, opened when first needed
  int read_wait_ms = 2000;
  int lock_wait_ms = 5000;  // for another process' write lock
  size_t queue_writes = 4096;
  size_t queue_bytes = size_t{16} << 20;
  size_t group_writes = 512;  // at most in one transaction
};

// Creates the database's tables if need be and brings older ones up to date; refuses one written by a newer
// Forewarn, or by something else. Messages never show a URL's password.
Result<std::unique_ptr<Store>> OpenStore(const StoreOptions& options);

// Puts a file made by Backup in place of the store at `url` (SQLite), which no process may have open. The
// backup is checked first; the old file stays beside it as FILE.before-restore.
Status RestoreStore(const std::string& url, const std::filesystem::path& backup);

}  // namespace forewarn
