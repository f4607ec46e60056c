// History rows of users.
#include <fmt/format.h>

#include <algorithm>

#include "accounts/apply.h"
#include "accounts/sql.h"

namespace forewarn {

using soci::into;
using soci::use;

HistoryInsert::HistoryInsert(soci::session& session, size_t rows) : slots_(rows), statement_(session) {
  std::string sql = "INSERT INTO history (user_id, type, input, result, ts_us) VALUES ";
  for (size_t i = 0; i < rows; ++i) {
    sql += fmt::format("{0}(:user{1}, :type{1}, :input{1}, :result{1}, :ts{1})", i == 0 ? "" : ", ", i);
    HistoryRow& row = slots_[i];
    const std::string suffix = std::to_string(i);
    statement_.exchange(use(row.user_id, "user" + suffix));
    statement_.exchange(use(row.type, "type" + suffix));
    statement_.exchange(use(row.input, "input" + suffix));
    statement_.exchange(use(row.result, "result" + suffix));
    statement_.exchange(use(row.ts_us, "ts" + suffix));
  }
  statement_.exchange(into(id_));
  statement_.alloc();
  statement_.prepare(sql + " RETURNING id");
  statement_.define_and_bind();
}

std::vector<int64_t> HistoryInsert::Run() {
  std::vector<int64_t> ids;
  ids.reserve(slots_.size());
  statement_.execute(false);
  while (statement_.fetch()) ids.push_back(id_);
  // Ids are given in the order of VALUES; RETURNING promises no order.
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const AddHistory& write) {
  HistoryInsert insert(session, 1);
  insert.slot(0) = write.row;
  return insert.Run().front();
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const DeleteHistory& write) {
  const int64_t changed = Execute(session,
                                  "UPDATE history SET deleted_us = :now"
                                  " WHERE id = :id AND user_id = :user AND deleted_us IS NULL",
                                  use(write.now_us, "now"), use(write.id, "id"), use(write.user_id, "user"));
  if (changed == 0) return Status::NotFound(fmt::format("there is no history row {} of yours", write.id));
  return changed;
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const DeleteAllHistory& write) {
  return Execute(session, "UPDATE history SET deleted_us = :now WHERE user_id = :user AND deleted_us IS NULL",
                 use(write.now_us, "now"), use(write.user_id, "user"));
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const RestoreHistory& write) {
  const int64_t changed =
      write.id != 0
          ? Execute(session,
                    "UPDATE history SET deleted_us = NULL"
                    " WHERE id = :id AND user_id = :user AND deleted_us IS NOT NULL",
                    use(write.id, "id"), use(write.user_id, "user"))
          : Execute(session,
                    "UPDATE history SET deleted_us = NULL WHERE user_id = :user AND deleted_us = :deleted",
                    use(write.user_id, "user"), use(write.deleted_us, "deleted"));
  if (changed == 0) return Status::NotFound("there is nothing left to restore");
  return changed;
}

}  // namespace forewarn
