#include "api/guards.h"

#include <algorithm>
#include <memory>

#include "accounts/token.h"
#include "core/names.h"
#include "http/parameters.h"
#include "http/problem.h"

namespace forewarn {
namespace {

using http::Request;
using http::Response;

constexpr char kHowToSignIn[] = "sign in (POST /auth/session), or send a bearer token (POST /auth/login)";

bool IsUnsafe(http::Method method) {
  return method != http::Method::kGet && method != http::Method::kHead && method != http::Method::kOptions;
}

}  // namespace

SessionGuard::Credentials SessionGuard::CredentialsOf(const Request& request) {
  Credentials given;
  given.bearer = http::BearerToken(request);
  given.malformed = !given.bearer && !request.Header("Authorization").empty();
  if (!given.bearer) given.session = http::FindCookie(request, kSessionCookie);
  return given;
}

http::Guard ServiceGuard(std::string service_token, std::function<bool(std::string_view)> is_user) {
  return [token = std::move(service_token),
          is_user = std::move(is_user)](Request& request) -> std::optional<Response> {
    const auto bearer = http::BearerToken(request);
    if (bearer && SecretEquals(*bearer, token)) return std::nullopt;
    if (bearer && is_user && is_user(*bearer)) return std::nullopt;
    return http::Problem(401, bearer ? "the bearer token is wrong, expired or revoked"
                                     : "send the service's bearer token, or a signed-in user's");
  };
}

SessionGuard::SessionGuard(SignIn* sign_in, SessionGuardOptions options)
    : sign_in_(sign_in), options_(std::move(options)) {}

std::optional<Response> SessionGuard::RefuseOrigin(const Request& request, bool needed) const {
  const std::string_view origin = request.Header("Origin");
  if (origin.empty() && !needed) return std::nullopt;
  const size_t scheme = origin.find("://");
  const bool own = scheme != std::string_view::npos && !request.Header("Host").empty() &&
                   ToLower(origin.substr(scheme + 3)) == ToLower(request.Header("Host"));
  const bool allowed =
      own || std::find(options_.origins.begin(), options_.origins.end(), origin) != options_.origins.end();
  if (allowed) return std::nullopt;
  if (origin.empty()) {
    return http::Problem(403,
                         "a request with the session cookie needs its Origin; clients use a bearer token");
  }
  return http::Problem(403, "the request comes from a page of another origin");
}

std::optional<Response> SessionGuard::Settle(Request& request, Result<Principal> who) {
  if (!who.ok()) return http::Problem(who.status());
  request.principal = std::make_shared<const Principal>(std::move(*who));
  return std::nullopt;
}

// What needs no look into the store: nobody, another site's page.
std::optional<Response> SessionGuard::RefuseAtOnce(const Request& request, const Credentials& given) const {
  if (!given.bearer && !given.session) return http::Problem(401, kHowToSignIn);
  return given.session && IsUnsafe(request.method) ? RefuseOrigin(request, true) : std::nullopt;
}

std::optional<Response> SessionGuard::Check(Request& request) const {
  const Credentials given = CredentialsOf(request);
  if (auto refusal = RefuseAtOnce(request, given)) return refusal;
  return Settle(request, given.bearer ? sign_in_->AuthenticateToken(*given.bearer)
                                      : sign_in_->AuthenticateSession(*given.session));
}

std::variant<http::AskGuard, std::optional<Response>> SessionGuard::QuickCheck(Request& request) const {
  const Credentials given = CredentialsOf(request);
  if (auto refusal = RefuseAtOnce(request, given)) return refusal;
  auto who = given.bearer ? sign_in_->AuthenticateTokenCached(*given.bearer)
                          : sign_in_->AuthenticateSessionCached(*given.session);
  if (!who) return http::AskGuard{};
  return Settle(request, std::move(*who));
}

http::RouteOptions SessionGuard::SignedIn() const {
  http::RouteOptions options;
  options.guard_on_pool = true;
  options.guard = [self = *this](Request& request) { return self.Check(request); };
  options.quick_guard = [self = *this](Request& request) { return self.QuickCheck(request); };
  return options;
}

http::RouteOptions SessionGuard::Anybody() const {
  http::RouteOptions options;
  options.guard_on_pool = true;
  options.guard = [self = *this](Request& request) -> std::optional<Response> {
    return CredentialsOf(request).none() ? std::nullopt : self.Check(request);
  };
  return options;
}

const Principal& PrincipalOf(const Request& request) {
  return *std::any_cast<const std::shared_ptr<const Principal>&>(request.principal);
}

const Principal* PrincipalIfAny(const Request& request) {
  const auto* held = std::any_cast<std::shared_ptr<const Principal>>(&request.principal);
  return held == nullptr ? nullptr : held->get();
}

}  // namespace forewarn
