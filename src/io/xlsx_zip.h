// ZipReader: the parts of a zip archive, streamed, with limits against bombs; over libzip. Used by the XLSX
// reader. Not thread-safe: one reader, one thread.
#pragma once

#include <zip.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/status.h"

namespace forewarn {

struct ZipLimits {
  uint64_t max_entry_bytes = 0;
  uint64_t max_ratio = 0;  // unpacked to packed, looked at beyond 16 MiB
};

class ZipReader {
 public:
  // A person's message when the file is empty, cut short or no archive at all.
  static Result<ZipReader> Open(const std::filesystem::path& path, const ZipLimits& limits);
  // The bytes must outlive the reader.
  static Result<ZipReader> OpenBytes(std::string_view bytes, const ZipLimits& limits);

  bool Has(const std::string& name) const;  // names compare without regard to case
  // Calls sink with successive pieces; stops at its first failure.
  Status Read(const std::string& name, const std::function<Status(std::string_view)>& sink);

 private:
  struct Discard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
  };
  ZipReader(zip_t* archive, uint64_t bytes, const ZipLimits& limits)
      : archive_(archive), bytes_(bytes), limits_(limits) {}

  std::unique_ptr<zip_t, Discard> archive_;
  uint64_t bytes_;  // of the whole archive
  ZipLimits limits_;
};

}  // namespace forewarn
