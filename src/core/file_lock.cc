#include "core/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace forewarn {
namespace {

// The descriptor, or -1 where the lock is held elsewhere and `flags` says not to wait.
Result<int> OpenAndLock(const std::filesystem::path& path, FileLock::Mode mode, int flags) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  int code = fd;
  if (fd >= 0) {
    do {
      code = ::flock(fd, (mode == FileLock::Mode::kShared ? LOCK_SH : LOCK_EX) | flags);
    } while (code != 0 && errno == EINTR);
  }
  if (fd >= 0 && code == 0) return fd;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (fd >= 0 && error == EWOULDBLOCK) return -1;
  return Status::Io(fmt::format("cannot lock '{}': {}", path.string(), std::strerror(error)));
}

}  // namespace

Result<FileLock> FileLock::Take(const std::filesystem::path& path, Mode mode) {
  FW_ASSIGN_OR_RETURN(const int fd, OpenAndLock(path, mode, 0));
  return FileLock(fd);
}

Result<std::optional<FileLock>> FileLock::TryTake(const std::filesystem::path& path, Mode mode) {
  FW_ASSIGN_OR_RETURN(const int fd, OpenAndLock(path, mode, LOCK_NB));
  if (fd < 0) return std::optional<FileLock>();
  return std::optional<FileLock>(FileLock(fd));
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

Status FileLock::Write(std::string_view text) const {
  const ssize_t written = ::pwrite(fd_, text.data(), text.size(), 0);
  if (written == static_cast<ssize_t>(text.size()) && ::ftruncate(fd_, written) == 0) return Status::Ok();
  return Status::Io(fmt::format("cannot write a lock's file: {}", std::strerror(errno)));
}

}  // namespace forewarn
