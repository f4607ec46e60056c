#include "accounts/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "accounts/token.h"
#include "core/file.h"
#include "core/names.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMinBytes = 32;

Status SystemError(const char* doing, const fs::path& file) {
  return Status::Io(fmt::format("cannot {} '{}': {}", doing, file.string(), std::strerror(errno)));
}

Status WritePrivate(const fs::path& file, std::string_view text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return SystemError("make", file);
  const bool written =
      ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  const Status status = written ? Status::Ok() : SystemError("write", file);
  ::close(fd);
  return status;
}

// The file appears whole, under its name only if no other process was first: link() refuses a name that is
// taken.
Status MakeSecret(const fs::path& file) {
  if (file.has_parent_path()) FW_RETURN_IF_ERROR(MakeFolders(file.parent_path()));
  fs::path temporary = file;
  temporary += "." + RandomId(9);
  Status status = WritePrivate(temporary, RandomId(32) + "\n");
  if (status.ok() && ::link(temporary.c_str(), file.c_str()) != 0 && errno != EEXIST) {
    status = SystemError("make", file);
  }
  ::unlink(temporary.c_str());
  FW_RETURN_IF_ERROR(status);
  return SyncFile(file.has_parent_path() ? file.parent_path() : fs::path("."));
}

}  // namespace

Result<std::string> LoadSecret(const fs::path& file) {
  FW_ASSIGN_OR_RETURN(const std::string text, ReadFile(file, 64 << 10));
  std::string secret(Trim(text));
  if (secret.size() < kMinBytes) {
    return Status::Invalid(
        fmt::format("secret file '{}' holds {} bytes; at least {} are needed (remove the file, and a"
                    " new secret is made)",
                    file.string(), secret.size(), kMinBytes));
  }
  return secret;
}

Result<std::string> LoadOrMakeSecret(const fs::path& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) {
    if (errno != ENOENT) return SystemError("read", file);
    FW_RETURN_IF_ERROR(MakeSecret(file));
    if (::stat(file.c_str(), &info) != 0) return SystemError("read", file);
  }
  if ((info.st_mode & 077) != 0) {
    return Status::Invalid(fmt::format("secret file '{0}' is open to others (mode {1:04o}); chmod 600 '{0}'",
                                       file.string(), info.st_mode & 07777));
  }
  return LoadSecret(file);
}

}  // namespace forewarn
