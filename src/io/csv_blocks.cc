#include "io/csv_blocks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace forewarn {

Result<CsvBlocks> CsvBlocks::Open(const std::filesystem::path& path, size_t block) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Status::Io(fmt::format("cannot open '{}': {}", path.string(), std::strerror(errno)));
  CsvBlocks blocks(fd, path.string(), 0);
  blocks.block_ = std::max<size_t>(block, 16);
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    return Status::Io(fmt::format("cannot read '{}': {}", path.string(), std::strerror(errno)));
  }
  if (S_ISDIR(info.st_mode)) {
    return Status::Io(fmt::format("'{}' is a folder; a file is needed", path.string()));
  }
  blocks.file_bytes_ = static_cast<uint64_t>(info.st_size);
  if (info.st_size > 0) {  // a pipe says 0
    blocks.block_ = std::min<size_t>(blocks.block_, static_cast<size_t>(info.st_size) + 16);
  }
  (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return blocks;
}

CsvBlocks::CsvBlocks(CsvBlocks&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      file_bytes_(other.file_bytes_),
      block_(other.block_),
      delimiter_(other.delimiter_),
      read_(other.read_),
      started_(other.started_),
      ended_(other.ended_),
      lone_cr_(other.lone_cr_),
      encoding_(other.encoding_),
      raw_(std::move(other.raw_)),
      carry_(std::move(other.carry_)) {}

CsvBlocks::~CsvBlocks() {
  if (fd_ >= 0) ::close(fd_);
}

// Appends about block_ further bytes of the file to the block, decoded.
Status CsvBlocks::Fill(std::string& block, uint64_t& bytes) {
  std::string& into = encoding_ == TextEncoding::kUtf8 ? block : raw_;
  size_t begin = into.size();
  into.resize(begin + block_);
  size_t got = 0;
  while (got < block_) {
    const ssize_t n = ::read(fd_, into.data() + begin + got, block_ - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Status::Io(fmt::format("cannot read '{}': {}", name_, std::strerror(errno)));
    if (n == 0) {
      ended_ = true;
      break;
    }
    got += static_cast<size_t>(n);
  }
  into.resize(begin + got);
  bytes += got;
  read_ += got;
  if (!started_) {
    started_ = true;
    const std::string_view head(block);
    if (head.empty()) return Status::Invalid(fmt::format("{}: the file is empty", name_));
    const std::string_view kind = BinaryKind(head);
    if (!kind.empty()) {
      return Status::Invalid(fmt::format("{}: the file is {}, not CSV text; export it as CSV", name_, kind));
    }
    size_t mark = 0;
    encoding_ = DetectEncoding(head, mark);
    block.erase(0, mark);
    if (encoding_ != TextEncoding::kUtf8) raw_ = std::exchange(block, {});
  }
  if (encoding_ != TextEncoding::kUtf8) {
    raw_.erase(0, AppendUtf16(raw_, encoding_ == TextEncoding::kUtf16Be, block));
    if (ended_ && !raw_.empty()) {
      return Status::Invalid(
          fmt::format("{}: the file ends within a UTF-16 character; it is cut short", name_));
    }
  }
  return Status::Ok();
}

// Just behind the last line end that is not inside a quoted cell; 0 where there is none.
size_t CsvBlocks::LastLineEnd(const std::string& block, bool& quoted) const {
  quoted = std::memchr(block.data(), '"', block.size()) != nullptr;
  if (!quoted) return block.rfind('\n') + 1;  // npos + 1 is 0
  size_t last = 0;
  bool inside = false;
  bool start = true;  // of a cell
  for (size_t i = 0; i < block.size(); ++i) {
    const char c = block[i];
    if (inside) {
      if (c == '"') inside = false;  // a doubled quote opens again at once: see below
      start = c == '"';
      continue;
    }
    if (c == '"' && start) {
      inside = true;
      continue;
    }
    start = c == delimiter_ || c == '\n' || c == '\r';
    if (c == '\n') last = i + 1;
  }
  return last;
}

// "file:line" of a byte of the file, counted only now: a failure may take its time. "file" where it cannot
// be.
std::string CsvBlocks::Place(uint64_t begin) const {
  if (encoding_ != TextEncoding::kUtf8) return name_;
  uint64_t line = 1;
  std::string piece(kBlock, '\0');
  for (uint64_t at = 0; at < begin;) {
    const size_t wanted = std::min<uint64_t>(piece.size(), begin - at);
    const ssize_t n = ::pread(fd_, piece.data(), wanted, static_cast<off_t>(at));
    if (n <= 0) return name_;  // a pipe
    line += static_cast<uint64_t>(std::count(piece.begin(), piece.begin() + n, lone_cr_ ? '\r' : '\n'));
    at += static_cast<uint64_t>(n);
  }
  return fmt::format("{}:{}", name_, line);
}

Status CsvBlocks::Next(std::string& block, bool& quoted, uint64_t& bytes) {
  block.clear();
  block.swap(carry_);
  bytes = 0;
  quoted = false;
  while (true) {
    const bool first = !started_;
    if (!ended_) FW_RETURN_IF_ERROR(Fill(block, bytes));
    if (first && block.find('\n') == std::string::npos) lone_cr_ = block.find('\r') != std::string::npos;
    if (lone_cr_) std::replace(block.begin(), block.end(), '\r', '\n');
    if (ended_) {
      quoted = std::memchr(block.data(), '"', block.size()) != nullptr;
      return Status::Ok();
    }
    const size_t end = LastLineEnd(block, quoted);
    if (end > 0) {
      carry_.assign(block, end);
      block.resize(end);
      return Status::Ok();
    }
    if (block.size() > kLongestLine) {
      return Status::Invalid(fmt::format(
          "{}: a line (or a quoted cell) of more than {} MiB; a line end or a closing quote is missing",
          Place(read_ - block.size()), kLongestLine >> 20));
    }
  }
}

}  // namespace forewarn
