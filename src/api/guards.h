// Who may ask. ServiceGuard: the sensors and inference services, where they listen wider than loopback.
// SessionGuard: the gateway's signed-in routes, by a browser's cookie or a client's bearer token; it sets
// request.principal to a Principal (accounts/sign_in.h). Any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "accounts/sign_in.h"
#include "http/router.h"

namespace forewarn {

inline constexpr char kSessionCookie[] = "fw_session";

// The service token, or a token `is_user` knows (may be empty; must not block). Compared in constant time.
http::Guard ServiceGuard(std::string service_token, std::function<bool(std::string_view)> is_user);

struct SessionGuardOptions {
  // Besides the server's own: "https://hmi.example".
  std::vector<std::string> origins;
};

class SessionGuard {
 public:
  SessionGuard(SignIn* sign_in, SessionGuardOptions options);

  // Everybody who is signed in; an unsafe method with the cookie needs a matching Origin.
  http::RouteOptions SignedIn() const;
  // Nobody too; whoever sends a token or cookie must be known by it.
  http::RouteOptions Anybody() const;
  // 403 for a page of another origin. A request without Origin passes where `needed` is false.
  std::optional<http::Response> RefuseOrigin(const http::Request& request, bool needed) const;

 private:
  // How a request says who it is.
  struct Credentials {
    std::optional<std::string_view> bearer;
    std::optional<std::string> session;
    bool malformed = false;  // an Authorization field that is no bearer's
    bool none() const { return !bearer && !session && !malformed; }
  };
  static Credentials CredentialsOf(const http::Request& request);
  static std::optional<http::Response> Settle(http::Request& request, Result<Principal> who);
  std::optional<http::Response> RefuseAtOnce(const http::Request& request, const Credentials& given) const;
  std::optional<http::Response> Check(http::Request& request) const;
  std::variant<http::AskGuard, std::optional<http::Response>> QuickCheck(http::Request& request) const;

  SignIn* sign_in_;
  SessionGuardOptions options_;
};

// Of a route behind SignedIn.
const Principal& PrincipalOf(const http::Request& request);
// Of a route behind Anybody: null for nobody.
const Principal* PrincipalIfAny(const http::Request& request);

}  // namespace forewarn
