// Reads of users, sessions, tokens, history and audit rows.
#include <fmt/format.h>

#include <limits>

#include "accounts/queries.h"
#include "accounts/sql.h"

namespace forewarn {
namespace {

using soci::into;
using soci::use;

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

template <typename... Uses>
std::vector<User> Users(soci::session& session, const std::string& rest, Uses&&... uses) {
  std::vector<User> out;
  User user;
  std::string role;
  EachRow(
      session, "SELECT id, username, role, created_us, password_hash, token_generation FROM users " + rest,
      [&] {
        user.role = role == RoleName(Role::kAdministrator) ? Role::kAdministrator : Role::kOperator;
        out.push_back(user);
      },
      into(user.id), into(user.username), into(role), into(user.created_us), into(user.password_hash),
      into(user.token_generation), std::forward<Uses>(uses)...);
  return out;
}

// The bounds of a query's filter; types hold only a-z, 0-9 and _, which '~' comes after.
struct HistoryBounds {
  explicit HistoryBounds(const HistoryQuery& query)
      : before(query.before == 0 ? kNever : query.before),
        type_low(query.type_prefix),
        type_high(query.type_prefix + "~"),
        from(query.from_us.value_or(std::numeric_limits<int64_t>::min())),
        to(query.to_us.value_or(kNever)) {}

  int64_t before;
  std::string type_low;
  std::string type_high;
  int64_t from;
  int64_t to;
};

constexpr char kHistoryFilter[] =
    " FROM history WHERE user_id = :user AND deleted_us IS NULL AND id < :before AND type >= :type_low"
    " AND type < :type_high AND ts_us >= :from AND ts_us < :to";

}  // namespace

Result<User> QueryUser(soci::session& session, int64_t id) {
  std::vector<User> found = Users(session, "WHERE id = :id", use(id, "id"));
  if (found.empty()) return Status::NotFound(fmt::format("there is no user {}", id));
  return std::move(found.front());
}

Result<User> QueryUserByKey(soci::session& session, const std::string& key) {
  std::vector<User> found = Users(session, "WHERE username_key = :key", use(key, "key"));
  if (found.empty()) return Status::NotFound(fmt::format("there is no user '{}'", key));
  return std::move(found.front());
}

std::vector<User> QueryUsers(soci::session& session) { return Users(session, "ORDER BY username_key"); }

Result<Session> QuerySession(soci::session& session, const std::string& id_hash) {
  Session s;
  bool found = false;
  EachRow(
      session,
      "SELECT id_hash, user_id, created_us, last_used_us, expires_us FROM sessions WHERE id_hash = :hash",
      [&] { found = true; }, into(s.id_hash), into(s.user_id), into(s.created_us), into(s.last_used_us),
      into(s.expires_us), use(id_hash, "hash"));
  if (!found) return Status::NotFound("there is no such session");
  return s;
}

bool QueryTokenRevoked(soci::session& session, const std::string& token_id) {
  int64_t count = 0;
  EachRow(
      session, "SELECT count(*) FROM revoked_tokens WHERE token_id = :id", [] {}, into(count),
      use(token_id, "id"));
  return count != 0;
}

std::vector<HistoryRow> QueryHistory(soci::session& session, const HistoryQuery& query) {
  const HistoryBounds bounds(query);
  std::vector<HistoryRow> out;
  HistoryRow row;
  EachRow(
      session,
      std::string("SELECT id, user_id, type, input, result, ts_us") + kHistoryFilter +
          " ORDER BY id DESC LIMIT :limit",
      [&] { out.push_back(row); }, into(row.id), into(row.user_id), into(row.type), into(row.input),
      into(row.result), into(row.ts_us), use(query.user_id, "user"), use(bounds.before, "before"),
      use(bounds.type_low, "type_low"), use(bounds.type_high, "type_high"), use(bounds.from, "from"),
      use(bounds.to, "to"), use(query.limit, "limit"));
  return out;
}

int64_t QueryHistoryCount(soci::session& session, const HistoryQuery& query) {
  HistoryBounds bounds(query);
  bounds.before = kNever;
  int64_t count = 0;
  EachRow(
      session, std::string("SELECT count(*)") + kHistoryFilter, [] {}, into(count),
      use(query.user_id, "user"), use(bounds.before, "before"), use(bounds.type_low, "type_low"),
      use(bounds.type_high, "type_high"), use(bounds.from, "from"), use(bounds.to, "to"));
  return count;
}

std::vector<AuditRow> QueryAudit(soci::session& session, int64_t before, int limit) {
  const int64_t bound = before == 0 ? kNever : before;
  std::vector<AuditRow> out;
  AuditRow row;
  EachRow(
      session,
      "SELECT id, ts_us, who, action, address, detail FROM audit WHERE id < :before ORDER BY id DESC LIMIT "
      ":limit",
      [&] { out.push_back(row); }, into(row.id), into(row.ts_us), into(row.who), into(row.action),
      into(row.address), into(row.detail), use(bound, "before"), use(limit, "limit"));
  return out;
}

}  // namespace forewarn
