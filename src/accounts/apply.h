// Applying one write inside an open transaction. A write that cannot be done for its own reasons (not found,
// taken) is a failed Result; trouble with the database is an exception of SOCI. Called by the writer thread
// only.
#pragma once

#include <soci/soci.h>

#include <memory>
#include <vector>

#include "accounts/database.h"
#include "accounts/writes.h"

namespace forewarn {

Result<int64_t> ApplyWrite(Engine engine, soci::session& session, const Write& write);

// The halves of ApplyWrite, one file each.
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const AddUser& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const SetPassword& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const UpgradePasswordHash& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const SetRole& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const RemoveUser& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const AddSession& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const TouchSession& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const RemoveSession& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const RevokeToken& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const AddHistory& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const DeleteHistory& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const DeleteAllHistory& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const RestoreHistory& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const RecordWatch& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const AcknowledgeWarning& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const JudgeWarning& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const AddAudit& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const SetRetention& write);
Result<int64_t> ApplyTo(Engine engine, soci::session& session, const Purge& write);

// Several history rows by one statement, prepared once for a connection: what makes group commit quick on a
// database a network away.
class HistoryInsert {
 public:
  HistoryInsert(soci::session& session, size_t rows);
  HistoryInsert(const HistoryInsert&) = delete;  // the statement knows the slots' addresses
  HistoryInsert& operator=(const HistoryInsert&) = delete;

  HistoryRow& slot(size_t i) { return slots_[i]; }  // to be filled before Run
  std::vector<int64_t> Run();                       // the rows' ids, in their order

 private:
  std::vector<HistoryRow> slots_;
  int64_t id_ = 0;
  soci::statement statement_;
};

// How long rows are kept, as the store has it.
Retention ReadRetention(soci::session& session);

}  // namespace forewarn
