#include "stream/delivery_ledger.h"

#include <algorithm>

namespace forewarn {

bool DeliveryLedger::Begin(int64_t offset) {
  if (offset <= last_) return false;
  entries_.push_back({offset, false});
  last_ = offset;
  return true;
}

void DeliveryLedger::Finish(int64_t offset) {
  const auto it = std::lower_bound(entries_.begin(), entries_.end(), offset,
                                   [](const Entry& entry, int64_t wanted) { return entry.offset < wanted; });
  if (it != entries_.end() && it->offset == offset) it->done = true;
  while (run_ < entries_.size() && entries_[run_].done) ++run_;
}

void DeliveryLedger::Settle(int64_t offset) {
  while (!entries_.empty() && entries_.front().offset < offset) {
    entries_.pop_front();
    if (run_ > 0) --run_;
  }
}

int64_t DeliveryLedger::ToCommit() const { return run_ == 0 ? kNone : entries_[run_ - 1].offset + 1; }

int64_t DeliveryLedger::ToResume() const {
  if (run_ < entries_.size()) return entries_[run_].offset;
  return ToCommit();
}

}  // namespace forewarn
