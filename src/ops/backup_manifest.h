// The table of contents of a backup archive: what is in it, what wrote it, and how to know that it arrived
// whole. First entry of the archive, `backup.json`. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace forewarn {

inline constexpr char kBackupManifestFile[] = "backup.json";
inline constexpr int kBackupFormat = 1;

struct BackupFile {
  std::string path;  // relative, '/' between the parts
  uint64_t bytes = 0;
  std::string sha256;
  bool secret = false;  // restored with mode 0600
};

struct BackupManifest {
  int format = kBackupFormat;
  int schema = 0;       // of the data folder
  std::string version;  // of the forewarn that wrote it
  std::string created;  // ISO 8601 UTC
  std::vector<BackupFile> files;
  std::vector<std::string> notes;  // what is not in it, in words
};

std::string BackupManifestText(const BackupManifest& manifest);
// Invalid for another text, a newer format or data layout (in words), or a path that would leave the folder
// or stands twice.
Result<BackupManifest> ParseBackupManifest(std::string_view text);

}  // namespace forewarn
