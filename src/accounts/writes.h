// The changes a store can make, as values: Store::Submit queues them for the one writer thread, which applies
// many in one transaction. Each says what its completion's number means. ValidateWrite refuses what no
// database may see (NUL, broken UTF-8, NaN, over-long text) before it is queued.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "accounts/records.h"

namespace forewarn {

// → the new user's id; kExists where the name (in any case or width) is taken. Without a role the first
// account is an administrator, later ones operators. `username` must have passed NormalizeUsername
// (accounts/username.h).
struct AddUser {
  std::string username;
  std::string password_hash;
  std::optional<Role> role;
  int64_t now_us = 0;
};
// → 1. Ends every session but `keep_session` (an id's hash) and voids every token. kNotFound.
struct SetPassword {
  int64_t user_id = 0;
  std::string password_hash;
  std::string keep_session;
};
// → 1. The same password under new hashing costs: sessions and tokens stay. kNotFound.
struct UpgradePasswordHash {
  int64_t user_id = 0;
  std::string old_hash;
  std::string password_hash;
};
// → 1. kInvalid where the last administrator would be lost; kNotFound.
struct SetRole {
  int64_t user_id = 0;
  Role role = Role::kOperator;
};
// → 1, with the user's sessions and history. kInvalid for the last administrator while others remain;
// kNotFound.
struct RemoveUser {
  int64_t user_id = 0;
};
// → 1.
struct AddSession {
  Session session;
};
// → 0 or 1 (0: it has ended meanwhile).
struct TouchSession {
  std::string id_hash;
  int64_t now_us = 0;
  int64_t expires_us = 0;
};
// → 0 or 1.
struct RemoveSession {
  std::string id_hash;
};
// → 1; again is no fault. Forgotten by Purge after expires_us.
struct RevokeToken {
  std::string token_id;
  int64_t expires_us = 0;
};
// → the row's id. row.id is not looked at.
struct AddHistory {
  HistoryRow row;
};
// → 1; kNotFound where it is not this user's. Restorable until purged.
struct DeleteHistory {
  int64_t user_id = 0;
  int64_t id = 0;
  int64_t now_us = 0;
};
// → how many.
struct DeleteAllHistory {
  int64_t user_id = 0;
  int64_t now_us = 0;
};
// Undo of one deletion: of the row `id`, or (id 0) of what DeleteAllHistory deleted at deleted_us. → how
// many; kNotFound where nothing is left to restore.
struct RestoreHistory {
  int64_t user_id = 0;
  int64_t id = 0;
  int64_t deleted_us = 0;
};
// What one or several plant hours brought, all of it or nothing: each row inserted, or by its key replaced
// but for its id, the time it was first stored, and what people wrote. → how many rows.
struct RecordWatch {
  std::vector<Warning> warnings;
  std::vector<Alarm> alarms;
  std::vector<RiskHour> hours;
  std::optional<WatchState> state;
};
// → 1; a second acknowledgement replaces the first. kNotFound.
struct AcknowledgeWarning {
  int64_t id = 0;
  std::string by;
  std::string note;
  int64_t now_us = 0;
};
// → 1. verdict: true, false or known. kNotFound.
struct JudgeWarning {
  int64_t id = 0;
  std::string verdict;
  std::string by;
  std::string note;
  int64_t now_us = 0;
};
// → the row's id.
struct AddAudit {
  AuditRow row;
};
// → 1.
struct SetRetention {
  Retention retention;
};
// → how many rows went: those over their retention, at most `limit` a kind; ended sessions, expired
// revocations. Call again while it returns a number ≥ limit.
struct Purge {
  int64_t now_us = 0;
  int limit = 1000;
};

using Write =
    std::variant<AddUser, SetPassword, UpgradePasswordHash, SetRole, RemoveUser, AddSession, TouchSession,
                 RemoveSession, RevokeToken, AddHistory, DeleteHistory, DeleteAllHistory, RestoreHistory,
                 RecordWatch, AcknowledgeWarning, JudgeWarning, AddAudit, SetRetention, Purge>;

Status ValidateWrite(const Write& write);
size_t WriteBytes(const Write& write);  // roughly what it holds in memory, for the queue's bound

}  // namespace forewarn
