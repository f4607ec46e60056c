// DropWatch: what `forewarn watch` does all day. Looks at a drop folder, hands every file that has come to
// rest to the pipeline (ops/drop_step.h), lets one-tag workbooks wait until the plant's set is there, and
// moves each file to its fate with a report beside it. Keeps no memory of its own but in the folder: a kill
// at any moment, and the next start goes on. A file that changed while it was read is read again. What is
// not a file's fault (a full disk, a store that is away) is tried again later. Belongs to one thread.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/status.h"
#include "ops/drop_folder.h"
#include "ops/drop_step.h"
#include "ops/folder_events.h"
#include "plant/plant.h"

namespace forewarn {

// What became of dropped files, by whoever handled them.
struct DropVerdict {
  Status status;         // Ok: done; by IsFilesFault the files are to blame, or it is tried again later
  bool stopped = false;  // asked to stop before it was known; the next start goes on
  nlohmann::ordered_json report;
  std::string text;     // the report for people
  std::string summary;  // one line
};
// files, names, digest and before_store as HandleDrop's.
using DropHandler = std::function<DropVerdict(
    const std::vector<std::filesystem::path>& files, const std::vector<std::string>& names,
    const std::string& digest, const std::function<Status()>& before_store)>;

struct DropWatchOptions {
  DropOptions drop;
  DropHandler handle;  // empty: HandleDrop, in this process
  double settle_s = 2;
  bool once = false;    // return when everything is handled, waits for other workbooks, or must be retried
  double retry_s = 30;  // after a failure that is not a file's; doubled up to ten minutes
  std::function<int64_t()> now_us;  // UTC, for reports
  // What happened, one line: a file's fate, a wait, a failure.
  std::function<void(const Status& status, const std::string& line)> tell;
  std::function<void(const char*)> at;  // test hook: called at the named steps of handling a file
};

class DropWatch {
 public:
  // plant and events must outlive it.
  DropWatch(const Plant& plant, std::filesystem::path folder, DropWatchOptions options, FolderEvents& events);

  // Until the events are interrupted, or with `once` until nothing is left to do (then with the failure of
  // what must be retried). Fails where the folder cannot be made or read at the start.
  Status Run();

 private:
  struct Waiting {  // a one-tag workbook that is fine by itself
    std::string name;
    std::string tag;
    FileMark mark;
  };
  struct Retry {  // of what failed without being to blame
    double pause_s = 0;
    double not_before_s = 0;
    Status failure;
  };

  Status LookOnce();
  void HandleRested(const std::vector<std::string>& names);
  bool AddToSet(const std::string& name);
  void HandleSet();
  void TellSet();
  bool MustWait(const std::string& key) const;
  void Handle(const std::vector<std::string>& names);
  Status TryToHandle(const std::filesystem::path& taken, const std::vector<std::string>& names);
  Status Settle(const std::filesystem::path& taken, const std::vector<std::string>& names,
                const std::string& digest, const DropVerdict& verdict);
  DropVerdict HandleHere(const std::vector<std::filesystem::path>& files,
                         const std::vector<std::string>& names, const std::string& digest,
                         const std::function<Status()>& before_store) const;
  Status PutBack(const std::filesystem::path& taken);
  void Later(const std::string& key, const Status& status);
  double SecondsToWait() const;
  void At(const char* step) const;

  const Plant& plant_;
  DropFolder folder_;
  const DropWatchOptions options_;
  FolderEvents& events_;
  std::vector<Waiting> set_;
  std::string told_set_;                  // what was said about it last
  std::map<std::string, Retry> retries_;  // by the file's name, or the set's
  bool look_again_ = false;               // something was put back since the last look
  bool folder_away_ = false;
};

}  // namespace forewarn
