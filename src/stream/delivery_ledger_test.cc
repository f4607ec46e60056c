#include "stream/delivery_ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/random.h"

namespace forewarn {
namespace {

constexpr int64_t kNone = DeliveryLedger::kNone;

TEST(DeliveryLedger, CommitsOnlyAnUnbrokenRun) {
  DeliveryLedger ledger;
  for (int64_t offset : {5, 6, 9}) EXPECT_TRUE(ledger.Begin(offset));
  EXPECT_EQ(ledger.ToCommit(), kNone);
  ledger.Finish(6);
  EXPECT_EQ(ledger.ToCommit(), kNone);
  ledger.Finish(5);
  EXPECT_EQ(ledger.ToCommit(), 7);
  ledger.Finish(9);
  EXPECT_EQ(ledger.ToCommit(), 10);
}

TEST(DeliveryLedger, HoldsWhatIsNotConfirmed) {
  DeliveryLedger ledger;
  for (int64_t offset : {5, 6, 9}) ledger.Begin(offset);
  ledger.Finish(5);
  ledger.Finish(6);
  EXPECT_EQ(ledger.open(), 3u);  // finished, but a commit may still fail
  ledger.Settle(6);
  EXPECT_EQ(ledger.open(), 2u);
  EXPECT_EQ(ledger.ToCommit(), 7);
  ledger.Settle(7);
  EXPECT_EQ(ledger.open(), 1u);
  EXPECT_EQ(ledger.ToCommit(), kNone);
  ledger.Finish(9);
  ledger.Settle(10);
  EXPECT_EQ(ledger.open(), 0u);
  EXPECT_EQ(ledger.ToCommit(), kNone);
}

TEST(DeliveryLedger, ResumesAtTheFirstThatIsNotFinished) {
  DeliveryLedger ledger;
  EXPECT_EQ(ledger.ToResume(), kNone);
  for (int64_t offset : {5, 6, 9}) ledger.Begin(offset);
  EXPECT_EQ(ledger.ToResume(), 5);
  ledger.Finish(9);
  EXPECT_EQ(ledger.ToResume(), 5);
  ledger.Finish(5);
  EXPECT_EQ(ledger.ToResume(), 6);
  ledger.Finish(6);
  EXPECT_EQ(ledger.ToResume(), 10);  // all are done, though no commit says so yet
}

TEST(DeliveryLedger, IgnoresWhatItDoesNotKnow) {
  DeliveryLedger ledger;
  ledger.Finish(3);
  ledger.Begin(4);
  ledger.Finish(3);
  ledger.Finish(5);
  ledger.Settle(2);
  EXPECT_EQ(ledger.ToCommit(), kNone);
  EXPECT_EQ(ledger.open(), 1u);
}

TEST(DeliveryLedger, TakesAMessageOnce) {
  DeliveryLedger ledger;
  EXPECT_TRUE(ledger.Begin(4));
  EXPECT_FALSE(ledger.Begin(4));
  EXPECT_FALSE(ledger.Begin(3));
  ledger.Finish(4);
  ledger.Settle(5);
  EXPECT_FALSE(ledger.Begin(4));
  EXPECT_TRUE(ledger.Begin(5));
  EXPECT_EQ(ledger.open(), 1u);
}

// Against the definition, with confirmations that come late or never: everything below a commit is finished,
// reading resumes at the first that is not, and in the end all is settled.
TEST(DeliveryLedger, NeverCommitsPastAnUnfinishedMessage) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    DeliveryLedger ledger;
    std::vector<int64_t> offsets;
    int64_t next = 0;
    for (int i = 0; i < 30; ++i) offsets.push_back(next += 1 + static_cast<int64_t>(random.Below(3)));
    for (const int64_t offset : offsets) ledger.Begin(offset);
    std::vector<int64_t> order = offsets;
    random.Shuffle(order);
    std::set<int64_t> left(offsets.begin(), offsets.end());
    for (const int64_t offset : order) {
      ledger.Finish(offset);
      left.erase(offset);
      const int64_t commit = ledger.ToCommit();
      if (!left.empty()) {
        EXPECT_LE(commit, *left.begin());
        EXPECT_EQ(ledger.ToResume(), *left.begin());
      }
      if (commit != kNone && random.Below(2) == 0) ledger.Settle(commit);
    }
    ledger.Settle(ledger.ToCommit());
    EXPECT_EQ(ledger.open(), 0u);
  }
}

}  // namespace
}  // namespace forewarn
