#include "accounts/local_admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts/store_fixture.h"

namespace forewarn {
namespace {

using ::testing::HasSubstr;

class LocalAdminTest : public StoreTest<Sqlite> {
 protected:
  PasswordHasher hasher_{{.cost = {1, 64 << 10}}};
};

TEST_F(LocalAdminTest, AddsChangesAndRemovesAccountsAndLeavesRows) {
  LocalAdmin admin(*store_, hasher_, "local:root", 5);
  EXPECT_EQ(admin.Add("alice", "correct horse", std::nullopt)->role, Role::kAdministrator);
  EXPECT_EQ(admin.Add("bob", "correct horse", std::nullopt)->role, Role::kOperator);
  EXPECT_EQ(admin.Add("BOB", "correct horse", std::nullopt).status().code(), Code::kExists);
  EXPECT_EQ(admin.Add("carol", "short", std::nullopt).status().code(), Code::kInvalid);
  EXPECT_EQ(admin.Add(" carol", "correct horse", std::nullopt).status().code(), Code::kInvalid);
  EXPECT_EQ(admin.SetRole("Bob", Role::kAdministrator)->role, Role::kAdministrator);
  Do(AddSession{{"bobs", store_->FindUser("bob")->id, 1, 1, 100}});
  const User bob = *admin.SetPassword("bob", "battery staple");
  EXPECT_EQ(bob.token_generation, 1);
  EXPECT_TRUE(*hasher_.Verify(bob.password_hash, "battery staple"));
  EXPECT_FALSE(store_->FindSession("bobs").ok());
  EXPECT_EQ(admin.Remove("alice")->username, "alice");
  EXPECT_THAT(admin.SetRole("bob", Role::kOperator).message(), HasSubstr("last administrator"));
  std::string told;
  const std::vector<AuditRow> rows = *store_->ListAudit(0, 10);
  for (const AuditRow& row : rows) told = row.who + " " + row.action + " " + row.detail + "\n" + told;
  EXPECT_EQ(told,
            "local:root register alice, administrator\nlocal:root register bob, operator\n"
            "local:root role bob is administrator\nlocal:root password bob\nlocal:root remove alice\n");
}

TEST_F(LocalAdminTest, AnUnknownNameListsTheKnownOnes) {
  LocalAdmin admin(*store_, hasher_, "local:root", 5);
  admin.Add("alice", "correct horse", std::nullopt).ok();
  for (const Status& status :
       {admin.Remove("alise").status(), admin.SetPassword("alise", "battery staple").status(),
        admin.SetRole("alise", Role::kOperator).status()}) {
    EXPECT_EQ(status.code(), Code::kNotFound);
    EXPECT_THAT(status.message(), HasSubstr("unknown user 'alise' (did you mean 'alice'?); known: alice"));
  }
}

}  // namespace
}  // namespace forewarn
