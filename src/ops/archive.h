// A zip archive of files, written in one go and read entry by entry, on libzip: what a backup is kept in.
// Nothing in an archive is trusted: sizes are bounded by what the caller expects, names are only looked up.
// An ArchiveReader belongs to one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"

namespace forewarn {

struct ArchiveEntry {
  std::string name;            // '/' between the parts
  std::filesystem::path file;  // where its content is; empty: `text` is
  std::string text;
};

// Entries in the order given; the file is made with mode 0600.
Status WriteArchive(const std::filesystem::path& path, const std::vector<ArchiveEntry>& entries,
                    const Progress& progress);

class ArchiveReader {
 public:
  static Result<std::unique_ptr<ArchiveReader>> Open(const std::filesystem::path& path);
  ~ArchiveReader();

  const std::vector<std::string>& names() const { return names_; }
  // The entry's content, at most max_bytes; Invalid where there is none or it is larger.
  Result<std::string> Read(const std::string& name, uint64_t max_bytes);
  // Writes an entry of exactly `bytes` to a new file (mode 0600 where `secret`, else 0644), synced; `to`
  // empty: reads it only. Gives its sha-256.
  Result<std::string> Extract(const std::string& name, uint64_t bytes, const std::filesystem::path& to,
                              bool secret);

 private:
  struct Handle;
  ArchiveReader();
  std::unique_ptr<Handle> handle_;
  std::vector<std::string> names_;
};

}  // namespace forewarn
