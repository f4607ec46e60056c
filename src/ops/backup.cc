#include "ops/backup.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "core/file.h"
#include "core/plant_time.h"
#include "core/version.h"
#include "ops/archive.h"
#include "ops/data_folder.h"
#include "ops/folder_swap.h"
#include "registry/local_registry.h"
#include "registry/sqlite.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLargestManifest = uint64_t{64} << 20;
constexpr char kAccountsName[] = "accounts.db";

bool IsDatabase(const fs::path& file) { return file.extension() == ".db"; }

// Not in a backup: locks, what a database keeps beside itself, half-written files, what is made again, and
// what an earlier restore put aside.
bool IsLeftOut(const fs::path& relative) {
  const std::string top = relative.begin()->string();
  if (top == "run" || top == "features" || top == "history" || top.starts_with("before-restore-"))
    return true;
  for (const fs::path& part : relative) {
    if (part.string().starts_with('.')) return true;
  }
  const std::string name = relative.filename().string();
  return name.ends_with(".lock") || name.ends_with(".db-wal") || name.ends_with(".db-shm") ||
         name.ends_with(".db-journal") || name.ends_with(".before-restore");
}

// Files that never change once they are there, and so need no copy to be read twice.
bool IsConstant(const fs::path& relative) {
  auto part = relative.begin();
  return part->string() == "registry" && ++part != relative.end() && part->string() == "models";
}

Result<std::vector<fs::path>> FilesOf(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const fs::path relative = it->path().lexically_relative(folder);
    std::error_code ignored;
    if (IsLeftOut(relative)) {
      if (it->is_directory(ignored)) it.disable_recursion_pending();
    } else if (it->is_regular_file(ignored) && !it->is_symlink(ignored)) {
      out.push_back(relative);
    }
  }
  if (error) {
    return Status::Io(fmt::format("cannot read folder '{}': {}", folder.string(), error.message()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool IsPrivate(const fs::path& file) {
  struct stat info{};
  return ::stat(file.c_str(), &info) == 0 && (info.st_mode & 0077) == 0;
}

// Collects what goes into the archive. Databases first: a version the registry's copy knows has its folder,
// which is there before its row; the folders are listed afterwards.
class Collector {
 public:
  Collector(const BackupOptions& options, const fs::path& scratch) : options_(options), scratch_(scratch) {}

  Status Run() {
    FW_ASSIGN_OR_RETURN(const std::vector<fs::path> first, FilesOf(options_.folder));
    for (const fs::path& relative : first) {
      if (IsDatabase(relative)) FW_RETURN_IF_ERROR(AddDatabase(options_.folder / relative, relative));
    }
    if (!options_.accounts.empty()) FW_RETURN_IF_ERROR(AddDatabase(options_.accounts, kAccountsName));
    FW_ASSIGN_OR_RETURN(const std::vector<fs::path> files, FilesOf(options_.folder));
    for (const fs::path& relative : files) {
      Report(options_.progress, "backup: files", entries_.size(), files.size());
      if (!IsDatabase(relative)) FW_RETURN_IF_ERROR(AddFile(relative));
    }
    std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    std::sort(manifest_.files.begin(), manifest_.files.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return Status::Ok();
  }

  std::vector<ArchiveEntry> entries() const { return entries_; }
  BackupManifest& manifest() { return manifest_; }

 private:
  Status AddDatabase(const fs::path& from, const fs::path& relative) {
    Report(options_.progress, "backup: databases", 0, 1);
    const fs::path copy = scratch_ / relative;
    FW_RETURN_IF_ERROR(MakeFolders(copy.parent_path()));
    FW_RETURN_IF_ERROR(CopyDatabase(from, copy));
    return Add(copy, relative, true);
  }

  Status AddFile(const fs::path& relative) {
    const fs::path from = options_.folder / relative;
    if (IsConstant(relative)) return Add(from, relative, false);
    const bool is_private = IsPrivate(from);
    const fs::path copy = scratch_ / relative;
    const Result<std::string> bytes = ReadFile(from);
    if (!bytes.ok() && !fs::exists(from)) return Status::Ok();  // gone since it was listed
    if (!bytes.ok()) return bytes.status();
    FW_RETURN_IF_ERROR(MakeFolders(copy.parent_path()));
    FW_RETURN_IF_ERROR(WriteFileAtomic(copy, *bytes));
    return Add(copy, relative, is_private);
  }

  Status Add(const fs::path& file, const fs::path& relative, bool secret) {
    std::error_code error;
    const uint64_t bytes = fs::file_size(file, error);
    if (error) return Status::Io(fmt::format("cannot read '{}': {}", file.string(), error.message()));
    FW_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(file));
    manifest_.files.push_back({relative.generic_string(), bytes, digest, secret});
    entries_.push_back({relative.generic_string(), file, ""});
    return Status::Ok();
  }

  const BackupOptions& options_;
  const fs::path scratch_;
  BackupManifest manifest_;
  std::vector<ArchiveEntry> entries_;
};

Result<BackupManifest> ReadManifest(ArchiveReader& archive) {
  FW_ASSIGN_OR_RETURN(const std::string text, archive.Read(kBackupManifestFile, kLargestManifest));
  FW_ASSIGN_OR_RETURN(BackupManifest manifest, ParseBackupManifest(text));
  std::set<std::string> listed = {kBackupManifestFile};
  for (const BackupFile& file : manifest.files) listed.insert(file.path);
  for (const std::string& name : archive.names()) {
    if (!listed.contains(name)) {
      return Status::Invalid(fmt::format("it holds '{}', which its table of contents does not list", name));
    }
  }
  return manifest;
}

// Unpacks one file, or only reads it where `to` is empty, and compares it with the table of contents.
Status TakeFile(ArchiveReader& archive, const BackupFile& file, const fs::path& to) {
  FW_ASSIGN_OR_RETURN(const std::string digest, archive.Extract(file.path, file.bytes, to, file.secret));
  if (digest == file.sha256) return Status::Ok();
  return Status::Invalid(
      fmt::format("'{}' in it is damaged: its sha-256 is another than the table of contents "
                  "says",
                  file.path));
}

Status TakeAll(ArchiveReader& archive, const BackupManifest& manifest, const fs::path& folder,
               const Progress& progress) {
  std::set<fs::path> folders = {folder};
  size_t done = 0;
  for (const BackupFile& file : manifest.files) {
    Report(progress, "restore: files", done++, manifest.files.size());
    const fs::path to = folder.empty() ? fs::path() : folder / file.path;
    if (!to.empty()) FW_RETURN_IF_ERROR(MakeFolders(to.parent_path()));
    FW_RETURN_IF_ERROR(TakeFile(archive, file, to));
    for (fs::path p = to.parent_path(); !to.empty() && folders.insert(p).second;) p = p.parent_path();
  }
  Report(progress, "restore: files", done, manifest.files.size());
  if (folder.empty()) return Status::Ok();
  for (const fs::path& path : folders) FW_RETURN_IF_ERROR(SyncFile(path));
  return Status::Ok();
}

Status CheckUnpacked(const fs::path& unpacked, const RestoreOptions& options) {
  std::error_code ignored;
  if (fs::exists(unpacked / "registry" / "registry.db", ignored)) {
    FW_ASSIGN_OR_RETURN(const std::unique_ptr<Registry> registry, LocalRegistry::Open(unpacked / "registry"));
    FW_ASSIGN_OR_RETURN(const VerifyReport report, registry->Verify());
    if (!report.faults.empty()) {
      return Status::Invalid(fmt::format("its registry is damaged: {}: {}", report.faults.front().model,
                                         report.faults.front().detail));
    }
  }
  return options.check ? options.check(unpacked) : Status::Ok();
}

}  // namespace

Result<BackupManifest> WriteBackup(const BackupOptions& options, const fs::path& file) {
  FW_RETURN_IF_ERROR(DataFolder::Check(options.folder));
  std::error_code ignored;
  if (!fs::exists(options.folder, ignored)) {
    return Status::NotFound(fmt::format("there is no data folder '{}'", options.folder.string()));
  }
  const ScratchFolder scratch;
  Collector collector(options, scratch.path());
  FW_RETURN_IF_ERROR(collector.Run());
  BackupManifest& manifest = collector.manifest();
  manifest.schema = kDataSchema;
  manifest.version = kVersion;
  manifest.created = FormatIsoUtc(options.now_us - options.now_us % kSecond);
  manifest.notes = options.notes;
  std::vector<ArchiveEntry> entries = {{kBackupManifestFile, "", BackupManifestText(manifest)}};
  for (ArchiveEntry& entry : collector.entries()) entries.push_back(std::move(entry));
  FW_RETURN_IF_ERROR(ReplaceFileAtomic(
      file, [&](const fs::path& temporary) { return WriteArchive(temporary, entries, options.progress); }));
  return manifest;
}

Result<BackupManifest> CheckBackup(const fs::path& file, const Progress& progress) {
  const auto check = [&]() -> Result<BackupManifest> {
    FW_ASSIGN_OR_RETURN(const std::unique_ptr<ArchiveReader> archive, ArchiveReader::Open(file));
    FW_ASSIGN_OR_RETURN(BackupManifest manifest, ReadManifest(*archive));
    FW_RETURN_IF_ERROR(TakeAll(*archive, manifest, "", progress));
    return manifest;
  };
  Result<BackupManifest> checked = check();
  if (!checked.ok()) return checked.status().WithPrefix("'" + file.string() + "'");
  return checked;
}

Result<BackupManifest> RestoreBackup(const fs::path& file, const RestoreOptions& options) {
  const auto step = [&] {
    if (options.at) options.at();
  };
  const std::string name = "'" + file.string() + "'";
  const auto archive = ArchiveReader::Open(file);
  if (!archive.ok()) return archive.status().WithPrefix(name);
  const auto manifest = ReadManifest(*archive.value());
  if (!manifest.ok()) return manifest.status().WithPrefix(name);
  FW_ASSIGN_OR_RETURN(const DataFolder folder, DataFolder::Open(options.folder, DataFolder::Use::kAlone));
  FW_RETURN_IF_ERROR(BeginStaging(options.folder));
  step();
  const fs::path staging = StagingFolder(options.folder);
  Status status = TakeAll(*archive.value(), manifest.value(), staging, options.progress);
  if (status.ok()) status = CheckUnpacked(staging, options);
  if (!status.ok()) {
    std::error_code ignored;
    fs::remove_all(staging.parent_path(), ignored);
    return status.WithPrefix(name);
  }
  step();
  FW_RETURN_IF_ERROR(CommitStaging(options.folder, options.stamp));
  FW_RETURN_IF_ERROR(FinishSwap(options.folder, options.at));
  return manifest;
}

}  // namespace forewarn
