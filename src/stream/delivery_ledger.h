// DeliveryLedger: which messages of a partition are done, so that an offset is committed only when everything
// before it has been written. A message is begun when it is read, finished when what came of it has been
// acknowledged, and settled when a commit above it has been confirmed. Messages are begun in order and may be
// finished in any. One object a partition; belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace forewarn {

class DeliveryLedger {
 public:
  static constexpr int64_t kNone = -1;

  // False, and nothing is changed, where the offset is not above every one begun before: it was read twice.
  bool Begin(int64_t offset);
  // An offset that was never begun, or is done already, changes nothing.
  void Finish(int64_t offset);
  // Everything below the offset is committed.
  void Settle(int64_t offset);

  // The offset to commit: one above the last of the unbroken run of finished messages; kNone where nothing
  // is to be committed.
  int64_t ToCommit() const;
  // Where reading goes on when what is not finished is to be read again; kNone: at the committed offset.
  int64_t ToResume() const;
  size_t open() const { return entries_.size(); }  // begun and not yet settled

 private:
  struct Entry {
    int64_t offset;
    bool done;
  };
  std::deque<Entry> entries_;  // ascending
  size_t run_ = 0;             // how many at the front are done without a break
  int64_t last_ = kNone;       // the newest begun
};

}  // namespace forewarn
