// Users, sessions and tokens.
#include <fmt/format.h>

#include "accounts/apply.h"
#include "accounts/sql.h"
#include "accounts/username.h"

namespace forewarn {
namespace {

using soci::into;
using soci::use;

Status NoUser(int64_t id) { return Status::NotFound(fmt::format("there is no user {}", id)); }

int64_t Count(soci::session& session, const std::string& where) {
  int64_t count = 0;
  session << "SELECT count(*) FROM users WHERE " + where, into(count);
  return count;
}

// The rules about the first and the last administrator hold against other processes too: nobody else may
// change users until this transaction ends.
void LockUsers(Engine engine, soci::session& session) {
  const char* lock = DialectOf(engine).lock_users;
  if (*lock != '\0') session << lock;
}

}  // namespace

Result<int64_t> ApplyTo(Engine engine, soci::session& session, const AddUser& write) {
  LockUsers(engine, session);
  const std::string key = UsernameKey(write.username);
  int64_t taken = 0;
  session << "SELECT count(*) FROM users WHERE username_key = :key", use(key, "key"), into(taken);
  if (taken != 0) return Status::Exists(fmt::format("the user name '{}' is taken", write.username));
  const Role role =
      write.role.value_or(Count(session, "1 = 1") == 0 ? Role::kAdministrator : Role::kOperator);
  const std::string role_name = RoleName(role);
  int64_t id = 0;
  EachRow(
      session,
      "INSERT INTO users (username, username_key, role, password_hash, created_us)"
      " VALUES (:name, :key, :role, :hash, :now) RETURNING id",
      [] {}, use(write.username, "name"), use(key, "key"), use(role_name, "role"),
      use(write.password_hash, "hash"), use(write.now_us, "now"), into(id));
  return id;
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const SetPassword& write) {
  const int64_t changed =
      Execute(session,
              "UPDATE users SET password_hash = :hash, token_generation = token_generation + 1"
              " WHERE id = :id",
              use(write.password_hash, "hash"), use(write.user_id, "id"));
  if (changed == 0) return NoUser(write.user_id);
  Execute(session, "DELETE FROM sessions WHERE user_id = :id AND id_hash <> :keep", use(write.user_id, "id"),
          use(write.keep_session, "keep"));
  return changed;
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const UpgradePasswordHash& write) {
  const int64_t changed =
      Execute(session, "UPDATE users SET password_hash = :hash WHERE id = :id AND password_hash = :old",
              use(write.password_hash, "hash"), use(write.user_id, "id"), use(write.old_hash, "old"));
  if (changed == 0) return NoUser(write.user_id);
  return changed;
}

Result<int64_t> ApplyTo(Engine engine, soci::session& session, const SetRole& write) {
  LockUsers(engine, session);
  const std::string role = RoleName(write.role);
  const int64_t changed = Execute(session, "UPDATE users SET role = :role WHERE id = :id", use(role, "role"),
                                  use(write.user_id, "id"));
  if (changed == 0) return NoUser(write.user_id);
  if (Count(session, "role = 'administrator'") == 0) {
    return Status::Invalid("this is the last administrator; make another one first");
  }
  return changed;
}

Result<int64_t> ApplyTo(Engine engine, soci::session& session, const RemoveUser& write) {
  LockUsers(engine, session);
  const int64_t changed = Execute(session, "DELETE FROM users WHERE id = :id", use(write.user_id, "id"));
  if (changed == 0) return NoUser(write.user_id);
  if (Count(session, "role = 'administrator'") == 0 && Count(session, "1 = 1") != 0) {
    return Status::Invalid(
        "this is the last administrator; make another one, or remove the other users first");
  }
  return changed;
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const AddSession& write) {
  const Session& s = write.session;
  return Execute(session,
                 "INSERT INTO sessions (id_hash, user_id, created_us, last_used_us, expires_us)"
                 " VALUES (:hash, :user, :created, :used, :expires)",
                 use(s.id_hash, "hash"), use(s.user_id, "user"), use(s.created_us, "created"),
                 use(s.last_used_us, "used"), use(s.expires_us, "expires"));
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const TouchSession& write) {
  return Execute(session,
                 "UPDATE sessions SET last_used_us = :now, expires_us = :expires WHERE id_hash = :hash",
                 use(write.now_us, "now"), use(write.expires_us, "expires"), use(write.id_hash, "hash"));
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const RemoveSession& write) {
  return Execute(session, "DELETE FROM sessions WHERE id_hash = :hash", use(write.id_hash, "hash"));
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const RevokeToken& write) {
  Execute(session,
          "INSERT INTO revoked_tokens (token_id, expires_us) VALUES (:id, :expires) ON CONFLICT (token_id) "
          "DO NOTHING",
          use(write.token_id, "id"), use(write.expires_us, "expires"));
  return int64_t{1};
}

}  // namespace forewarn
