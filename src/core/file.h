// File helpers over POSIX. Paths in messages are those the caller gave. Safe from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace forewarn {

// The whole file; refuses folders, and files over max_bytes, in words.
Result<std::string> ReadFile(const std::filesystem::path& path, uint64_t max_bytes = uint64_t{1} << 32);
// The file appears whole or not at all: written to a hidden neighbour, fsynced, renamed, the folder fsynced.
Status WriteFileAtomic(const std::filesystem::path& path, std::string_view bytes);
// The same for a writer that wants a path of its own (a library that opens files itself): write(temporary
// path).
Status ReplaceFileAtomic(const std::filesystem::path& path,
                         const std::function<Status(const std::filesystem::path&)>& write);
Status SyncFile(const std::filesystem::path& path);  // fsync of a file or folder
Status MakeFolders(const std::filesystem::path& path);

std::string Sha256Hex(std::string_view bytes);
Result<std::string> Sha256HexOfFile(const std::filesystem::path& path);

// A folder of its own under the system's temporary folder, removed with everything in it at destruction.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace forewarn
