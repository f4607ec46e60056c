#include "accounts/password.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "accounts/username.h"

namespace forewarn {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::string_literals;

constexpr PasswordCost kCheapCost{1, 64 << 10};

TEST(Password, IsVerifiedInFull) {
  PasswordHasher hasher({.cost = kCheapCost});
  const std::string long_password(1024, 'x');
  for (const std::string& password : {"12345678"s, "пароль-оператора"s, long_password}) {
    const std::string hash = *hasher.Hash(password);
    EXPECT_TRUE(*hasher.Verify(hash, password));
    EXPECT_FALSE(*hasher.Verify(hash, password + "y"));
    EXPECT_FALSE(
        *hasher.Verify(hash, password.substr(0, password.size() - 1)));  // nothing is cut off at 72 bytes
    EXPECT_NE(*hasher.Hash(password), hash);                             // salted
  }
}

TEST(Password, TheDefaultCostIsWhatTheHeaderSays) {
  PasswordHasher hasher({});
  EXPECT_THAT(*hasher.Hash("12345678"), StartsWith("$argon2id$v=19$m=19456,t=3,p=1$"));
}

TEST(Password, WhatCannotBeOneIsRefusedInWords) {
  PasswordHasher hasher({.cost = kCheapCost});
  EXPECT_THAT(hasher.Hash("1234567").message(), HasSubstr("at least 8"));
  EXPECT_THAT(hasher.Hash(std::string(1025, 'x')).message(), HasSubstr("at most 1024"));
  // Characters count, not their bytes.
  EXPECT_THAT(hasher.Hash("\u00e9\u00e9\u00e9\u00e9").message(), HasSubstr("at least 8"));
  std::string long_one;
  for (int i = 0; i < 1024; ++i) long_one += "\u30aa";
  EXPECT_TRUE(hasher.Hash(long_one).ok());
  EXPECT_THAT(hasher.Hash(long_one + "x").message(), HasSubstr("at most 1024"));
  EXPECT_THAT(hasher.Hash("12345678\0"s).message(), HasSubstr("NUL"));
  EXPECT_THAT(hasher.Hash("1234567\xff").message(), HasSubstr("UTF-8"));
  EXPECT_THAT(hasher.Hash("12345678\xed\xa0\x80").message(), HasSubstr("UTF-8"));  // a lone surrogate
}

TEST(Password, AHashThatIsNoneFitsNoPassword) {
  PasswordHasher hasher({.cost = kCheapCost});
  for (const char* hash : {"", "x", "$argon2id$", "$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA", "$2b$12$abc"}) {
    EXPECT_FALSE(*hasher.Verify(hash, "12345678")) << hash;
  }
  EXPECT_TRUE(hasher.VerifyNothing("12345678").ok());
}

TEST(Password, AHashOfAnotherCostIsDueForRenewal) {
  PasswordHasher cheap({.cost = kCheapCost});
  PasswordHasher dear({.cost = {2, 128 << 10}});
  const std::string hash = *cheap.Hash("12345678");
  EXPECT_FALSE(cheap.NeedsRehash(hash));
  EXPECT_TRUE(dear.NeedsRehash(hash));
  EXPECT_TRUE(*dear.Verify(hash, "12345678"));
}

TEST(Password, WhoWouldWaitTooLongIsToldSo) {
  PasswordHasher hasher({.cost = {50, 4 << 20}, .concurrent = 1, .wait_ms = 0});
  std::atomic<int> busy = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const Result<std::string> hash = hasher.Hash("12345678");
      if (hash.ok()) return;
      EXPECT_EQ(hash.status().code(), Code::kBusy);
      EXPECT_GT(hash.status().retry_after_s(), 0);
      ++busy;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LT(busy, 8);
  EXPECT_TRUE(hasher.Hash("12345678").ok());  // the places are given back
}

TEST(Username, IsComposedAndComparedWithoutCaseAndWidth) {
  EXPECT_EQ(*NormalizeUsername("A\u0308rger"), "Ärger");
  EXPECT_EQ(*NormalizeUsername("shift leader 3"), "shift leader 3");
  EXPECT_EQ(*NormalizeUsername("オペレータ"), "オペレータ");
  EXPECT_EQ(UsernameKey("STRASSE"), UsernameKey("straße"));
  EXPECT_EQ(UsernameKey("ＡＬＩＣＥ"), UsernameKey("alice"));
  EXPECT_EQ(UsernameKey("Ärger"), UsernameKey("ÄRGER"));
  EXPECT_NE(UsernameKey("alice"), UsernameKey("alicе"));  // the last one is Cyrillic
}

TEST(Username, WhatCannotBeOneIsRefusedInWords) {
  EXPECT_THAT(NormalizeUsername("ab").message(), HasSubstr("3 to 64 characters"));
  EXPECT_THAT(NormalizeUsername("").message(), HasSubstr("3 to 64 characters"));
  EXPECT_THAT(NormalizeUsername(std::string(65, 'x')).message(), HasSubstr("3 to 64 characters"));
  EXPECT_THAT(NormalizeUsername(std::string(1 << 20, 'x')).message(), HasSubstr("3 to 64 characters"));
  EXPECT_THAT(NormalizeUsername("alice ").message(), HasSubstr("begin or end with a space"));
  EXPECT_THAT(NormalizeUsername(" alice").message(), HasSubstr("begin or end with a space"));
  EXPECT_THAT(NormalizeUsername("ali\0ce"s).message(), HasSubstr("U+0000"));
  EXPECT_THAT(NormalizeUsername("ali\nce").message(), HasSubstr("U+000A"));
  EXPECT_THAT(NormalizeUsername("ali\u200bce").message(), HasSubstr("U+200B"));  // zero width
  EXPECT_THAT(NormalizeUsername("ali\u202ece").message(), HasSubstr("U+202E"));  // right to left
  EXPECT_THAT(NormalizeUsername("ali\u00a0ce").message(),
              HasSubstr("U+00A0"));  // a space that looks like one
  EXPECT_THAT(NormalizeUsername("ali\xed\xa0\x80").message(), HasSubstr("UTF-8"));  // a lone surrogate
  EXPECT_THAT(NormalizeUsername("ali\xff").message(), HasSubstr("UTF-8"));
  EXPECT_EQ(NormalizeUsername(std::string(64, 'x'))->size(), 64u);
  std::string widest;
  for (int i = 0; i < 64; ++i) widest += "\U0001F600";
  EXPECT_TRUE(NormalizeUsername(widest).ok());
}

}  // namespace
}  // namespace forewarn
