// CompoundFile: the streams of a compound file (MS-CFB), the container of .xls workbooks and of
// password-protected .xlsx ones. Every offset of the file is checked before use. Immutable after Open; the
// bytes must outlive it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace forewarn {

class CompoundFile {
 public:
  static bool LooksLikeOne(std::string_view bytes);
  static Result<CompoundFile> Open(std::string_view bytes);

  bool Has(const std::string& name) const { return streams_.contains(name); }
  Result<std::string> Read(const std::string& name) const;  // ASCII names, as written ("Workbook")

 private:
  struct Stream {
    uint32_t first = 0;
    uint64_t size = 0;
  };
  explicit CompoundFile(std::string_view bytes) : bytes_(bytes) {}
  Status ReadFat();
  Status ReadDirectory();
  Result<std::string_view> Sector(uint32_t sector) const;
  // The bytes of a chain of sectors; size caps the length (the whole chain without it).
  Result<std::string> ReadChain(uint32_t first, uint64_t size) const;
  Result<std::string> ReadMiniChain(uint32_t first, uint64_t size) const;

  std::string_view bytes_;
  size_t sector_bytes_ = 512;
  size_t mini_bytes_ = 64;
  uint32_t mini_cutoff_ = 4096;
  std::vector<uint32_t> fat_;
  std::vector<uint32_t> mini_fat_;
  std::string mini_stream_;
  std::map<std::string, Stream> streams_;
};

}  // namespace forewarn
