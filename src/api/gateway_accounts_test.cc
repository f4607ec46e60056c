// Accounts over the gateway: registering, signing in, sessions, tokens, passwords, locks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/api_fixture.h"
#include "api/gateway_api.h"

namespace forewarn::api_test {
namespace gateway_accounts_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr char kPassword[] = "correct horse";

std::string Credentials(const std::string& name, const std::string& password) {
  return Json{{"username", name}, {"password", password}}.dump(-1, ' ', false, Json::error_handler_t::ignore);
}

class GatewayAccountsTest : public ServedTest {};

TEST_F(GatewayAccountsTest, TheFirstAccountIsAnAdministratorLaterOnesOperators) {
  EXPECT_EQ(Gateway("GET", "/about").json()["first_account"], true);
  SignInAs("ada");
  EXPECT_EQ(Gateway("GET", "/auth/me").json()["role"], "administrator");
  SignInAs("grace");
  const Json me = Gateway("GET", "/auth/me").json();
  EXPECT_EQ(me["role"], "operator");
  EXPECT_EQ(me["username"], "grace");
  EXPECT_EQ(me["created"], "2026-01-05T08:00:00Z");
  EXPECT_EQ(Gateway("GET", "/about").json()["first_account"], false);
}

TEST_F(GatewayAccountsTest, TakenNamesAre409InAnyCase) {
  SignInAs("ada");
  token_.clear();
  EXPECT_EQ(Gateway("POST", "/auth/register", Credentials("ada", kPassword)).status, 409);
  EXPECT_EQ(Gateway("POST", "/auth/register", Credentials("ADA", kPassword)).status, 409);
}

// Faults 9 and 12: no name or password is a 500, none is shortened, "alice " is not a second alice.
TEST_F(GatewayAccountsTest, NamesAndPasswordsThatAreNoneAre422) {
  const auto pointers = [&](const std::string& body) {
    const Reply reply = Gateway("POST", "/auth/register", body);
    EXPECT_EQ(reply.status, 422) << body.substr(0, 100);
    return reply.Pointers();
  };
  EXPECT_THAT(pointers(Credentials("al", "short")), UnorderedElementsAre("/username", "/password"));
  EXPECT_THAT(pointers(Credentials("alice ", kPassword)), ElementsAre("/username"));
  EXPECT_THAT(pointers(Credentials(std::string("al\0ice", 6), kPassword)), ElementsAre("/username"));
  EXPECT_THAT(pointers(Credentials("alice", std::string("pass\0word", 9))), ElementsAre("/password"));
  EXPECT_THAT(pointers(Credentials(std::string(1'000'000, 'a'), kPassword)), ElementsAre("/username"));
  EXPECT_THAT(pointers(R"({"username":7,"password":true,"role":"administrator"})"),
              UnorderedElementsAre("/username", "/password", "/role"));
  EXPECT_EQ(
      Gateway("POST", "/auth/register", R"({"username":"\ud800abc","password":"correct horse"})").status /
          100,
      4);
}

TEST_F(GatewayAccountsTest, LongPasswordsCountWhole) {
  const std::string base(80, 'x');
  EXPECT_EQ(Gateway("POST", "/auth/register", Credentials("ada", base + "1")).status, 200);
  EXPECT_EQ(Gateway("POST", "/auth/session", Credentials("ada", base + "2")).status, 401);
  EXPECT_EQ(Gateway("POST", "/auth/session", Credentials("ada", base + "1")).status, 200);
}

TEST_F(GatewayAccountsTest, LoginTakesTheOAuthFormAndSetsNoCookie) {
  SignInAs("ada");
  token_.clear();
  const Headers form = {"Content-Type: application/x-www-form-urlencoded"};
  const Reply reply =
      Gateway("POST", "/auth/login", "grant_type=password&username=ada&password=correct+horse&scope=", form);
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.json()["token_type"], "bearer");
  EXPECT_EQ(reply.Header("Set-Cookie"), "");
  EXPECT_EQ(reply.Header("Cache-Control"), "no-store");
  token_ = reply.json()["access_token"];
  EXPECT_EQ(Gateway("GET", "/auth/me").status, 200);
  token_.clear();
  EXPECT_EQ(Gateway("POST", "/auth/login", "username=ada", form).status, 422);
  EXPECT_EQ(Gateway("POST", "/auth/login", Credentials("ada", kPassword)).status, 415);
  EXPECT_EQ(Gateway("POST", "/auth/login", "username=ada&password=wrong+horse", form).status, 401);
  EXPECT_EQ(Gateway("POST", "/auth/login", "username=nobody&password=wrong+horse", form).status, 401);
}

TEST_F(GatewayAccountsTest, SessionsAreCookiesThatScriptsCannotReadAndGiveNoToken) {
  SignInAs("ada");
  token_.clear();
  const Reply reply = Gateway("POST", "/auth/session", Credentials("ada", kPassword));
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_THAT(reply.body, Not(HasSubstr("token")));
  const std::string cookie = reply.Header("Set-Cookie");
  for (const char* part : {"fw_session=", "HttpOnly", "SameSite=Strict", "Path=/"})
    EXPECT_THAT(cookie, HasSubstr(part));
  const std::string sent = "Cookie: " + cookie.substr(0, cookie.find(';'));
  EXPECT_EQ(Gateway("GET", "/auth/me", "", {sent}).status, 200);
  // Unsafe methods need the server's own origin.
  const Headers own = {sent, "Host: hmi.example:7501", "Origin: http://hmi.example:7501"};
  EXPECT_EQ(Gateway("DELETE", "/history", "", {sent, "Host: hmi.example:7501"}).status, 403);
  EXPECT_EQ(Gateway("DELETE", "/history", "", {sent, "Host: hmi.example:7501", "Origin: http://evil.example"})
                .status,
            403);
  EXPECT_EQ(Gateway("DELETE", "/history", "", {sent, "Host: hmi.example:7501", "Origin: null"}).status, 403);
  EXPECT_EQ(Gateway("DELETE", "/history", "", own).status, 200);
  EXPECT_EQ(
      Gateway("POST", "/auth/session", Credentials("ada", kPassword), {"Host: a", "Origin: http://b"}).status,
      403);
  const Reply out = Gateway("POST", "/auth/logout", "", own);
  EXPECT_EQ(out.status, 200);
  EXPECT_THAT(out.Header("Set-Cookie"), HasSubstr("Max-Age=0"));
  EXPECT_EQ(Gateway("GET", "/auth/me", "", {sent}).status, 401);
}

TEST_F(GatewayAccountsTest, NobodyGetsNothingButWhatIsOpen) {
  const Json document = Ask(gateway_, "GET", "/openapi.json").json();
  for (const auto& route : gateway_.router->routes()) {
    std::string method(http::MethodName(route->method));
    std::string key = method;
    std::transform(key.begin(), key.end(), key.begin(), [](char c) { return std::tolower(c); });
    const Json& operation = document["paths"][route->pattern][key];
    if (operation.contains("security")) continue;  // open, or open to nobody too
    std::string target = route->pattern;
    if (const size_t at = target.find("{id}"); at != std::string::npos) target.replace(at, 4, "1");
    const Reply reply = Gateway(method, target);
    EXPECT_EQ(reply.status, 401) << method << " " << target;
    EXPECT_EQ(reply.Header("WWW-Authenticate"), "Bearer");
  }
}

TEST_F(GatewayAccountsTest, ForgedExpiredAndRevokedTokensAre401) {
  SignInAs("ada");
  const std::string good = token_;
  for (const std::string& wrong :
       {std::string("x"), good.substr(0, good.size() - 2),
        "eyJhbGciOiJub25lIn0." + good.substr(good.find('.') + 1), std::string(5000, 'a')}) {
    token_ = wrong;
    EXPECT_EQ(Gateway("GET", "/auth/me").status, 401) << wrong.substr(0, 40);
  }
  token_ = good;
  EXPECT_EQ(Gateway("POST", "/auth/logout").status, 200);
  EXPECT_EQ(Gateway("GET", "/auth/me").status, 401);
  token_.clear();
  const Headers form = {"Content-Type: application/x-www-form-urlencoded"};
  token_ = Gateway("POST", "/auth/login", "username=ada&password=correct+horse", form).json()["access_token"];
  EXPECT_EQ(Gateway("GET", "/auth/me").status, 200);
  now_us_ += 25 * kHour;
  EXPECT_EQ(Gateway("GET", "/auth/me").status, 401);
}

TEST_F(GatewayAccountsTest, APasswordChangeVoidsTokensAndGivesANewOne) {
  SignInAs("ada");
  const Reply wrong =
      Gateway("POST", "/auth/password", R"({"current_password":"wrong","new_password":"battery staple"})");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_THAT(wrong.Pointers(), ElementsAre("/current_password"));
  const Reply reply = Gateway("POST", "/auth/password",
                              R"({"current_password":"correct horse","new_password":"battery staple"})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(Gateway("GET", "/auth/me").status, 401);
  token_ = reply.json()["access_token"];
  EXPECT_EQ(Gateway("GET", "/auth/me").status, 200);
}

TEST_F(GatewayAccountsTest, TenWrongTriesLockTheAccountForThatAddress) {
  SignInAs("ada");
  token_.clear();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Gateway("POST", "/auth/session", Credentials("ada", "wrong horse")).status, 401);
  }
  const Reply locked = Gateway("POST", "/auth/session", Credentials("ada", kPassword));
  EXPECT_EQ(locked.status, 429);
  EXPECT_NE(locked.Header("Retry-After"), "");
}

class ClosedTest : public ServicesTest {
 protected:
  void SetUp() override {
    sign_in_options_.open_registration = false;
    gateway_options_.open_registration = false;
    Begin(true);
  }
};

TEST_F(ClosedTest, OnlyAnAdministratorAddsAccounts) {
  PasswordHasher hasher({.cost = {1, 8192}});
  ASSERT_TRUE(store_->Apply(AddUser{"ada", *hasher.Hash(kPassword), Role::kAdministrator, now_us_}).ok());
  const Headers form = {"Content-Type: application/x-www-form-urlencoded"};
  const std::string administrator =
      Gateway("POST", "/auth/login", "username=ada&password=correct+horse", form).json()["access_token"];
  EXPECT_EQ(Gateway("GET", "/about").json()["open_registration"], false);
  EXPECT_EQ(Gateway("POST", "/auth/register", Credentials("grace", kPassword)).status, 403);
  token_ = administrator;
  const Reply added = Gateway("POST", "/auth/register", Credentials("grace", kPassword));
  ASSERT_EQ(added.status, 200);
  token_ = added.json()["access_token"];
  EXPECT_EQ(Gateway("POST", "/auth/register", Credentials("mary", kPassword)).status, 403);
}

}  // namespace
}  // namespace gateway_accounts_test
}  // namespace forewarn::api_test
