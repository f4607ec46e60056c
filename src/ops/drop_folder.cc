#include "ops/drop_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/file.h"
#include "core/names.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr char kSet[] = "set";
constexpr char kLock[] = "lock";
constexpr double kEmptyFactor = 30;  // an empty file is at rest after so many times the usual
constexpr size_t kDigestShown = 8;

bool IsUnderWay(const std::string& name) {
  static constexpr std::array<const char*, 7> kEndings = {".part",       ".partial",  ".tmp", ".temp",
                                                          ".crdownload", ".filepart", ".swp"};
  if (name.starts_with('.') || name.starts_with("~$")) return true;
  const std::string lower = ToLower(name);
  return std::any_of(kEndings.begin(), kEndings.end(), [&](const char* e) { return lower.ends_with(e); });
}

Status Move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return Status::Ok();
  return Status::Io(fmt::format("cannot move '{}' to '{}': {}", from.string(), to.string(), error.message()));
}

// What a folder holds, by name.
Result<std::vector<fs::path>> Inside(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    out.push_back(it->path());
  }
  if (error) {
    return Status::Io(fmt::format("cannot read folder '{}': {}", folder.string(), error.message()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

// "a.csv", "a-2.csv", "a-3.csv", …: the first that is free.
std::string FreeName(const fs::path& folder, const std::string& name) {
  std::error_code ignored;
  std::string free = name;
  for (int n = 2; fs::exists(fs::symlink_status(folder / free, ignored)); ++n) {
    free = fmt::format("{}-{}{}", fs::path(name).stem().string(), n, fs::path(name).extension().string());
  }
  return free;
}

}  // namespace

std::optional<FileMark> MarkOf(const fs::path& file) {
  struct stat info{};
  if (::lstat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  const auto nanoseconds = [](const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; };
  return FileMark{info.st_ino, static_cast<uint64_t>(info.st_size), nanoseconds(info.st_mtim),
                  nanoseconds(info.st_ctim)};
}

fs::path DropFolder::FolderOf(Fate fate) const {
  return folder_ / (fate == Fate::kProcessed ? "processed" : "rejected");
}

Status DropFolder::Prepare() {
  for (const fs::path& folder : {folder_, Work(), FolderOf(Fate::kProcessed), FolderOf(Fate::kRejected)}) {
    FW_RETURN_IF_ERROR(MakeFolders(folder));
  }
  FW_ASSIGN_OR_RETURN(lock_, FileLock::TryTake(Work() / kLock, FileLock::Mode::kExclusive));
  if (!lock_) {
    return Status::Busy(fmt::format("another process looks after folder '{}' already", folder_.string()));
  }
  FW_ASSIGN_OR_RETURN(const std::vector<fs::path> left, Inside(Work()));
  for (const fs::path& taken : left) {
    if (taken.filename() != kLock) FW_RETURN_IF_ERROR(PutBack(taken));
  }
  return Status::Ok();
}

double DropFolder::RestNeeded(const Seen& seen) const {
  return seen.mark.size == 0 ? kEmptyFactor * settle_s_ : settle_s_;
}

Result<std::vector<std::string>> DropFolder::Scan(double now_s) {
  FW_ASSIGN_OR_RETURN(const std::vector<fs::path> files, Inside(folder_));
  std::map<std::string, Seen> now;
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    if (IsUnderWay(name)) continue;
    const auto mark = MarkOf(file);
    if (!mark) continue;  // a folder, a link, or gone again
    const auto before = seen_.find(name);
    const bool same = before != seen_.end() && before->second.mark == *mark;
    now[name] = {*mark, same ? before->second.since_s : now_s};
  }
  seen_ = std::move(now);
  std::vector<std::string> rested;
  for (const auto& [name, seen] : seen_) {
    if (now_s - seen.since_s >= RestNeeded(seen)) rested.push_back(name);
  }
  return rested;
}

std::optional<double> DropFolder::NextAtRest(double now_s) const {
  std::optional<double> next;
  for (const auto& [name, seen] : seen_) {
    const double left = seen.since_s + RestNeeded(seen) - now_s;
    if (left > 0) next = std::min(next.value_or(left), left);
  }
  return next;
}

Result<fs::path> DropFolder::Take(const std::vector<std::string>& names) {
  const fs::path taken = names.size() == 1 ? Work() / names.front() : Work() / kSet;
  if (names.size() > 1) FW_RETURN_IF_ERROR(MakeFolders(taken));
  for (const std::string& name : names) {
    const Status moved = Move(folder_ / name, names.size() == 1 ? taken : taken / name);
    if (!moved.ok()) {
      if (names.size() > 1) FW_RETURN_IF_ERROR(PutBack(taken));
      return moved;
    }
    seen_.erase(name);
  }
  return taken;
}

Status DropFolder::PutBack(const fs::path& taken) {
  if (!fs::is_directory(fs::symlink_status(taken))) {
    return Move(taken, folder_ / FreeName(folder_, taken.filename().string()));
  }
  FW_ASSIGN_OR_RETURN(const std::vector<fs::path> files, Inside(taken));
  for (const fs::path& file : files) {
    FW_RETURN_IF_ERROR(Move(file, folder_ / FreeName(folder_, file.filename().string())));
  }
  std::error_code ignored;
  fs::remove(taken, ignored);
  return Status::Ok();
}

std::string DropFolder::NameFor(Fate fate, const std::string& name, const std::string& digest) const {
  const fs::path there = FolderOf(fate) / name;
  std::error_code ignored;
  const fs::file_status status = fs::symlink_status(there, ignored);
  if (!fs::exists(status)) return name;
  if (fs::is_directory(status)) return FreeName(FolderOf(fate), name);
  const Result<std::string> theirs = Sha256HexOfFile(there);
  if (theirs.ok() && theirs.value() == digest) return name;
  return fmt::format("{}-{}{}", fs::path(name).stem().string(), digest.substr(0, kDigestShown),
                     fs::path(name).extension().string());
}

Status DropFolder::Finish(const fs::path& taken, Fate fate, const std::string& name) {
  FW_RETURN_IF_ERROR(Move(taken, FolderOf(fate) / name));
  FW_RETURN_IF_ERROR(SyncFile(FolderOf(fate)));
  return SyncFile(Work());
}

}  // namespace forewarn
