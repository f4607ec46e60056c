#include "accounts/throttle.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace forewarn {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kStart = 1700000000 * kSecond;

TEST(Throttle, TenWrongTriesLockAccountAndAddressForAWhileAndNobodyElse) {
  Throttle throttle({});
  int64_t now = kStart;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(throttle.Begin("alice", "10.0.0.1", now += kSecond).ok()) << i;
  const Status locked = throttle.Begin("alice", "10.0.0.1", now);
  EXPECT_EQ(locked.code(), Code::kThrottled);
  EXPECT_EQ(locked.retry_after_s(), 15 * 60);
  EXPECT_THAT(locked.message(), HasSubstr("locked for your address for 900 s"));
  EXPECT_TRUE(throttle.IsLocked("alice", "10.0.0.1", now));
  EXPECT_TRUE(throttle.Begin("alice", "10.0.0.2", now).ok());
  EXPECT_TRUE(throttle.Begin("bob", "10.0.0.1", now).ok());
  // Tries while locked do not make it longer.
  EXPECT_EQ(throttle.Begin("alice", "10.0.0.1", now + 899 * kSecond).retry_after_s(), 1);
  EXPECT_TRUE(throttle.Begin("alice", "10.0.0.1", now + 900 * kSecond).ok());
  EXPECT_FALSE(throttle.IsLocked("alice", "10.0.0.1", now + 900 * kSecond));
}

TEST(Throttle, ARightTryForgetsTheWrongOnes) {
  Throttle throttle({});
  int64_t now = kStart;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(throttle.Begin("alice", "10.0.0.1", now += kSecond).ok());
    throttle.Succeeded("alice", "10.0.0.1", now);
  }
}

TEST(Throttle, ATryThatWasNotJudgedDoesNotCount) {
  Throttle throttle({});
  int64_t now = kStart;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(throttle.Begin("alice", "10.0.0.1", now += kSecond).ok()) << i;
    throttle.Withdraw("alice", "10.0.0.1", now);
  }
}

TEST(Throttle, TriesSideBySideCannotPassTheLimit) {
  Throttle throttle({});
  std::atomic<int> let_in = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) let_in += throttle.Begin("alice", "10.0.0.1", kStart).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(let_in, 10);
}

TEST(Throttle, AnAddressHasABurstAndThenARate) {
  Throttle throttle({});
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(throttle.Begin(fmt::format("user{}", i), "10.0.0.1", kStart).ok()) << i;
  }
  const Status refused = throttle.Begin("user60", "10.0.0.1", kStart);
  EXPECT_EQ(refused.code(), Code::kThrottled);
  EXPECT_EQ(refused.retry_after_s(), 1);
  EXPECT_FALSE(throttle.BeginAnonymous("10.0.0.1", kStart).ok());
  EXPECT_TRUE(throttle.BeginAnonymous("10.0.0.2", kStart).ok());
  EXPECT_TRUE(throttle.Begin("user60", "10.0.0.1", kStart + kSecond).ok());
  EXPECT_FALSE(throttle.Begin("user61", "10.0.0.1", kStart + kSecond).ok());
}

TEST(Throttle, HostsOfOneIpv6NetworkAreOneAddress) {
  Throttle throttle({});
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(throttle.Begin("alice", fmt::format("2001:db8:1:2::{:x}", i + 1), kStart).ok());
  }
  EXPECT_FALSE(throttle.Begin("alice", "2001:db8:1:2:ffff::1", kStart).ok());
  EXPECT_TRUE(throttle.Begin("alice", "2001:db8:1:3::1", kStart).ok());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(throttle.Begin("bob", "::ffff:10.0.0.1", kStart).ok());
  EXPECT_FALSE(throttle.Begin("bob", "10.0.0.1", kStart).ok());
}

TEST(Throttle, GuessingFromManyAddressesDoesNotShutOutWhoSignsInFromTheirOwn) {
  Throttle throttle({});
  ASSERT_TRUE(throttle.Begin("alice", "10.0.0.1", kStart).ok());
  throttle.Succeeded("alice", "10.0.0.1", kStart);
  int let_in = 0;
  for (int i = 0; i < 1000; ++i) {
    let_in += throttle.Begin("alice", fmt::format("10.1.{}.{}", i / 250, i % 250), kStart).ok() ? 1 : 0;
  }
  EXPECT_EQ(let_in, 100);
  EXPECT_TRUE(throttle.Begin("alice", "10.0.0.1", kStart + kSecond).ok());
}

TEST(Throttle, AFloodOfMadeUpNamesDoesNotPushOutALock) {
  ThrottleOptions options;
  options.entries = 1024;
  options.address_burst = 1 << 30;
  Throttle throttle(options);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(throttle.Begin("alice", "10.0.0.1", kStart).ok());
  for (int i = 0; i < 100000; ++i) {
    ASSERT_TRUE(throttle.Begin(fmt::format("made up {}", i), "10.0.0.1", kStart + i).ok());
  }
  EXPECT_TRUE(throttle.IsLocked("alice", "10.0.0.1", kStart + 100000));
  EXPECT_FALSE(throttle.Begin("alice", "10.0.0.1", kStart + 100000).ok());
}

}  // namespace
}  // namespace forewarn
