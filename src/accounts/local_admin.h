// What an administrator does to accounts at the machine itself (`forewarn user …`), beside a running gateway:
// it needs no sign-in, and leaves audit rows of its own. A gateway sees the changes within its cache's life.
// Safe from any thread.
#pragma once

#include <optional>
#include <string>

#include "accounts/password.h"
#include "accounts/store.h"

namespace forewarn {

class LocalAdmin {
 public:
  // `who` is written into the audit rows ("local:" and the system's user); both references must outlive it.
  LocalAdmin(Store& store, PasswordHasher& hasher, std::string who, int64_t now_us)
      : store_(store), hasher_(hasher), who_(std::move(who)), now_us_(now_us) {}

  // Without a role: an administrator if it is the first account, else an operator.
  Result<User> Add(const std::string& name, const std::string& password, std::optional<Role> role);
  // Ends the account's sessions and voids its tokens. An unknown name's error lists the known ones.
  Result<User> SetPassword(const std::string& name, const std::string& password);
  Result<User> SetRole(const std::string& name, Role role);
  Result<User> Remove(const std::string& name);  // with its history

 private:
  Result<User> Find(const std::string& name);
  Status Audit(const char* action, const std::string& detail);

  Store& store_;
  PasswordHasher& hasher_;
  const std::string who_;
  const int64_t now_us_;
};

}  // namespace forewarn
