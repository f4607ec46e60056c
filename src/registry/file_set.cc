#include "registry/file_set.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "core/file.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 1000;
constexpr uint64_t kMaxBytes = uint64_t{1} << 30;

Status CheckRelative(const std::string& name) {
  const fs::path path(name);
  bool good = !name.empty() && path.is_relative() && name.find('\0') == std::string::npos;
  for (const fs::path& part : path) good = good && part != ".." && part != "." && !part.empty();
  if (good) return Status::Ok();
  return Status::Invalid(fmt::format("'{}' is not a path inside the model's folder", name));
}

Status WriteOne(const fs::path& path, const std::string& bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  bool good = fd >= 0;
  for (size_t at = 0; good && at < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    good = n >= 0;
    if (good) at += static_cast<size_t>(n);
  }
  if (good) good = ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (good) return Status::Ok();
  return Status::Io(fmt::format("cannot write '{}': {}", path.string(), std::strerror(error)));
}

Status WriteAll(const fs::path& folder, const FileSet& files) {
  std::set<fs::path> folders = {folder};
  for (const auto& [name, bytes] : files) {
    const fs::path path = folder / name;
    for (fs::path up = path.parent_path(); folders.insert(up).second; up = up.parent_path()) {
    }
    FW_RETURN_IF_ERROR(MakeFolders(path.parent_path()));
    FW_RETURN_IF_ERROR(WriteOne(path, bytes));
  }
  for (const fs::path& each : folders) FW_RETURN_IF_ERROR(SyncFile(each));
  return Status::Ok();
}

}  // namespace

Result<FileSet> ReadFileSet(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(folder, error);
  if (!fs::exists(status)) return Status::NotFound(fmt::format("there is no folder '{}'", folder.string()));
  if (!fs::is_directory(folder, error)) {
    return Status::Invalid(fmt::format(
        "'{}' is not a folder; a model is a folder with MLmodel, model.onnx, …", folder.string()));
  }
  FileSet files;
  uint64_t total = 0;
  auto it = fs::recursive_directory_iterator(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const fs::file_status kind = it->symlink_status(error);
    if (error) break;
    if (fs::is_directory(kind)) continue;
    if (!fs::is_regular_file(kind)) {
      return Status::Invalid(fmt::format("'{}' is not a plain file; a model folder holds plain files only",
                                         it->path().string()));
    }
    FW_ASSIGN_OR_RETURN(std::string bytes, ReadFile(it->path(), kMaxBytes));
    total += bytes.size();
    if (files.size() >= kMaxFiles || total > kMaxBytes) {
      return Status::Invalid(fmt::format("'{}' is no model folder: it holds over {} files or {} bytes",
                                         folder.string(), kMaxFiles, kMaxBytes));
    }
    files.emplace(it->path().lexically_relative(folder).generic_string(), std::move(bytes));
  }
  if (error) return Status::Io(fmt::format("cannot read '{}': {}", folder.string(), error.message()));
  return files;
}

Status WriteFileSet(const fs::path& folder, const FileSet& files) {
  for (const auto& [name, bytes] : files) FW_RETURN_IF_ERROR(CheckRelative(name));
  if (folder.has_parent_path()) FW_RETURN_IF_ERROR(MakeFolders(folder.parent_path()));
  std::error_code error;
  if (!fs::create_directory(folder, error)) {
    if (error)
      return Status::Io(fmt::format("cannot make folder '{}': {}", folder.string(), error.message()));
    return Status::Exists(fmt::format("'{}' is there already; give a folder that is not", folder.string()));
  }
  Status status = WriteAll(folder, files);
  if (!status.ok()) fs::remove_all(folder, error);
  return status;
}

}  // namespace forewarn
