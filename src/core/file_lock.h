// FileLock: an advisory lock (flock) on a file of its own; the kernel drops it when the process dies,
// however. Used around opening, staging and sweeping of stores, and by services (ops/service_lock.h).
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "core/status.h"

namespace forewarn {

class FileLock {
 public:
  enum class Mode { kShared, kExclusive };
  // Waits for the lock. The file is made if need be.
  static Result<FileLock> Take(const std::filesystem::path& path, Mode mode);
  // Without waiting: nullopt if another process holds it.
  static Result<std::optional<FileLock>> TryTake(const std::filesystem::path& path, Mode mode);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

  // What the lock's file says to those who find it taken; whoever holds it exclusively writes it in place.
  Status Write(std::string_view text) const;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace forewarn
