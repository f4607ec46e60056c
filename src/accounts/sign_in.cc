#include "accounts/sign_in.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "accounts/principal_cache.h"
#include "accounts/username.h"
#include "core/file.h"
#include "core/names.h"

namespace forewarn {
namespace {

constexpr size_t kSessionIdBytes = 32;       // 256 bits
constexpr size_t kSessionIdCharacters = 43;  // of them in base64url
constexpr int64_t kTouchEvery = kMinute;

Status WrongNameOrPassword() { return Status::Unauthenticated("the user name or the password is wrong"); }
Status SignInAgain() { return Status::Unauthenticated("you are not signed in, or no longer; sign in again"); }

Principal MakePrincipal(const User& user) {
  return {.user_id = user.id, .username = user.username, .role = user.role, .created_us = user.created_us};
}

// What may never be a password, told before any work is done; a short one may be of an earlier rule.
Status CheckGivenPassword(const std::string& password) {
  const bool may_be_short = password.size() < 4 * kMinPasswordCharacters && IsValidUtf8(password) &&
                            password.find('\0') == std::string::npos;
  return may_be_short ? Status::Ok() : ValidatePassword(password);
}

}  // namespace

struct SignIn::State {
  State(Store& the_store, TokenKey the_key, PasswordHasher::Options hashing, const SignInOptions& the_options,
        Clock the_clock)
      : store(the_store),
        key(std::move(the_key)),
        hasher(hashing),
        options(the_options),
        clock(std::move(the_clock)),
        throttle(the_options.throttle),
        cache(the_options.cache_us, the_options.cache_while_away_us, the_options.cache_entries) {}

  void Audit(const std::string& who, const char* action, const std::string& address,
             const std::string& detail) {
    // Its own failure is not the user's: the database that refuses it refuses the session too.
    store.Submit(AddAudit{{0, clock(), who, action, address, detail}}, [](const Result<int64_t>&) {});
  }

  Result<Principal> ReadToken(std::string_view token, const std::string& hash, int64_t now);
  Result<Principal> ReadSession(const std::string& hash, int64_t now);
  // What was read, or else, where the store is away, whom it knew by the hash of late.
  Result<Principal> OrRemembered(Result<Principal> read, const std::string& hash, int64_t now);

  // Whether the password is the account's, under the limits on trying.
  Result<bool> Judge(const Result<User>& user, const std::string& account, const std::string& password,
                     const std::string& address);
  void Upgrade(const User& user, const std::string& password);

  Store& store;
  const TokenKey key;
  PasswordHasher hasher;
  const SignInOptions options;
  const Clock clock;
  Throttle throttle;
  PrincipalCache cache;
};

SignIn::SignIn(Store& store, TokenKey key, PasswordHasher::Options hashing, SignInOptions options,
               Clock clock)
    : state_(std::make_unique<State>(store, std::move(key), hashing, options, std::move(clock))) {}

SignIn::~SignIn() = default;

Result<User> SignIn::Register(const std::string& username, const std::string& password,
                              const std::string& address, const std::optional<Principal>& by) {
  State& s = *state_;
  const bool by_administrator = by.has_value() && by->is_administrator();
  if (!s.options.open_registration && !by_administrator) {
    return Status::Forbidden("registration is closed; an administrator can add accounts");
  }
  FW_ASSIGN_OR_RETURN(const std::string name, NormalizeUsername(username));
  FW_RETURN_IF_ERROR(ValidatePassword(password));
  if (!by_administrator) FW_RETURN_IF_ERROR(s.throttle.BeginAnonymous(address, s.clock()));
  const Result<User> taken = s.store.FindUser(name);
  if (taken.ok()) return Status::Exists(fmt::format("the user name '{}' is taken", name));
  if (taken.status().code() != Code::kNotFound) return taken.status();
  FW_ASSIGN_OR_RETURN(const std::string hash, s.hasher.Hash(password));
  FW_ASSIGN_OR_RETURN(const int64_t id, s.store.Apply(AddUser{name, hash, std::nullopt, s.clock()}));
  FW_ASSIGN_OR_RETURN(User user, s.store.GetUser(id));
  s.Audit(name, "register", address,
          fmt::format("{}{}", RoleName(user.role), by_administrator ? ", added by " + by->username : ""));
  return user;
}

Result<bool> SignIn::State::Judge(const Result<User>& user, const std::string& account,
                                  const std::string& password, const std::string& address) {
  Result<bool> right = false;
  if (user.ok()) {
    right = hasher.Verify(user->password_hash, password);
  } else if (const Status nothing = hasher.VerifyNothing(password); !nothing.ok()) {
    right = nothing;
  }
  if (!right.ok()) {
    throttle.Withdraw(account, address, clock());
  } else if (*right) {
    throttle.Succeeded(account, address, clock());
  }
  return right;
}

Result<User> SignIn::CheckPassword(const std::string& username, const std::string& password,
                                   const std::string& address) {
  State& s = *state_;
  FW_RETURN_IF_ERROR(CheckGivenPassword(password));
  // A name that no account can have is a name that no account has: the same words after the same time.
  const Result<std::string> normal = NormalizeUsername(username);
  const std::string name = normal.ok() ? *normal : "(no user name)";
  const std::string account = UsernameKey(name);
  FW_RETURN_IF_ERROR(s.throttle.Begin(account, address, s.clock()));
  Result<User> user = normal.ok() ? s.store.FindUser(name) : Status::NotFound(normal.status().message());
  if (!user.ok() && user.status().code() != Code::kNotFound) {
    s.throttle.Withdraw(account, address, s.clock());
    return user.status();
  }
  FW_ASSIGN_OR_RETURN(const bool right, s.Judge(user, account, password, address));
  if (!right) {
    const bool locked = s.throttle.IsLocked(account, address, s.clock());
    s.Audit(name, "sign_in_failed", address,
            locked ? "wrong name or password; locked" : "wrong name or password");
    return WrongNameOrPassword();
  }
  if (s.hasher.NeedsRehash(user->password_hash)) s.Upgrade(*user, password);
  s.Audit(user->username, "sign_in", address, "");
  return user;
}

// The password is known just now, so its hash can be made anew at today's cost. Signing in does not depend on
// it.
void SignIn::State::Upgrade(const User& user, const std::string& password) {
  Result<std::string> hash = hasher.Hash(password);
  if (!hash.ok()) return;
  store.Submit(UpgradePasswordHash{user.id, user.password_hash, *std::move(hash)},
               [](const Result<int64_t>&) {});
}

std::string SignIn::IssueToken(const User& user) const {
  const int64_t now_s = state_->clock() / kSecond;
  return state_->key.Sign({.user_id = user.id,
                           .username = user.username,
                           .role = RoleName(user.role),
                           .token_id = RandomId(16),
                           .generation = user.token_generation,
                           .issued_s = now_s,
                           .expires_s = now_s + state_->options.token_life_us / kSecond});
}

Result<NewSession> SignIn::StartSession(const User& user) {
  State& s = *state_;
  const int64_t now = s.clock();
  NewSession session{RandomId(kSessionIdBytes), now + s.options.session_life_us};
  const int64_t expires = now + std::min(s.options.session_idle_us, s.options.session_life_us);
  FW_RETURN_IF_ERROR(s.store.Apply(AddSession{{Sha256Hex(session.id), user.id, now, now, expires}}).status());
  return session;
}

std::optional<Result<Principal>> SignIn::AuthenticateTokenCached(std::string_view token) {
  State& s = *state_;
  const int64_t now = s.clock();
  if (auto known = s.cache.Find(Sha256Hex(token), now)) return Result<Principal>(*std::move(known));
  const Result<TokenClaims> claims = s.key.Verify(token, now / kSecond);
  if (!claims.ok()) return Result<Principal>(claims.status());
  return std::nullopt;
}

Result<Principal> SignIn::State::OrRemembered(Result<Principal> read, const std::string& hash, int64_t now) {
  if (read.ok()) return read;
  if (read.status().code() == Code::kUnauthenticated) cache.Drop(hash);
  if (read.status().code() != Code::kUnavailable) return read;
  cache.SourceAway(now);
  if (auto known = cache.Find(hash, now)) return *std::move(known);
  return read;
}

Result<Principal> SignIn::State::ReadToken(std::string_view token, const std::string& hash, int64_t now) {
  const uint64_t epoch = cache.Epoch();
  FW_ASSIGN_OR_RETURN(const TokenClaims claims, key.Verify(token, now / kSecond));
  const Result<User> user = store.GetUser(claims.user_id);
  if (!user.ok()) return user.status().code() == Code::kNotFound ? SignInAgain() : user.status();
  if (user->token_generation != claims.generation) return SignInAgain();
  FW_ASSIGN_OR_RETURN(const bool revoked, store.IsTokenRevoked(claims.token_id));
  if (revoked) return SignInAgain();
  Principal who = MakePrincipal(*user);
  who.token_id = claims.token_id;
  who.expires_us = claims.expires_s * kSecond;
  cache.Put(hash, who, now, epoch);
  return who;
}

Result<Principal> SignIn::AuthenticateToken(std::string_view token) {
  if (auto known = AuthenticateTokenCached(token)) return *std::move(known);
  const int64_t now = state_->clock();
  const std::string hash = Sha256Hex(token);
  return state_->OrRemembered(state_->ReadToken(token, hash, now), hash, now);
}

std::optional<Result<Principal>> SignIn::AuthenticateSessionCached(std::string_view id) {
  if (id.size() != kSessionIdCharacters || !Base64UrlDecode(id).ok()) return Result<Principal>(SignInAgain());
  if (auto known = state_->cache.Find(Sha256Hex(id), state_->clock()))
    return Result<Principal>(*std::move(known));
  return std::nullopt;
}

Result<Principal> SignIn::State::ReadSession(const std::string& hash, int64_t now) {
  const uint64_t epoch = cache.Epoch();
  const Result<Session> session = store.FindSession(hash);
  if (!session.ok()) return session.status().code() == Code::kNotFound ? SignInAgain() : session.status();
  if (session->expires_us <= now) return SignInAgain();
  const Result<User> user = store.GetUser(session->user_id);
  if (!user.ok()) return user.status().code() == Code::kNotFound ? SignInAgain() : user.status();
  Principal who = MakePrincipal(*user);
  who.session_hash = hash;
  who.expires_us = session->expires_us;
  if (now - session->last_used_us >= kTouchEvery) {
    who.expires_us = std::min(session->created_us + options.session_life_us, now + options.session_idle_us);
    store.Submit(TouchSession{hash, now, who.expires_us}, [](const Result<int64_t>&) {});
  }
  cache.Put(hash, who, now, epoch);
  return who;
}

Result<Principal> SignIn::AuthenticateSession(std::string_view id) {
  if (auto known = AuthenticateSessionCached(id)) return *std::move(known);
  const int64_t now = state_->clock();
  const std::string hash = Sha256Hex(id);
  return state_->OrRemembered(state_->ReadSession(hash, now), hash, now);
}

Status SignIn::Logout(const Principal& who, const std::string& address) {
  State& s = *state_;
  Write end = RemoveSession{who.session_hash};
  if (who.session_hash.empty()) end = RevokeToken{who.token_id, who.expires_us};
  FW_RETURN_IF_ERROR(s.store.Apply(std::move(end)).status());
  s.cache.Forget(who);
  s.Audit(who.username, "sign_out", address, "");
  return Status::Ok();
}

Result<User> SignIn::ChangePassword(const Principal& who, const std::string& old_password,
                                    const std::string& new_password, const std::string& address) {
  State& s = *state_;
  FW_RETURN_IF_ERROR(CheckGivenPassword(old_password));
  FW_RETURN_IF_ERROR(ValidatePassword(new_password));
  const std::string account = UsernameKey(who.username);
  FW_RETURN_IF_ERROR(s.throttle.Begin(account, address, s.clock()));
  const Result<User> user = s.store.GetUser(who.user_id);
  if (!user.ok()) {
    s.throttle.Withdraw(account, address, s.clock());
    return user.status();
  }
  FW_ASSIGN_OR_RETURN(const bool right, s.Judge(user, account, old_password, address));
  if (!right) {
    s.Audit(who.username, "password_failed", address, "wrong old password");
    return Status::Unauthenticated("the old password is wrong");
  }
  FW_ASSIGN_OR_RETURN(const std::string hash, s.hasher.Hash(new_password));
  FW_RETURN_IF_ERROR(s.store.Apply(SetPassword{who.user_id, hash, who.session_hash}).status());
  s.cache.ForgetUser(who.user_id);
  s.Audit(who.username, "password", address, "");
  return s.store.GetUser(who.user_id);
}

void SignIn::Forget(int64_t user_id) { state_->cache.ForgetUser(user_id); }

}  // namespace forewarn
