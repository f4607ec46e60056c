// DropFolder: a folder that people and programs drop files into. Says which files have come to rest (size and
// times have not changed for a while), takes a file out of the way of its writers, and puts it where its fate
// belongs. Every step is one rename, so that a kill at any moment leaves each file in one place:
//
//   DIR/name            dropped; written to, or waiting
//   DIR/.work/name      taken; brought back by the next start
//   DIR/processed/name  done, with name.report.json and name.report.txt
//   DIR/rejected/name   bad, with the same
//
// Several files with one fate are taken together, into DIR/.work/set/, and end as one folder. Knows nothing
// of what files hold. Belongs to one thread; one process a folder, held by a lock.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/file_lock.h"
#include "core/status.h"

namespace forewarn {

// What a file looked like, to tell whether it has changed since.
struct FileMark {
  uint64_t inode = 0;
  uint64_t size = 0;
  int64_t modified_ns = 0;
  int64_t changed_ns = 0;
  bool operator==(const FileMark&) const = default;
};
std::optional<FileMark> MarkOf(const std::filesystem::path& file);  // nullopt: no regular file

class DropFolder {
 public:
  enum class Fate { kProcessed, kRejected };

  DropFolder(std::filesystem::path folder, double settle_s)
      : folder_(std::move(folder)), settle_s_(settle_s) {}

  // Makes the folders and brings back what a process that died had taken. kBusy: another one looks after it.
  Status Prepare();
  // The names of the files at rest at `now_s` (seconds of a steady clock), ascending. An empty file is given
  // much longer: it is mostly the beginning of one. Names that begin with '.' or "~$" or end like a transfer
  // under way (.part, .tmp, …) are nobody's business yet.
  Result<std::vector<std::string>> Scan(double now_s);
  // Seconds from `now_s` until a file seen by the last Scan may be at rest; nullopt where all are.
  std::optional<double> NextAtRest(double now_s) const;

  // Moves files out of their writers' way: one to .work/name, several to .work/set/. Gives where it, or their
  // folder, is now; a failure takes none.
  Result<std::filesystem::path> Take(const std::vector<std::string>& names);
  // Back to the folder, each under its name or, where that is taken by a newer file, one like it.
  Status PutBack(const std::filesystem::path& taken);
  // The name that what was taken gets there: `name`, or with `digest` in it where another content has that.
  std::string NameFor(Fate fate, const std::string& name, const std::string& digest) const;
  Status Finish(const std::filesystem::path& taken, Fate fate, const std::string& name);

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path FolderOf(Fate fate) const;

 private:
  std::filesystem::path Work() const { return folder_ / ".work"; }
  struct Seen {
    FileMark mark;
    double since_s = 0;  // when it was first seen so
  };
  double RestNeeded(const Seen& seen) const;

  const std::filesystem::path folder_;
  const double settle_s_;
  std::map<std::string, Seen> seen_;
  std::optional<FileLock> lock_;
};

}  // namespace forewarn
