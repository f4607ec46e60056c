#include "core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/sha256.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

// What the system said, and what to do about it where a person can do something.
Status SystemError(const fs::path& path, const char* doing) {
  const int error = errno;
  const char* remedy = error == ENOSPC || error == EDQUOT ? "; free some space or write elsewhere"
                       : error == EROFS                   ? "; write elsewhere"
                                                          : "";
  return Status::Io(fmt::format("cannot {} '{}': {}{}", doing, path.string(), std::strerror(error), remedy));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Calls use(bytes, size) for each piece of the file.
Status ReadPieces(const fs::path& path, const std::function<Status(const char*, size_t)>& use) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return SystemError(path, "open");
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return SystemError(path, "read");
  if (S_ISDIR(info.st_mode))
    return Status::Io(fmt::format("'{}' is a folder; a file is needed", path.string()));
  std::string piece(1 << 20, '\0');
  while (true) {
    const ssize_t n = ::read(fd.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(path, "read");
    if (n == 0) return Status::Ok();
    FW_RETURN_IF_ERROR(use(piece.data(), static_cast<size_t>(n)));
  }
}

// Messages speak of `target`, the file the caller asked for.
Status WritePlain(const fs::path& path, const fs::path& target, std::string_view bytes) {
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (fd.get() < 0) return SystemError(target, "create");
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError(target, "write");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return Status::Ok();
}

}  // namespace

Result<std::string> ReadFile(const fs::path& path, uint64_t max_bytes) {
  std::string out;
  FW_RETURN_IF_ERROR(ReadPieces(path, [&](const char* data, size_t size) {
    if (out.size() + size > max_bytes) {
      return Status::Invalid(fmt::format("'{}' is larger than {} bytes", path.string(), max_bytes));
    }
    out.append(data, size);
    return Status::Ok();
  }));
  return out;
}

Status SyncFile(const fs::path& path) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return SystemError(path, "open");
  if (::fsync(fd.get()) != 0) return SystemError(path, "sync");
  return Status::Ok();
}

Status ReplaceFileAtomic(const fs::path& path, const std::function<Status(const fs::path&)>& write) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const fs::path temporary = folder / fmt::format(".{}.{}.tmp", path.filename().string(), ::getpid());
  Status status = write(temporary);
  if (status.ok()) status = SyncFile(temporary);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) status = SystemError(path, "write");
  if (!status.ok()) {
    ::unlink(temporary.c_str());
    return status;
  }
  return SyncFile(folder);
}

Status WriteFileAtomic(const fs::path& path, std::string_view bytes) {
  return ReplaceFileAtomic(path,
                           [&](const fs::path& temporary) { return WritePlain(temporary, path, bytes); });
}

Status MakeFolders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return Status::Io(fmt::format("cannot make folder '{}': {}", path.string(), error.message()));
  return Status::Ok();
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 digest;
  digest.Add(bytes);
  return digest.Hex();
}

Result<std::string> Sha256HexOfFile(const fs::path& path) {
  Sha256 digest;
  FW_RETURN_IF_ERROR(ReadPieces(path, [&](const char* data, size_t size) {
    digest.Add({data, size});
    return Status::Ok();
  }));
  return digest.Hex();
}

ScratchFolder::ScratchFolder() {
  std::string pattern = (fs::temp_directory_path() / "forewarn-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace forewarn
