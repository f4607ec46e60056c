// A long text file in blocks of whole lines, as UTF-8, read sequentially without mapping it: what keeps
// memory bounded whatever the file's size. A line end inside a quoted cell does not end a block. Next may be
// called by one thread at a time; the blocks can then be parsed anywhere.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/status.h"
#include "io/text_encoding.h"

namespace forewarn {

class CsvBlocks {
 public:
  static constexpr size_t kBlock = size_t{1} << 20;
  static constexpr size_t kLongestLine = size_t{8} << 20;

  // block: bytes read at a time.
  static Result<CsvBlocks> Open(const std::filesystem::path& path, size_t block = kBlock);
  CsvBlocks(CsvBlocks&& other) noexcept;
  CsvBlocks& operator=(CsvBlocks&&) = delete;
  ~CsvBlocks();

  uint64_t file_bytes() const { return file_bytes_; }
  // Set once the dialect is known: quotes matter only at the start of a cell.
  void set_delimiter(char delimiter) { delimiter_ = delimiter; }

  // The next whole lines; empty at the end of the file. quoted: the block holds a quote sign. bytes: how much
  // of the file was used up for it.
  Status Next(std::string& block, bool& quoted, uint64_t& bytes);

 private:
  CsvBlocks(int fd, std::string name, uint64_t bytes) : fd_(fd), name_(std::move(name)), file_bytes_(bytes) {}
  Status Fill(std::string& block, uint64_t& bytes);
  size_t LastLineEnd(const std::string& block, bool& quoted) const;
  std::string Place(uint64_t begin) const;

  int fd_;
  std::string name_;
  uint64_t file_bytes_;
  size_t block_ = kBlock;
  char delimiter_ = ',';
  uint64_t read_ = 0;  // bytes of the file
  bool started_ = false;
  bool ended_ = false;
  bool lone_cr_ = false;  // lines end by CR alone
  TextEncoding encoding_ = TextEncoding::kUtf8;
  std::string raw_;    // UTF-16 bytes not yet decoded
  std::string carry_;  // the part of a line behind the last block
};

}  // namespace forewarn
