// DataFolder: the folder that holds everything one installation keeps (registry, stores, secrets, the plant's
// state), and the right to use it. forewarn.json in it says which layout it has: a folder written by a newer
// Forewarn is refused in words, never guessed at. Many processes use one folder at a time, each with a shared
// lock on run/folder.lock; `restore`, which replaces the folder, needs it alone. Belongs to one thread; the
// paths may be read from any.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/file_lock.h"
#include "core/status.h"

namespace forewarn {

// The layout this binary reads and writes. Raised when an older one could not use the folder any more.
inline constexpr int kDataSchema = 1;

class DataFolder {
 public:
  enum class Use { kShared, kAlone };
  // Makes the folder (mode 0700) and its forewarn.json where they are missing. Invalid: a newer layout, or no
  // data folder. kBusy: kAlone while services run (they are named), or kShared while it is being replaced.
  static Result<DataFolder> Open(const std::filesystem::path& folder, Use use = Use::kShared);
  // Whether this binary may read the folder; Ok where it does not exist yet. Takes and makes nothing.
  static Status Check(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path Registry() const { return folder_ / "registry"; }
  std::filesystem::path Accounts() const { return folder_ / "accounts.db"; }
  std::filesystem::path Secrets() const { return folder_ / "secrets"; }  // mode 0700, files 0600
  std::filesystem::path PlantState(std::string_view plant) const { return folder_ / "plant" / plant; }
  std::filesystem::path Features(std::string_view plant) const { return folder_ / "features" / plant; }
  std::filesystem::path History(std::string_view plant) const { return folder_ / "history" / plant; }
  std::filesystem::path Run() const { return folder_ / "run"; }

 private:
  DataFolder(std::filesystem::path folder, FileLock lock)
      : folder_(std::move(folder)), lock_(std::move(lock)) {}

  std::filesystem::path folder_;
  FileLock lock_;
};

// The layout number in forewarn.json's text, and the version that wrote it ("0.1.0"). Invalid for another
// text.
struct DataSchema {
  int schema = 0;
  std::string version;
};
Result<DataSchema> ParseDataSchema(std::string_view text);
std::string DataSchemaText();  // this binary's

}  // namespace forewarn
