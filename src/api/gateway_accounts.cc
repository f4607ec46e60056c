// The gateway's routes of accounts and sign-in. All of them hash a password or write, and run on the pool.
#include <fmt/format.h>

#include <algorithm>

#include "accounts/username.h"
#include "api/gateway_core.h"
#include "core/version.h"
#include "http/json_body.h"
#include "http/parameters.h"
#include "http/problem.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

using http::Method;
using http::Pooled;
using http::Request;
using http::Response;

constexpr http::TextLimits kAnyName = {.min = 0, .max = 256};
constexpr http::TextLimits kAnyPassword = {.min = 0, .max = kMaxPasswordCharacters};

std::string UserJson(int64_t id, const std::string& username, Role role, int64_t created_us) {
  return fmt::format(R"({{"id":{},"username":{},"role":"{}","created":"{}"}})", id, JsonText(username),
                     RoleName(role), IsoUtc(created_us));
}

std::string TokenJson(const GatewayCore& core, const User& user) {
  return fmt::format(R"({{"access_token":"{}","token_type":"bearer","expires_in":{}}})",
                     core.sign_in->IssueToken(user), core.options.token_life_us / kSecond);
}

// A rule beyond shape, for a field that is of the right shape.
void Require(const http::JsonBody& body, const std::string& key, const Status& valid) {
  const bool told = std::any_of(body.faults().begin(), body.faults().end(),
                                [&](const Fault& fault) { return fault.pointer == "/" + key; });
  if (!told && !valid.ok()) body.root().AddFault(key, valid.message());
}

std::string ReadNewPassword(const http::JsonBody& body, const std::string& key) {
  std::string password = body.root().Text(key, kAnyPassword);
  Require(body, key, ValidatePassword(password));
  return password;
}

Response Register(const GatewayCore& core, const Request& request) {
  const http::JsonBody body(request.body);
  const std::string name = body.root().Text("username", kAnyName);
  const std::string password = ReadNewPassword(body, "password");
  Require(body, "username", NormalizeUsername(name).status());
  if (auto refusal = body.Finish(http::UnknownKeys::kRefuse)) return *refusal;
  std::optional<Principal> by;
  if (const Principal* who = PrincipalIfAny(request)) by = *who;
  const Result<User> user = core.sign_in->Register(name, password, request.remote, by);
  return user.ok() ? Private(TokenJson(core, *user)) : http::Problem(user.status());
}

Response Login(const GatewayCore& core, const Request& request) {
  auto form = http::Parameters::Form(request);
  const std::string name = form.Text("username", kAnyName);
  const std::string password = form.Text("password", kAnyPassword);
  const std::string grant = form.Choice("grant_type", {"password"}, "password");
  for (const char* ignored : {"scope", "client_id", "client_secret"}) form.Text(ignored, {}, "");
  if (auto refusal = form.Finish(http::UnknownKeys::kRefuse)) return *refusal;
  const Result<User> user = core.sign_in->CheckPassword(name, password, request.remote);
  return user.ok() ? Private(TokenJson(core, *user)) : http::Problem(user.status());
}

Response OpenSession(const GatewayCore& core, const Request& request) {
  if (auto refusal = core.guard.RefuseOrigin(request, false)) return *refusal;
  const http::JsonBody body(request.body);
  const std::string name = body.root().Text("username", kAnyName);
  const std::string password = body.root().Text("password", kAnyPassword);
  if (auto refusal = body.Finish(http::UnknownKeys::kRefuse)) return *refusal;
  const Result<User> user = core.sign_in->CheckPassword(name, password, request.remote);
  if (!user.ok()) return http::Problem(user.status());
  const Result<NewSession> session = core.sign_in->StartSession(*user);
  if (!session.ok()) return http::Problem(session.status());
  Response reply = Private(UserJson(user->id, user->username, user->role, user->created_us));
  const int64_t life_s = (session->expires_us - core.options.clock()) / kSecond;
  reply.headers.push_back(
      {"Set-Cookie", http::SetCookieValue(kSessionCookie, session->id, request.secure, life_s)});
  return reply;
}

Response Logout(const GatewayCore& core, const Request& request) {
  if (const Status done = core.sign_in->Logout(PrincipalOf(request), request.remote); !done.ok()) {
    return http::Problem(done);
  }
  Response reply = Private(R"({"signed_out":true})");
  reply.headers.push_back({"Set-Cookie", http::SetCookieValue(kSessionCookie, "", request.secure, 0)});
  return reply;
}

Response ChangePassword(const GatewayCore& core, const Request& request) {
  const http::JsonBody body(request.body);
  const std::string current = body.root().Text("current_password", kAnyPassword);
  const std::string fresh = ReadNewPassword(body, "new_password");
  if (auto refusal = body.Finish(http::UnknownKeys::kRefuse)) return *refusal;
  const Principal& who = PrincipalOf(request);
  const Result<User> changed = core.sign_in->ChangePassword(who, current, fresh, request.remote);
  // Who asks is known: a wrong current password is a wrong value, and no reason to sign in again.
  if (changed.status().code() == Code::kUnauthenticated) {
    const std::vector<Fault> faults = {{"/current_password", "is wrong"}};
    return http::Problem(FaultStatus(faults), faults);
  }
  if (!changed.ok()) return http::Problem(changed.status());
  // The token it came with is void now.
  if (!who.token_id.empty()) {
    return Private("{\"changed\":true," + TokenJson(core, *changed).substr(1));
  }
  return Private(R"({"changed":true})");
}

Response About(const GatewayCore& core) {
  const Result<std::vector<User>> users = core.store->ListUsers();
  if (!users.ok()) return http::Problem(users.status());
  return Private(fmt::format(
      R"({{"name":"Forewarn","version":"{}","plant":{},"open_registration":{},"first_account":{}}})",
      kVersion, JsonText(core.plant->title), core.options.open_registration, users->empty()));
}

}  // namespace

void MountAccountRoutes(http::Router& router, const GatewayCorePtr& core) {
  const auto pooled = [core](Response (*run)(const GatewayCore&, const Request&)) {
    return Pooled{[core, run](const Request& request) { return run(*core, request); }};
  };
  router.Add(Method::kGet, "/about", Pooled{[core](const Request&) { return About(*core); }});
  http::RouteOptions anybody = core->guard.Anybody();
  anybody.accepts = http::JsonRoute().accepts;
  router.Add(Method::kPost, "/auth/register", pooled(Register), anybody);
  http::RouteOptions form;
  form.accepts = {"application/x-www-form-urlencoded"};
  router.Add(Method::kPost, "/auth/login", pooled(Login), form);
  router.Add(Method::kPost, "/auth/session", pooled(OpenSession), http::JsonRoute());
  router.Add(Method::kPost, "/auth/logout", pooled(Logout), core->guard.SignedIn());
  router.Add(Method::kPost, "/auth/password", pooled(ChangePassword), SignedInJson(*core));
  router.Add(Method::kGet, "/auth/me", http::Inline{[](const Request& request) {
               const Principal& who = PrincipalOf(request);
               return Private(UserJson(who.user_id, who.username, who.role, who.created_us));
             }},
             core->guard.SignedIn());
}

}  // namespace forewarn
