#include "ops/archive.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <string_view>

#include "core/sha256.h"

namespace forewarn {
namespace {

constexpr char kUnreadable[] = "it is no whole archive: cut short, damaged or of another kind";

Status ZipError(zip_t* archive, const std::string& doing) {
  zip_error_t* error = zip_get_error(archive);
  const bool system = zip_error_system_type(error) == ZIP_ET_SYS;
  const std::string text = fmt::format("cannot {}: {}", doing, zip_error_strerror(error));
  return system ? Status::Io(text) : Status::Invalid(text);
}

Status AddEntry(zip_t* archive, const ArchiveEntry& entry) {
  zip_source_t* source = entry.file.empty()
                             ? zip_source_buffer(archive, entry.text.data(), entry.text.size(), 0)
                             : zip_source_file(archive, entry.file.c_str(), 0, -1);
  if (source == nullptr) return ZipError(archive, "read '" + entry.name + "'");
  const zip_int64_t index = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return ZipError(archive, "add '" + entry.name + "'");
  }
  constexpr zip_uint32_t kFast = 1;  // models shrink to a third at any level
  zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_DEFLATE, kFast);
  return Status::Ok();
}

// A new file that is written in pieces.
class NewFile {
 public:
  NewFile(const std::filesystem::path& path, mode_t mode) : path_(path) {
    fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  }
  ~NewFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  Status Write(std::string_view piece) {
    while (fd_ >= 0 && !piece.empty()) {
      const ssize_t n = ::write(fd_, piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failure();
      piece.remove_prefix(static_cast<size_t>(n));
    }
    return fd_ >= 0 ? Status::Ok() : Failure();
  }
  Status Sync() { return fd_ >= 0 && ::fsync(fd_) == 0 ? Status::Ok() : Failure(); }

 private:
  Status Failure() const {
    return Status::Io(fmt::format("cannot write '{}': {}", path_.string(), std::strerror(errno)));
  }
  const std::filesystem::path path_;
  int fd_;
};

}  // namespace

Status WriteArchive(const std::filesystem::path& path, const std::vector<ArchiveEntry>& entries,
                    const Progress& progress) {
  // libzip keeps the mode of a file that is there.
  const int empty = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (empty < 0)
    return Status::Io(fmt::format("cannot create '{}': {}", path.string(), std::strerror(errno)));
  ::close(empty);
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (archive == nullptr) {
    return Status::Io(fmt::format("cannot create '{}': {}", path.string(), std::strerror(errno)));
  }
  for (const ArchiveEntry& entry : entries) {
    const Status status = AddEntry(archive, entry);
    if (!status.ok()) {
      zip_discard(archive);
      return status;
    }
  }
  const auto on_progress = [](zip_t*, double share, void* to) {
    Report(*static_cast<const Progress*>(to), "backup: archive", static_cast<size_t>(share * 100), 100);
  };
  zip_register_progress_callback_with_state(archive, 0.01, on_progress, nullptr,
                                            const_cast<Progress*>(&progress));
  // Everything is read and written here; libzip writes to a neighbour and renames.
  if (zip_close(archive) != 0) {
    const Status status = ZipError(archive, fmt::format("write '{}'", path.string()));
    zip_discard(archive);
    return status;
  }
  return Status::Ok();
}

struct ArchiveReader::Handle {
  zip_t* archive = nullptr;
  ~Handle() {
    if (archive != nullptr) zip_discard(archive);
  }

  // Calls use(piece) with the entry's content; Invalid unless it is of at most max_bytes.
  Status ReadPieces(const std::string& name, uint64_t max_bytes,
                    const std::function<Status(std::string_view)>& use) const {
    zip_file_t* file = zip_fopen(archive, name.c_str(), 0);
    if (file == nullptr) {
      const bool missing = zip_error_code_zip(zip_get_error(archive)) == ZIP_ER_NOENT;
      return missing ? Status::Invalid("it holds no '" + name + "'")
                     : ZipError(archive, "read '" + name + "'");
    }
    std::string piece(1 << 18, '\0');
    uint64_t all = 0;
    Status status;
    while (status.ok()) {
      const zip_int64_t n = zip_fread(file, piece.data(), piece.size());
      if (n == 0) break;
      if (n < 0) {
        status = Status::Invalid("'" + name + "' in it is damaged: " + zip_file_strerror(file));
      } else if ((all += static_cast<uint64_t>(n)) > max_bytes) {
        status = Status::Invalid("'" + name + "' in it is larger than it should be");
      } else {
        status = use({piece.data(), static_cast<size_t>(n)});
      }
    }
    zip_fclose(file);
    return status;
  }
};

ArchiveReader::ArchiveReader() : handle_(std::make_unique<Handle>()) {}
ArchiveReader::~ArchiveReader() = default;

Result<std::unique_ptr<ArchiveReader>> ArchiveReader::Open(const std::filesystem::path& path) {
  std::unique_ptr<ArchiveReader> out(new ArchiveReader());
  int code = 0;
  out->handle_->archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (out->handle_->archive == nullptr) {
    if (code == ZIP_ER_NOENT) return Status::NotFound("there is no such file");
    if (code == ZIP_ER_OPEN || code == ZIP_ER_READ) {
      return Status::Io(fmt::format("it cannot be read: {}", std::strerror(errno)));
    }
    return Status::Invalid(kUnreadable);
  }
  const zip_int64_t entries = zip_get_num_entries(out->handle_->archive, 0);
  for (zip_int64_t i = 0; i < entries; ++i) {
    const char* name = zip_get_name(out->handle_->archive, static_cast<zip_uint64_t>(i), 0);
    if (name == nullptr) return Status::Invalid(kUnreadable);
    out->names_.emplace_back(name);
  }
  return out;
}

Result<std::string> ArchiveReader::Read(const std::string& name, uint64_t max_bytes) {
  std::string out;
  FW_RETURN_IF_ERROR(handle_->ReadPieces(name, max_bytes, [&](std::string_view piece) {
    out += piece;
    return Status::Ok();
  }));
  return out;
}

Result<std::string> ArchiveReader::Extract(const std::string& name, uint64_t bytes,
                                           const std::filesystem::path& to, bool secret) {
  Sha256 digest;
  uint64_t all = 0;
  std::unique_ptr<NewFile> file;
  if (!to.empty()) file = std::make_unique<NewFile>(to, secret ? 0600 : 0644);
  FW_RETURN_IF_ERROR(handle_->ReadPieces(name, bytes, [&](std::string_view piece) {
    digest.Add(piece);
    all += piece.size();
    return file ? file->Write(piece) : Status::Ok();
  }));
  if (all != bytes) return Status::Invalid("'" + name + "' in it is shorter than it should be");
  if (file) FW_RETURN_IF_ERROR(file->Sync());
  return digest.Hex();
}

}  // namespace forewarn
