#include "pipeline/local_runs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>

#include "core/file.h"
#include "core/file_lock.h"
#include "core/thread_pool.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr char kLatest[] = "latest";
constexpr char kRuns[] = "runs";
constexpr char kAside[] = ".tmp-";           // runs/.tmp-<id>: a run being written
constexpr char kNewLink[] = ".latest-next";  // becomes latest

Status SystemError(const char* doing, const fs::path& path) {
  const int error = errno;
  return Status::Io(fmt::format("cannot {} '{}': {}", doing, path.string(), std::strerror(error)));
}

Status WritePlain(const fs::path& path, std::string_view bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return SystemError("create", path);
  Status status;
  while (!bytes.empty() && status.ok()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0) {
      bytes.remove_prefix(static_cast<size_t>(n));
    } else if (errno != EINTR) {
      status = SystemError("write", path);
    }
  }
  if (::close(fd) != 0 && status.ok()) status = SystemError("write", path);
  return status;
}

// What a crashed writer left; only the lock's holder may.
void Sweep(const fs::path& root) {
  std::error_code ignored;
  fs::remove(root / kNewLink, ignored);
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(root / kRuns, ignored)) {
    if (entry.path().filename().string().starts_with(kAside)) leftovers.push_back(entry.path());
  }
  for (const fs::path& path : leftovers) fs::remove_all(path, ignored);
}

std::string FreeId(const fs::path& runs, const std::string& wanted) {
  std::string id = wanted;
  for (int n = 2; fs::exists(fs::symlink_status(runs / id)); ++n) id = fmt::format("{}-{}", wanted, n);
  return id;
}

// Files, manifest, sync, rename, link, switch.
size_t StepCount(const std::vector<DatasetFile>& files) { return files.size() + 6; }

// All at once: a sync is a wait for the disk, and the file system serves many waiters with one commit.
Status SyncAll(const std::vector<fs::path>& paths) {
  constexpr int kWaiters = 16;
  std::vector<Status> results(paths.size());
  ParallelFor(paths.size(), kWaiters, [&](size_t i) { results[i] = SyncFile(paths[i]); });
  for (const Status& result : results) FW_RETURN_IF_ERROR(result);
  return Status::Ok();
}

// Everything is written before anything is synced: the file system then commits once, not once a file.
Status WriteAside(const fs::path& aside, const std::vector<DatasetFile>& files, const std::string& manifest,
                  const Progress& progress) {
  std::set<fs::path> folders = {aside};
  std::vector<fs::path> written;
  FW_RETURN_IF_ERROR(MakeFolders(aside));
  const auto write = [&](const std::string& name, std::string_view bytes) -> Status {
    Report(progress, "etl: writing", written.size(), StepCount(files));
    written.push_back(aside / name);
    const fs::path folder = written.back().parent_path();
    if (folders.insert(folder).second) FW_RETURN_IF_ERROR(MakeFolders(folder));
    return WritePlain(written.back(), bytes);
  };
  for (const DatasetFile& file : files) FW_RETURN_IF_ERROR(write(file.path, file.bytes));
  FW_RETURN_IF_ERROR(write(kManifestFile, manifest));
  Report(progress, "etl: writing", written.size(), StepCount(files));
  written.insert(written.end(), folders.begin(), folders.end());
  return SyncAll(written);
}

// `latest` becomes a link to runs/<id>. One that is a folder (copied there by other tools) is exchanged, then
// removed.
Status SwitchLatest(const fs::path& root, const std::string& id, size_t steps, const Progress& progress) {
  const fs::path next = root / kNewLink;
  const fs::path latest = root / kLatest;
  if (::symlink((fs::path(kRuns) / id).c_str(), next.c_str()) != 0) return SystemError("create", next);
  Report(progress, "etl: writing", steps - 2, steps);
  const fs::file_status status = fs::symlink_status(latest);
  if (fs::is_directory(status)) {
    if (::renameat2(AT_FDCWD, next.c_str(), AT_FDCWD, latest.c_str(), RENAME_EXCHANGE) != 0) {
      return SystemError("switch", latest);
    }
    std::error_code ignored;
    fs::remove_all(next, ignored);
  } else if (::rename(next.c_str(), latest.c_str()) != 0) {
    return SystemError("switch", latest);
  }
  Report(progress, "etl: writing", steps - 1, steps);
  return SyncFile(root);
}

}  // namespace

Result<std::string> StoreLocalRun(const fs::path& root, const std::vector<DatasetFile>& files,
                                  const ManifestMaker& manifest, const std::string& run_id,
                                  const Progress& progress) {
  FW_RETURN_IF_ERROR(MakeFolders(root / kRuns));
  // Writers take turns; the lock dies with its process.
  FW_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Take(root / ".lock", FileLock::Mode::kExclusive));
  Sweep(root);
  const std::string id = FreeId(root / kRuns, run_id);
  const fs::path aside = root / kRuns / (kAside + id);
  Status status = WriteAside(aside, files, manifest(id), progress);
  Report(progress, "etl: writing", files.size() + 2, StepCount(files));
  if (status.ok() && ::rename(aside.c_str(), (root / kRuns / id).c_str()) != 0)
    status = SystemError("write", aside);
  if (!status.ok()) {
    std::error_code ignored;
    fs::remove_all(aside, ignored);
    return status;
  }
  FW_RETURN_IF_ERROR(SyncFile(root / kRuns));
  Report(progress, "etl: writing", files.size() + 3, StepCount(files));
  FW_RETURN_IF_ERROR(SwitchLatest(root, id, StepCount(files), progress));
  Report(progress, "etl: writing", StepCount(files), StepCount(files));
  return id;
}

Result<fs::path> FindLocalRun(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    return Status::NotFound(
        fmt::format("no feature set at '{}': make one with 'forewarn etl'", path.string()));
  }
  const bool is_root = fs::exists(path / kLatest / kManifestFile, error);
  const fs::path run = fs::canonical(is_root ? path / kLatest : path, error);
  if (error || !fs::exists(run / kManifestFile, error)) {
    return Status::NotFound(
        fmt::format("'{}' is no feature set: it has neither {} nor {}/{}; give the folder that 'forewarn etl "
                    "--out' wrote",
                    path.string(), kManifestFile, kLatest, kManifestFile));
  }
  return run;
}

}  // namespace forewarn
