#include "accounts/sign_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts/store_fixture.h"

namespace forewarn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kHome[] = "10.0.0.1";
constexpr PasswordHasher::Options kCheapHashing{.cost = {1, 64 << 10}};

class SignInTest : public StoreTest<Sqlite> {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Start();
  }

  void Start(PasswordHasher::Options hashing = kCheapHashing) {
    in_ = std::make_unique<SignIn>(*store_, *TokenKey::FromSecret(std::string(32, 's')), hashing, settings_,
                                   [this] { return now_; });
  }
  User Register(const std::string& name, const std::string& password = "correct horse") {
    const Result<User> user = in_->Register(name, password, kHome, std::nullopt);
    EXPECT_TRUE(user.ok()) << (user.ok() ? "" : user.message());
    return *user;
  }
  // The store has answered everything submitted before.
  std::vector<std::string> Audited() {
    Do(AddAudit{{0, 0, "-", "-", "", ""}});
    std::vector<std::string> out;
    const std::vector<AuditRow> rows = *store_->ListAudit(0, 100);
    for (const AuditRow& row : rows) {
      if (row.who != "-") out.insert(out.begin(), row.who + " " + row.action);
    }
    return out;
  }

  int64_t now_ = 1700000000 * kSecond;
  SignInOptions settings_;
  std::unique_ptr<SignIn> in_;
};

TEST_F(SignInTest, TheFirstAccountIsTheAdministrator) {
  EXPECT_EQ(Register("alice").role, Role::kAdministrator);
  EXPECT_EQ(Register("bob").role, Role::kOperator);
  EXPECT_EQ(in_->Register("ALICE", "correct horse", kHome, std::nullopt).status().code(), Code::kExists);
  EXPECT_EQ(in_->Register("al", "correct horse", kHome, std::nullopt).status().code(), Code::kInvalid);
  EXPECT_EQ(in_->Register("carol", "short", kHome, std::nullopt).status().code(), Code::kInvalid);
  EXPECT_THAT(Audited(), ElementsAre("alice register", "bob register"));
}

TEST_F(SignInTest, ClosedRegistrationLetsOnlyAnAdministratorAdd) {
  const User alice = Register("alice");
  const User bob = Register("bob");
  settings_.open_registration = false;
  Start();
  EXPECT_EQ(in_->Register("carol", "correct horse", kHome, std::nullopt).status().code(), Code::kForbidden);
  const Principal as_bob = *in_->AuthenticateToken(in_->IssueToken(bob));
  EXPECT_EQ(in_->Register("carol", "correct horse", kHome, as_bob).status().code(), Code::kForbidden);
  const Principal as_alice = *in_->AuthenticateToken(in_->IssueToken(alice));
  EXPECT_EQ(in_->Register("carol", "correct horse", kHome, as_alice)->role, Role::kOperator);
}

TEST_F(SignInTest, AWrongPasswordAndAnUnknownNameGetTheSameAnswer) {
  Register("alice");
  EXPECT_EQ(in_->CheckPassword("Alice", "correct horse", kHome)->username, "alice");
  const Status wrong = in_->CheckPassword("alice", "wrong horse", kHome).status();
  const Status unknown = in_->CheckPassword("mallory", "wrong horse", kHome).status();
  EXPECT_EQ(wrong.code(), Code::kUnauthenticated);
  EXPECT_EQ(unknown.code(), Code::kUnauthenticated);
  EXPECT_EQ(wrong.message(), unknown.message());
  EXPECT_EQ(in_->CheckPassword("alice", "short", kHome).status().code(), Code::kUnauthenticated);
  EXPECT_EQ(in_->CheckPassword("alice", std::string(2000, 'x'), kHome).status().code(), Code::kInvalid);
  // Names that no account can have are names that no account has; the log does not repeat them.
  for (const std::string& name : {std::string(), std::string("a\nb c"), std::string(1 << 20, 'x')}) {
    EXPECT_EQ(in_->CheckPassword(name, "correct horse", kHome).status().message(), unknown.message());
  }
  EXPECT_THAT(Audited(),
              ElementsAre("alice register", "alice sign_in", "alice sign_in_failed", "mallory sign_in_failed",
                          "alice sign_in_failed", "(no user name) sign_in_failed",
                          "(no user name) sign_in_failed", "(no user name) sign_in_failed"));
}

TEST_F(SignInTest, TenWrongTriesLockAndTheRightPasswordDoesNotOpen) {
  Register("alice");
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(in_->CheckPassword("alice", "wrong horse", kHome).status().code(), Code::kUnauthenticated);
    // A name nobody has is locked just so, or the lock would tell who exists.
    EXPECT_EQ(in_->CheckPassword("nobody", "wrong horse", kHome).status().code(), Code::kUnauthenticated);
  }
  for (const char* name : {"alice", "ALICE", "nobody"}) {
    const Status locked = in_->CheckPassword(name, "correct horse", kHome).status();
    EXPECT_EQ(locked.code(), Code::kThrottled);
    EXPECT_GT(locked.retry_after_s(), 0);
  }
  EXPECT_TRUE(in_->CheckPassword("alice", "correct horse", "10.0.0.2").ok());
  now_ += 15 * kMinute;
  EXPECT_TRUE(in_->CheckPassword("alice", "correct horse", kHome).ok());
}

TEST_F(SignInTest, ATokenIsGoodForADayAndVoidAfterLogout) {
  const User alice = Register("alice");
  const std::string token = in_->IssueToken(alice);
  const std::string other = in_->IssueToken(alice);
  const Principal who = *in_->AuthenticateToken(token);
  EXPECT_EQ(who.username, "alice");
  EXPECT_TRUE(who.is_administrator());
  EXPECT_TRUE(who.session_hash.empty());
  EXPECT_EQ(in_->AuthenticateToken("x" + token).status().code(), Code::kUnauthenticated);
  ASSERT_TRUE(in_->Logout(who, kHome).ok());
  EXPECT_EQ(in_->AuthenticateToken(token).status().code(), Code::kUnauthenticated);
  EXPECT_TRUE(in_->AuthenticateToken(other).ok());
  now_ += 24 * kHour - kSecond;
  EXPECT_TRUE(in_->AuthenticateToken(other).ok());
  now_ += kSecond;
  EXPECT_EQ(in_->AuthenticateToken(other).status().code(), Code::kUnauthenticated);
}

TEST_F(SignInTest, ASessionLivesWhileItIsUsedAndEndsAtLogout) {
  const User alice = Register("alice");
  const NewSession session = *in_->StartSession(alice);
  EXPECT_EQ(session.id.size(), 43u);
  EXPECT_EQ(store_->FindSession(session.id).status().code(), Code::kNotFound);  // only its hash is kept
  for (int i = 0; i < 13; ++i) {
    now_ += 11 * kHour;
    ASSERT_TRUE(in_->AuthenticateSession(session.id).ok()) << i;
    Audited();
  }
  const NewSession idle = *in_->StartSession(alice);
  now_ += 12 * kHour;
  EXPECT_EQ(in_->AuthenticateSession(idle.id).status().code(), Code::kUnauthenticated);
  now_ += 2 * kDay;  // seven days in all, used or not
  EXPECT_EQ(in_->AuthenticateSession(session.id).status().code(), Code::kUnauthenticated);

  const NewSession last = *in_->StartSession(alice);
  const Principal who = *in_->AuthenticateSession(last.id);
  ASSERT_TRUE(in_->Logout(who, kHome).ok());
  EXPECT_EQ(in_->AuthenticateSession(last.id).status().code(), Code::kUnauthenticated);
  for (const std::string& id :
       {std::string(), std::string("x"), std::string(43, '!'), std::string(1 << 20, 'a')}) {
    EXPECT_EQ(in_->AuthenticateSession(id).status().code(), Code::kUnauthenticated);
  }
}

TEST_F(SignInTest, APasswordChangeVoidsTokensAndOtherSessions) {
  const User alice = Register("alice");
  const std::string token = in_->IssueToken(alice);
  const NewSession here = *in_->StartSession(alice);
  const NewSession there = *in_->StartSession(alice);
  ASSERT_TRUE(in_->AuthenticateToken(token).ok());
  ASSERT_TRUE(in_->AuthenticateSession(there.id).ok());
  const Principal who = *in_->AuthenticateSession(here.id);
  EXPECT_EQ(in_->ChangePassword(who, "wrong horse", "battery staple", kHome).status().code(),
            Code::kUnauthenticated);
  EXPECT_EQ(in_->ChangePassword(who, "correct horse", "short", kHome).status().code(), Code::kInvalid);
  ASSERT_TRUE(in_->AuthenticateToken(token).ok());
  const Result<User> changed = in_->ChangePassword(who, "correct horse", "battery staple", kHome);
  ASSERT_TRUE(changed.ok());
  EXPECT_FALSE(in_->AuthenticateToken(token).ok());
  EXPECT_FALSE(in_->AuthenticateSession(there.id).ok());
  EXPECT_TRUE(in_->AuthenticateSession(here.id).ok());
  EXPECT_TRUE(in_->AuthenticateToken(in_->IssueToken(*changed)).ok());
  EXPECT_FALSE(in_->AuthenticateToken(in_->IssueToken(alice)).ok());  // made from what was known before
  EXPECT_FALSE(in_->CheckPassword("alice", "correct horse", kHome).ok());
  EXPECT_TRUE(in_->CheckPassword("alice", "battery staple", kHome).ok());
}

TEST_F(SignInTest, TheCacheAnswersWithoutTheStoreAndForgetsWhatChanges) {
  const User alice = Register("alice");
  const User bob = Register("bob");
  const std::string token = in_->IssueToken(bob);
  EXPECT_EQ(in_->AuthenticateTokenCached(token), std::nullopt);
  ASSERT_TRUE(in_->AuthenticateToken(token).ok());
  const std::optional<Result<Principal>> cached = in_->AuthenticateTokenCached(token);
  ASSERT_TRUE(cached.has_value());
  EXPECT_EQ((*cached)->username, "bob");
  EXPECT_FALSE(in_->AuthenticateTokenCached("forged")->ok());  // needs no store
  EXPECT_FALSE(in_->AuthenticateSessionCached("forged")->ok());

  Do(SetRole{bob.id, Role::kAdministrator});
  in_->Forget(bob.id);
  EXPECT_EQ(in_->AuthenticateTokenCached(token), std::nullopt);
  EXPECT_TRUE(in_->AuthenticateToken(token)->is_administrator());

  Do(RemoveUser{bob.id});  // as another process would
  EXPECT_TRUE(in_->AuthenticateToken(token).ok());
  now_ += 501 * kMillisecond;
  EXPECT_EQ(in_->AuthenticateToken(token).status().code(), Code::kUnauthenticated);
  EXPECT_TRUE(in_->AuthenticateToken(in_->IssueToken(alice)).ok());
}

class SignInWhileTheStoreIsAwayTest : public StoreTest<Postgres> {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) return;
    in_ = std::make_unique<SignIn>(*store_, *TokenKey::FromSecret(std::string(32, 's')), kCheapHashing,
                                   SignInOptions(), [this] { return now_; });
  }
  void TearDown() override {
    if (away_) PostgresServer::Shared().Start();
  }
  User Register(const std::string& name) {
    return *in_->Register(name, "correct horse", kHome, std::nullopt);
  }
  void Leave() {
    PostgresServer::Shared().Stop(SIGQUIT);
    away_ = true;
  }
  void Return() {
    PostgresServer::Shared().Start();
    away_ = false;
  }

  int64_t now_ = 1700000000 * kSecond;
  bool away_ = false;
  std::unique_ptr<SignIn> in_;
};

TEST_F(SignInWhileTheStoreIsAwayTest, WhoWasKnownOfLateGoesOn) {
  const User alice = Register("alice");
  const std::string token = in_->IssueToken(alice);
  const std::string session = in_->StartSession(alice)->id;
  ASSERT_TRUE(in_->AuthenticateToken(token).ok());
  ASSERT_TRUE(in_->AuthenticateSession(session).ok());
  Leave();
  now_ += 9 * kMinute;
  EXPECT_EQ(in_->AuthenticateTokenCached(token), std::nullopt);  // the store is to be asked first
  EXPECT_EQ(in_->AuthenticateToken(token)->username, "alice");
  EXPECT_TRUE(in_->AuthenticateTokenCached(token).has_value());
  EXPECT_TRUE(in_->AuthenticateSession(session).ok());
  EXPECT_EQ(in_->AuthenticateToken(in_->IssueToken(alice)).status().code(),
            Code::kUnavailable);  // never seen
  EXPECT_EQ(in_->AuthenticateToken(token + "x").status().code(), Code::kUnauthenticated);
  now_ += 2 * kMinute;
  EXPECT_EQ(in_->AuthenticateToken(token).status().code(), Code::kUnavailable);
  EXPECT_EQ(in_->AuthenticateSession(session).status().code(), Code::kUnavailable);
  Return();
  EXPECT_TRUE(in_->AuthenticateToken(token).ok());
  EXPECT_TRUE(in_->AuthenticateSession(session).ok());
}

TEST_F(SignInWhileTheStoreIsAwayTest, WhoWasShutOutBeforeStaysOut) {
  Register("alice");
  const User bob = Register("bob");
  const User carol = Register("carol");
  const std::string of_bob = in_->IssueToken(bob), of_carol = in_->IssueToken(carol);
  ASSERT_TRUE(in_->AuthenticateToken(of_bob).ok());
  const Principal as_carol = *in_->AuthenticateToken(of_carol);
  Do(RemoveUser{bob.id});  // as another process would
  now_ += kSecond;
  EXPECT_EQ(in_->AuthenticateToken(of_bob).status().code(), Code::kUnauthenticated);
  ASSERT_TRUE(in_->Logout(as_carol, kHome).ok());
  Leave();
  EXPECT_EQ(in_->AuthenticateToken(of_bob).status().code(), Code::kUnavailable);
  EXPECT_EQ(in_->AuthenticateToken(of_carol).status().code(), Code::kUnavailable);
}

TEST_F(SignInTest, AHashOfALowerCostIsRenewedAtSignIn) {
  const User alice = Register("alice");
  Start({.cost = {2, 128 << 10}});
  ASSERT_TRUE(in_->CheckPassword("alice", "correct horse", kHome).ok());
  Audited();
  EXPECT_THAT(store_->GetUser(alice.id)->password_hash, HasSubstr("m=128,t=2"));
  EXPECT_EQ(store_->GetUser(alice.id)->token_generation, 0);
  EXPECT_TRUE(in_->CheckPassword("alice", "correct horse", kHome).ok());
}

}  // namespace
}  // namespace forewarn
