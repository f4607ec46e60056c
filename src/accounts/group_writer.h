// GroupWriter: the store's one writer. Writes queue up (bounded) and a thread of its own applies all that
// wait in one transaction, so that one flush to disk serves many; their completions are called after the
// commit. One write's own fault does not touch the others; the database's fault fails the group, and the next
// group finds out by itself whether it is gone. Safe from any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "accounts/apply.h"
#include "accounts/database.h"
#include "accounts/store.h"

namespace forewarn {

class GroupWriter {
 public:
  GroupWriter(DatabaseUrl url, const StoreOptions& options);
  ~GroupWriter();  // commits what is queued

  void Submit(Write write, Store::Done done);

 private:
  struct Item {
    Write write;
    Store::Done done;
    size_t bytes = 0;
  };
  using Group = std::vector<Item>;
  using Results = std::vector<Result<int64_t>>;

  void Run();
  bool Take(Group& group);
  Results Commit(const Group& group);
  Status Connect();
  void Disconnect();
  void ApplyAll(const Group& group, Results& results);
  void ApplyHistory(const Group& group, size_t first, size_t count, Results& results);
  bool InsertHistory(const Group& group, size_t first, size_t width, Results& results);
  Result<int64_t> ApplyOne(const Write& write);
  DatabaseFault Explained(const std::exception& error) const;

  const DatabaseUrl url_;
  const StoreOptions options_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> queue_;
  size_t queued_bytes_ = 0;
  bool stopping_ = false;

  // The writer thread's own.
  std::unique_ptr<soci::session> session_;
  std::map<size_t, HistoryInsert> inserts_;  // by rows
  Status away_;                              // why the last connection failed
  int64_t next_connect_us_ = 0;              // of the steady clock
  int64_t backoff_us_ = 0;

  std::thread thread_;  // last: it uses all the others
};

}  // namespace forewarn
