// SignIn: who may come in. Registers, checks passwords, issues and checks sessions (browsers) and bearer
// tokens (API clients), and slows guessing down: limits by address and account, and a lock on an account from
// one address after ten wrong tries. Unknown and known names cost the same time. Methods marked (slow) hash a
// password or write: call them off the I/O threads. Safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "accounts/password.h"
#include "accounts/store.h"
#include "accounts/throttle.h"
#include "accounts/token.h"

namespace forewarn {

// Who is asking, once known.
struct Principal {
  int64_t user_id = 0;
  std::string username;
  Role role = Role::kOperator;
  int64_t created_us = 0;
  // By which it was known: one of the two is set.
  std::string session_hash;
  std::string token_id;
  int64_t expires_us = 0;

  bool is_administrator() const { return role == Role::kAdministrator; }
};

struct NewSession {
  std::string id;  // the cookie's value; not kept
  int64_t expires_us = 0;
};

struct SignInOptions {
  bool open_registration = true;
  int64_t token_life_us = 24 * kHour;
  int64_t session_idle_us = 12 * kHour;  // a shift
  int64_t session_life_us = 7 * kDay;
  // How long an answer of the store is believed: another process' change is seen within this time.
  int64_t cache_us = 500 * kMillisecond;
  // And while the store does not answer: who was known goes on with what needs no store.
  int64_t cache_while_away_us = 10 * kMinute;
  size_t cache_entries = 4096;
  ThrottleOptions throttle;
};

class SignIn {
 public:
  using Clock = std::function<int64_t()>;  // wall time, microseconds UTC

  // The store must outlive it.
  SignIn(Store& store, TokenKey key, PasswordHasher::Options hashing, SignInOptions options, Clock clock);
  ~SignIn();

  // (slow) `by`: who asks, if signed in; an administrator may add accounts while registration is closed.
  // kInvalid (shape), kExists, kForbidden (closed), kThrottled.
  Result<User> Register(const std::string& username, const std::string& password, const std::string& address,
                        const std::optional<Principal>& by);
  // (slow) kUnauthenticated in equal time for an unknown name and a wrong password; kThrottled; kBusy.
  Result<User> CheckPassword(const std::string& username, const std::string& password,
                             const std::string& address);
  std::string IssueToken(const User& user) const;
  Result<NewSession> StartSession(const User& user);  // (slow)

  // Whether a token or session id is good. Authenticate reads the store when its cache is older than cache_us
  // (slow); the Cached forms never do: nullopt means "ask the slow one". kUnavailable: the store is away, and
  // it is nobody known of late.
  Result<Principal> AuthenticateToken(std::string_view token);
  Result<Principal> AuthenticateSession(std::string_view id);
  std::optional<Result<Principal>> AuthenticateTokenCached(std::string_view token);
  std::optional<Result<Principal>> AuthenticateSessionCached(std::string_view id);

  Status Logout(const Principal& who, const std::string& address);  // (slow)
  // (slow) Ends the account's other sessions and all its tokens. kUnauthenticated: `old_password` is wrong.
  // The account as it is then: a client that came with a token needs a new one.
  Result<User> ChangePassword(const Principal& who, const std::string& old_password,
                              const std::string& new_password, const std::string& address);
  // An account's role or existence was changed in this process: believe nothing cached about it.
  void Forget(int64_t user_id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace forewarn
