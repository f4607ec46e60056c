// DeliveryLedger: which messages of a partition are done, so that an offset is committed only when everything
// before it has been written. Messages are begun in order and may be finished in any. One object a partition;
// belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace forewarn {

class DeliveryLedger {
 public:
  // offset: above every one begun before.
  void Begin(int64_t offset);
  // An offset that was never begun, or is done already, changes nothing.
  void Finish(int64_t offset);
  // The offset to commit: one above the last of the unbroken run of finished messages; -1 where nothing new
  // is to be committed. What it gave once it does not give again.
  int64_t TakeCommit();
  size_t open() const { return entries_.size(); }  // begun and not yet committed

 private:
  struct Entry {
    int64_t offset;
    bool done;
  };
  std::deque<Entry> entries_;
};

}  // namespace forewarn
