#include "stream/delivery_ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/random.h"

namespace forewarn {
namespace {

TEST(DeliveryLedger, CommitsOnlyAnUnbrokenRun) {
  DeliveryLedger ledger;
  for (int64_t offset : {5, 6, 9}) ledger.Begin(offset);
  EXPECT_EQ(ledger.TakeCommit(), -1);
  ledger.Finish(6);
  EXPECT_EQ(ledger.TakeCommit(), -1);
  ledger.Finish(5);
  EXPECT_EQ(ledger.TakeCommit(), 7);
  EXPECT_EQ(ledger.TakeCommit(), -1);
  ledger.Finish(9);
  EXPECT_EQ(ledger.TakeCommit(), 10);
  EXPECT_EQ(ledger.open(), 0u);
}

TEST(DeliveryLedger, IgnoresWhatItDoesNotKnow) {
  DeliveryLedger ledger;
  ledger.Finish(3);
  ledger.Begin(4);
  ledger.Finish(3);
  ledger.Finish(5);
  EXPECT_EQ(ledger.TakeCommit(), -1);
  EXPECT_EQ(ledger.open(), 1u);
}

// Against the definition: everything below a commit is finished, and in the end all is committed.
TEST(DeliveryLedger, NeverCommitsPastAnOpenMessage) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    DeliveryLedger ledger;
    std::vector<int64_t> offsets;
    int64_t next = 0;
    for (int i = 0; i < 30; ++i) offsets.push_back(next += 1 + static_cast<int64_t>(random.Below(3)));
    for (const int64_t offset : offsets) ledger.Begin(offset);
    std::vector<int64_t> order = offsets;
    random.Shuffle(order);
    std::vector<int64_t> done;
    int64_t committed = 0;
    for (const int64_t offset : order) {
      ledger.Finish(offset);
      done.push_back(offset);
      const int64_t commit = ledger.TakeCommit();
      if (commit < 0) continue;
      EXPECT_GT(commit, committed);
      committed = commit;
      for (const int64_t each : offsets) {
        if (each >= commit) continue;
        EXPECT_NE(std::find(done.begin(), done.end(), each), done.end());
      }
    }
    EXPECT_EQ(committed, offsets.back() + 1);
  }
}

}  // namespace
}  // namespace forewarn
