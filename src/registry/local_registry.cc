#include "registry/local_registry.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "core/file.h"
#include "core/file_lock.h"
#include "core/names.h"
#include "registry/artifact.h"
#include "registry/file_set.h"
#include "registry/local_schema.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr char kStagingPrefix[] = ".tmp-";

int64_t SystemNow() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

fs::path StagingLock(const fs::path& folder) { return folder / "staging.lock"; }

// Part of every write: what other processes watch.
Status NextRevision(Database& db) {
  return db.Execute("UPDATE meta SET value = value + 1 WHERE key = 'revision'");
}

Status CommitNext(Database& db, Transaction transaction) {
  FW_RETURN_IF_ERROR(NextRevision(db));
  return transaction.Commit();
}

// The sub-folders of a folder by name; none where it does not exist.
std::vector<std::string> Folders(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored)) names.push_back(it->path().filename().string());
  }
  return names;
}

bool IsVersionNumber(const std::string& name) {
  return !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == std::string::npos;
}

// A new database beside versions means that theirs was lost: opening would sweep them all away as orphans.
Status CheckNoVersions(const fs::path& folder) {
  size_t versions = 0;
  for (const std::string& name : Folders(folder / "models")) {
    const std::vector<std::string> children = Folders(folder / "models" / name);
    versions += static_cast<size_t>(std::count_if(children.begin(), children.end(), IsVersionNumber));
  }
  if (versions == 0) return Status::Ok();
  return Status::Invalid(
      fmt::format("'{}' is missing or empty, but '{}' holds {} model versions; restore the database from a "
                  "backup, or move the models away and bring them back with `forewarn models import`",
                  (folder / "registry.db").string(), (folder / "models").string(), versions));
}

}  // namespace

Result<std::unique_ptr<Registry>> LocalRegistry::Open(const fs::path& folder, LocalRegistryOptions options) {
  if (!options.now_us) options.now_us = SystemNow;
  FW_RETURN_IF_ERROR(MakeFolders(folder / "models"));
  // A fresh database is switched to WAL and given its tables by one process at a time.
  FW_ASSIGN_OR_RETURN(const FileLock opening,
                      FileLock::Take(folder / "open.lock", FileLock::Mode::kExclusive));
  const fs::path path = folder / "registry.db";
  FW_ASSIGN_OR_RETURN(Database db, Database::Open(path, options.wait_ms));
  FW_ASSIGN_OR_RETURN(const bool has_tables, HasTables(db));
  if (!has_tables) FW_RETURN_IF_ERROR(CheckNoVersions(folder));
  FW_RETURN_IF_ERROR(PrepareSchema(db, path));
  std::unique_ptr<LocalRegistry> registry(new LocalRegistry(folder, std::move(db), std::move(options)));
  FW_RETURN_IF_ERROR(registry->Sweep());
  return std::unique_ptr<Registry>(std::move(registry));
}

std::string LocalRegistry::Uri() const { return "local:" + folder_.string(); }

void LocalRegistry::At(const char* step) const {
  if (options_.at) options_.at(step);
}

fs::path LocalRegistry::VersionFolder(const std::string& name, int version) const {
  return folder_ / "models" / name / std::to_string(version);
}

// Staging folders are nobody's if nobody holds the staging lock; with it held elsewhere they are left for the
// next open. Numbered folders without a row are handled by SweepNumbered.
Status LocalRegistry::Sweep() {
  FW_ASSIGN_OR_RETURN(const auto lock, FileLock::TryTake(StagingLock(folder_), FileLock::Mode::kExclusive));
  if (lock) {
    for (const std::string& name : Folders(folder_ / "models")) {
      for (const std::string& child : Folders(folder_ / "models" / name)) {
        std::error_code ignored;
        if (child.rfind(kStagingPrefix, 0) == 0) fs::remove_all(folder_ / "models" / name / child, ignored);
      }
    }
  }
  return SweepNumbered();
}

// A version's folder gets its number and its row under one write lock: with the lock in hand, a numbered
// folder without a row is what a process killed between the two left behind.
Status LocalRegistry::SweepNumbered() {
  const auto orphans = [&]() -> Result<std::vector<fs::path>> {
    FW_ASSIGN_OR_RETURN(Statement row, db_.Prepare("SELECT 1 FROM versions WHERE name = ? AND version = ?"));
    std::vector<fs::path> out;
    for (const std::string& name : Folders(folder_ / "models")) {
      for (const std::string& child : Folders(folder_ / "models" / name)) {
        if (!IsVersionNumber(child)) continue;
        row.Bind(1, name).Bind(2, int64_t{std::stol(child)});
        FW_ASSIGN_OR_RETURN(const bool known, row.Step());
        row.Reset();
        if (!known) out.push_back(folder_ / "models" / name / child);
      }
    }
    return out;
  };
  FW_ASSIGN_OR_RETURN(std::vector<fs::path> found, orphans());
  if (found.empty()) return Status::Ok();
  FW_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(db_));
  FW_ASSIGN_OR_RETURN(found, orphans());
  std::error_code ignored;
  for (const fs::path& orphan : found) fs::remove_all(orphan, ignored);
  return transaction.Commit();
}

Result<ModelVersion> LocalRegistry::AddVersion(const NewVersion& version) {
  FW_RETURN_IF_ERROR(CheckModelName(version.name));
  const auto manifest = version.files.find(kModelManifestFile);
  if (manifest == version.files.end()) {
    return Status::Invalid(
        fmt::format("model '{}' has no {}; pack it as an artifact first", version.name, kModelManifestFile));
  }
  static std::atomic<uint64_t> counter{0};  // two registries of one process may stage at once
  const fs::path model = folder_ / "models" / version.name;
  const fs::path staging = model / fmt::format("{}{}-{}", kStagingPrefix, ::getpid(), counter++);
  FW_ASSIGN_OR_RETURN(const FileLock busy, FileLock::Take(StagingLock(folder_), FileLock::Mode::kShared));
  At("stage");
  FW_RETURN_IF_ERROR(WriteFileSet(staging, version.files));
  At("staged");
  ModelVersion row;
  row.name = version.name;
  row.run_id = version.run_id;
  row.digest = Sha256Hex(manifest->second);
  const Status status = CommitStaged(staging, version, row);
  if (!status.ok()) {
    std::error_code ignored;
    fs::remove_all(staging, ignored);
    return status;
  }
  return Find(ModelRef{row.name, "", row.version});
}

Status LocalRegistry::CommitStaged(const fs::path& staging, const NewVersion& version, ModelVersion& row) {
  const std::lock_guard lock(mutex_);
  FW_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(db_));
  FW_ASSIGN_OR_RETURN(Statement next,
                      db_.Prepare("INSERT INTO models VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET "
                                  "last_version = last_version + 1 RETURNING last_version"));
  next.Bind(1, version.name);
  FW_ASSIGN_OR_RETURN(const bool given, next.Step());
  if (!given) return Status::Internal("no version number was given");
  row.version = static_cast<int>(next.Integer(0));
  next.Reset();
  row.created_us = options_.now_us();
  const fs::path target = VersionFolder(version.name, row.version);
  std::error_code error;
  fs::remove_all(target, error);  // an orphan of a process killed here since we opened
  fs::rename(staging, target, error);
  if (error) {
    return Status::Io(
        fmt::format("cannot move '{}' to '{}': {}", staging.string(), target.string(), error.message()));
  }
  At("renamed");
  Status status = SyncFile(target.parent_path());
  if (status.ok()) status = SyncFile(folder_ / "models");
  if (status.ok()) status = InsertVersion(version, row);
  if (status.ok()) status = NextRevision(db_);
  if (!status.ok()) {
    fs::remove_all(target, error);
    return status;
  }
  // After a failed commit the lock is gone and the number may be another process': the folder stays, an
  // orphan.
  status = transaction.Commit();
  At("committed");
  return status;
}

Status LocalRegistry::InsertVersion(const NewVersion& version, const ModelVersion& row) {
  FW_ASSIGN_OR_RETURN(Statement insert, db_.Prepare("INSERT INTO versions VALUES (?, ?, ?, ?, ?)"));
  insert.Bind(1, row.name).Bind(2, int64_t{row.version}).Bind(3, row.run_id);
  FW_RETURN_IF_ERROR(insert.Bind(4, row.created_us).Bind(5, row.digest).Run());
  FW_ASSIGN_OR_RETURN(Statement tag, db_.Prepare("INSERT INTO version_tags VALUES (?, ?, ?, ?)"));
  for (const auto& [key, value] : version.tags) {
    FW_RETURN_IF_ERROR(tag.Bind(1, row.name).Bind(2, int64_t{row.version}).Bind(3, key).Bind(4, value).Run());
  }
  return Status::Ok();
}

Result<std::vector<std::string>> LocalRegistry::ModelNames() {
  FW_ASSIGN_OR_RETURN(Statement names, db_.Prepare("SELECT name FROM models ORDER BY name"));
  std::vector<std::string> out;
  while (true) {
    FW_ASSIGN_OR_RETURN(const bool row, names.Step());
    if (!row) return out;
    out.push_back(names.Text(0));
  }
}

Result<std::vector<ModelVersion>> LocalRegistry::Versions(const std::string& name) {
  const std::lock_guard lock(mutex_);
  FW_ASSIGN_OR_RETURN(Transaction view, Transaction::BeginRead(db_));
  FW_ASSIGN_OR_RETURN(std::vector<ModelVersion> versions, ReadVersions(name));
  if (versions.empty() && !name.empty()) {
    FW_ASSIGN_OR_RETURN(const std::vector<std::string> known, ModelNames());
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Status::NotFound(UnknownName("model", name, known));
    }
  }
  FW_RETURN_IF_ERROR(view.Commit());
  return versions;
}

Result<std::vector<ModelVersion>> LocalRegistry::ReadVersions(const std::string& name) {
  std::vector<ModelVersion> versions;
  std::map<std::pair<std::string, int64_t>, size_t> place;
  FW_ASSIGN_OR_RETURN(
      Statement rows,
      db_.Prepare(
          "SELECT v.name, v.version, v.run_id, coalesce(r.name, ''), v.created_us, v.digest FROM versions v "
          "LEFT JOIN runs r ON r.id = v.run_id WHERE ?1 IN ('', v.name) ORDER BY v.name, v.version"));
  rows.Bind(1, name);
  while (true) {
    FW_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) break;
    ModelVersion v;
    v.name = rows.Text(0);
    v.version = static_cast<int>(rows.Integer(1));
    v.run_id = rows.Text(2);
    v.run_name = rows.Text(3);
    v.created_us = rows.Integer(4);
    v.digest = rows.Text(5);
    place[{v.name, v.version}] = versions.size();
    versions.push_back(std::move(v));
  }
  // use(version, statement): columns from 2 on belong to the version that columns 0 and 1 name.
  const auto each = [&](const char* sql, const auto& use) -> Status {
    FW_ASSIGN_OR_RETURN(Statement statement, db_.Prepare(sql));
    statement.Bind(1, name);
    while (true) {
      FW_ASSIGN_OR_RETURN(const bool row, statement.Step());
      if (!row) return Status::Ok();
      const auto it = place.find({statement.Text(0), statement.Integer(1)});
      if (it != place.end()) use(versions[it->second], statement);
    }
  };
  FW_RETURN_IF_ERROR(each("SELECT name, version, alias FROM aliases WHERE ?1 IN ('', name) ORDER BY alias",
                          [](ModelVersion& v, Statement& s) { v.aliases.push_back(s.Text(2)); }));
  FW_RETURN_IF_ERROR(each("SELECT name, version, key, value FROM version_tags WHERE ?1 IN ('', name)",
                          [](ModelVersion& v, Statement& s) { v.tags[s.Text(2)] = s.Text(3); }));
  FW_RETURN_IF_ERROR(each(
      "SELECT v.name, v.version, m.key, m.value FROM versions v JOIN run_metrics m ON m.run_id = v.run_id "
      "WHERE ?1 IN ('', v.name)",
      [](ModelVersion& v, Statement& s) { v.metrics[s.Text(2)] = s.Real(3); }));
  return versions;
}

Result<FileSet> LocalRegistry::Files(const ModelVersion& version) {
  FW_RETURN_IF_ERROR(CheckModelName(version.name));
  return ReadFileSet(VersionFolder(version.name, version.version));
}

Status LocalRegistry::CheckVersionExists(const std::string& name, int version) {
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, ReadVersions(name));
  std::string have;
  for (const ModelVersion& v : versions) {
    if (v.version == version) return Status::Ok();
    have += fmt::format("{}{}", have.empty() ? "" : ", ", v.version);
  }
  if (versions.empty()) {
    FW_ASSIGN_OR_RETURN(const std::vector<std::string> known, ModelNames());
    return Status::NotFound(UnknownName("model", name, known));
  }
  return Status::NotFound(fmt::format("model '{}' has no version {}; it has {}", name, version, have));
}

Status LocalRegistry::SetTag(const std::string& name, int version, const std::string& key,
                             const std::string& value) {
  const std::lock_guard lock(mutex_);
  FW_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(db_));
  FW_RETURN_IF_ERROR(CheckVersionExists(name, version));
  FW_ASSIGN_OR_RETURN(Statement set, db_.Prepare("INSERT OR REPLACE INTO version_tags VALUES (?, ?, ?, ?)"));
  FW_RETURN_IF_ERROR(set.Bind(1, name).Bind(2, int64_t{version}).Bind(3, key).Bind(4, value).Run());
  return CommitNext(db_, std::move(transaction));
}

Status LocalRegistry::WriteAlias(const std::string& name, const std::string& alias, int version) {
  if (version == 0) {
    FW_ASSIGN_OR_RETURN(Statement remove, db_.Prepare("DELETE FROM aliases WHERE name = ? AND alias = ?"));
    return remove.Bind(1, name).Bind(2, alias).Run();
  }
  FW_RETURN_IF_ERROR(CheckVersionExists(name, version));
  FW_ASSIGN_OR_RETURN(Statement set, db_.Prepare("INSERT OR REPLACE INTO aliases VALUES (?, ?, ?)"));
  return set.Bind(1, name).Bind(2, alias).Bind(3, int64_t{version}).Run();
}

Status LocalRegistry::SetAlias(const std::string& name, const std::string& alias, int version) {
  FW_RETURN_IF_ERROR(CheckAlias(alias));
  const std::lock_guard lock(mutex_);
  FW_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(db_));
  FW_RETURN_IF_ERROR(WriteAlias(name, alias, version));
  return CommitNext(db_, std::move(transaction));
}

Result<int> LocalRegistry::ChampionOf(const std::string& name) {
  FW_ASSIGN_OR_RETURN(Statement find,
                      db_.Prepare("SELECT version FROM aliases WHERE name = ? AND alias = ?"));
  find.Bind(1, name).Bind(2, std::string_view(kChampionAlias));
  FW_ASSIGN_OR_RETURN(const bool row, find.Step());
  return row ? static_cast<int>(find.Integer(0)) : 0;
}

Status LocalRegistry::Promote(const PromotionEvent& event) {
  const std::lock_guard lock(mutex_);
  FW_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(db_));
  FW_RETURN_IF_ERROR(CheckVersionExists(event.name, event.to));
  FW_ASSIGN_OR_RETURN(const int champion, ChampionOf(event.name));
  if (champion != event.from) {
    return Status::Busy(
        fmt::format("the champion of '{}' is version {} now, not {}: another process was faster; "
                    "look again",
                    event.name, champion, event.from));
  }
  FW_RETURN_IF_ERROR(WriteAlias(event.name, kChampionAlias, event.to));
  FW_ASSIGN_OR_RETURN(
      Statement insert,
      db_.Prepare("INSERT INTO promotions (name, from_version, to_version, mode, reason, time_us) "
                  "VALUES (?, ?, ?, ?, ?, ?)"));
  insert.Bind(1, event.name).Bind(2, int64_t{event.from}).Bind(3, int64_t{event.to}).Bind(4, event.mode);
  FW_RETURN_IF_ERROR(insert.Bind(5, event.reason).Bind(6, options_.now_us()).Run());
  return CommitNext(db_, std::move(transaction));
}

Result<std::vector<PromotionEvent>> LocalRegistry::Promotions(const std::string& name) {
  const std::lock_guard lock(mutex_);
  FW_ASSIGN_OR_RETURN(
      Statement rows,
      db_.Prepare("SELECT name, from_version, to_version, mode, reason, time_us FROM promotions "
                  "WHERE ?1 IN ('', name) ORDER BY id"));
  rows.Bind(1, name);
  std::vector<PromotionEvent> events;
  while (true) {
    FW_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return events;
    events.push_back({rows.Text(0), static_cast<int>(rows.Integer(1)), static_cast<int>(rows.Integer(2)),
                      rows.Text(3), rows.Text(4), rows.Integer(5)});
  }
}

Result<uint64_t> LocalRegistry::Revision() {
  const std::lock_guard lock(mutex_);
  FW_ASSIGN_OR_RETURN(Statement read, db_.Prepare("SELECT value FROM meta WHERE key = 'revision'"));
  FW_ASSIGN_OR_RETURN(const bool row, read.Step());
  return row ? static_cast<uint64_t>(read.Integer(0)) : uint64_t{0};
}

Result<VerifyReport> LocalRegistry::Verify() {
  VerifyReport report;
  {
    const std::lock_guard lock(mutex_);
    FW_ASSIGN_OR_RETURN(Statement check, db_.Prepare("PRAGMA integrity_check(20)"));
    while (true) {
      FW_ASSIGN_OR_RETURN(const bool row, check.Step());
      if (!row) break;
      if (check.Text(0) != "ok") report.faults.push_back({"", "registry.db: " + check.Text(0)});
    }
  }
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, Versions(""));
  for (const ModelVersion& v : versions) {
    ++report.versions;
    const std::string label = ModelRefText(v.name, v.version);
    const Result<FileSet> files = Files(v);
    Status status = files.status();
    if (status.ok()) status = CheckManifest(*files);
    if (status.ok() && Sha256Hex(files->at(kModelManifestFile)) != v.digest) {
      status = Status::Invalid("manifest.json is not the one that was registered");
    }
    if (status.ok()) status = UnpackModel(*files).status();
    if (!status.ok()) report.faults.push_back({label, status.message()});
  }
  return report;
}

}  // namespace forewarn
