#include "stream/delivery_ledger.h"

#include <algorithm>

namespace forewarn {

void DeliveryLedger::Begin(int64_t offset) { entries_.push_back({offset, false}); }

void DeliveryLedger::Finish(int64_t offset) {
  const auto it = std::lower_bound(entries_.begin(), entries_.end(), offset,
                                   [](const Entry& entry, int64_t wanted) { return entry.offset < wanted; });
  if (it != entries_.end() && it->offset == offset) it->done = true;
}

int64_t DeliveryLedger::TakeCommit() {
  int64_t commit = -1;
  while (!entries_.empty() && entries_.front().done) {
    commit = entries_.front().offset + 1;
    entries_.pop_front();
  }
  return commit;
}

}  // namespace forewarn
