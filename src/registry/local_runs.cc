// The runs of the local registry: rows of registry.db, their files included.
#include <fmt/format.h>
#include <sys/random.h>

#include <array>

#include "core/names.h"
#include "registry/local_registry.h"

namespace forewarn {
namespace {

// 32 hexadecimal digits, as tracking servers name runs.
Result<std::string> NewRunId() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return Status::Io("the system gives no random bytes for a run id");
  }
  std::string id;
  for (const unsigned char b : bytes) id += fmt::format("{:02x}", b);
  return id;
}

}  // namespace

Result<std::string> LocalRegistry::LogRun(const RunRecord& run) {
  FW_ASSIGN_OR_RETURN(std::string id, NewRunId());
  const std::lock_guard lock(mutex_);
  FW_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(db_));
  const DatasetInput dataset = run.dataset.value_or(DatasetInput{"", "", "", ""});
  FW_ASSIGN_OR_RETURN(Statement insert, db_.Prepare("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  insert.Bind(1, id).Bind(2, run.experiment).Bind(3, run.name).Bind(4, run.started_us).Bind(5, run.ended_us);
  insert.Bind(6, dataset.name).Bind(7, dataset.digest).Bind(8, dataset.source).Bind(9, dataset.context);
  FW_RETURN_IF_ERROR(insert.Run());
  FW_RETURN_IF_ERROR(InsertRunDetails(run, id));
  FW_RETURN_IF_ERROR(db_.Execute("UPDATE meta SET value = value + 1 WHERE key = 'revision'"));
  FW_RETURN_IF_ERROR(transaction.Commit());
  return id;
}

Status LocalRegistry::InsertRunDetails(const RunRecord& run, const std::string& id) {
  FW_ASSIGN_OR_RETURN(Statement param, db_.Prepare("INSERT INTO run_params VALUES (?, ?, ?)"));
  for (const auto& [key, value] : run.params) {
    FW_RETURN_IF_ERROR(param.Bind(1, id).Bind(2, key).Bind(3, value).Run());
  }
  FW_ASSIGN_OR_RETURN(Statement metric, db_.Prepare("INSERT INTO run_metrics VALUES (?, ?, ?)"));
  for (const auto& [key, value] : run.metrics) {
    FW_RETURN_IF_ERROR(metric.Bind(1, id).Bind(2, key).Bind(3, value).Run());
  }
  FW_ASSIGN_OR_RETURN(Statement tag, db_.Prepare("INSERT INTO run_tags VALUES (?, ?, ?)"));
  for (const auto& [key, value] : run.tags) {
    FW_RETURN_IF_ERROR(tag.Bind(1, id).Bind(2, key).Bind(3, value).Run());
  }
  FW_ASSIGN_OR_RETURN(Statement file, db_.Prepare("INSERT INTO run_files VALUES (?, ?, ?)"));
  for (const auto& [path, bytes] : run.files) {
    FW_RETURN_IF_ERROR(file.Bind(1, id).Bind(2, path).BindBlob(3, bytes).Run());
  }
  return Status::Ok();
}

Result<std::vector<RunRecord>> LocalRegistry::ReadRuns(const char* where, const std::string& value) {
  FW_ASSIGN_OR_RETURN(
      Statement rows,
      db_.Prepare(fmt::format("SELECT id, experiment, name, started_us, ended_us, dataset_name, "
                              "dataset_digest, dataset_source, dataset_context FROM runs WHERE {} "
                              "ORDER BY started_us DESC, rowid DESC",
                              where)));
  rows.Bind(1, value);
  std::vector<RunRecord> runs;
  while (true) {
    FW_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) break;
    RunRecord run;
    run.id = rows.Text(0);
    run.experiment = rows.Text(1);
    run.name = rows.Text(2);
    run.started_us = rows.Integer(3);
    run.ended_us = rows.Integer(4);
    if (!rows.Text(5).empty()) run.dataset = {rows.Text(5), rows.Text(6), rows.Text(7), rows.Text(8)};
    runs.push_back(std::move(run));
  }
  for (RunRecord& run : runs) FW_RETURN_IF_ERROR(ReadRunDetails(run));
  return runs;
}

Status LocalRegistry::ReadRunDetails(RunRecord& run) {
  const auto each = [&](const char* sql, const auto& use) -> Status {
    FW_ASSIGN_OR_RETURN(Statement rows, db_.Prepare(sql));
    rows.Bind(1, run.id);
    while (true) {
      FW_ASSIGN_OR_RETURN(const bool row, rows.Step());
      if (!row) return Status::Ok();
      use(rows);
    }
  };
  FW_RETURN_IF_ERROR(each("SELECT key, value FROM run_params WHERE run_id = ?",
                          [&](Statement& s) { run.params[s.Text(0)] = s.Text(1); }));
  FW_RETURN_IF_ERROR(each("SELECT key, value FROM run_metrics WHERE run_id = ?",
                          [&](Statement& s) { run.metrics[s.Text(0)] = s.Real(1); }));
  return each("SELECT key, value FROM run_tags WHERE run_id = ?",
              [&](Statement& s) { run.tags[s.Text(0)] = s.Text(1); });
}

Result<std::vector<RunRecord>> LocalRegistry::Runs(const std::string& experiment) {
  const std::lock_guard lock(mutex_);
  FW_ASSIGN_OR_RETURN(Transaction view, Transaction::BeginRead(db_));
  FW_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, ReadRuns("?1 IN ('', experiment)", experiment));
  FW_RETURN_IF_ERROR(view.Commit());
  return runs;
}

Result<RunRecord> LocalRegistry::GetRun(const std::string& id) {
  const std::lock_guard lock(mutex_);
  FW_ASSIGN_OR_RETURN(Transaction view, Transaction::BeginRead(db_));
  FW_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, ReadRuns("id = ?1", id));
  if (runs.empty()) return Status::NotFound(fmt::format("there is no run '{}'", id.substr(0, 80)));
  FW_ASSIGN_OR_RETURN(Statement files, db_.Prepare("SELECT path, bytes FROM run_files WHERE run_id = ?"));
  files.Bind(1, id);
  while (true) {
    FW_ASSIGN_OR_RETURN(const bool row, files.Step());
    if (!row) break;
    runs.front().files[files.Text(0)] = files.Blob(1);
  }
  FW_RETURN_IF_ERROR(view.Commit());
  return std::move(runs.front());
}

}  // namespace forewarn
