#include "accounts/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <thread>

#include "accounts/secret_file.h"
#include "core/file.h"

namespace forewarn {
namespace {

using ::testing::HasSubstr;

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";
constexpr int64_t kNow = 1700000100;

TokenKey Key(const std::string& secret = kSecret) { return *TokenKey::FromSecret(secret); }

TokenClaims Claims() {
  return {.user_id = 7,
          .username = "Ärger \"x\"",
          .role = "operator",
          .token_id = "abc",
          .generation = 2,
          .issued_s = 1700000000,
          .expires_s = 1700086400};
}

// A token of any header and payload, signed as HS256 would be.
std::string Forge(const std::string& header, const std::string& payload,
                  const std::string& secret = kSecret) {
  const std::string text = Base64UrlEncode(header) + '.' + Base64UrlEncode(payload);
  std::string mac(32, '\0');
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(mac.data()), nullptr);
  return text + '.' + Base64UrlEncode(mac);
}

constexpr char kHeader[] = R"({"alg":"HS256","typ":"JWT"})";
constexpr char kPayload[] =
    R"({"sub":"7","name":"a","role":"operator","jti":"abc","gen":2,"iat":1700000000,"exp":1700086400})";

TEST(Token, ComesBackAsItWasSigned) {
  const Result<TokenClaims> claims = Key().Verify(Key().Sign(Claims()), kNow);
  ASSERT_TRUE(claims.ok());
  EXPECT_EQ(claims->user_id, 7);
  EXPECT_EQ(claims->username, "Ärger \"x\"");
  EXPECT_EQ(claims->role, "operator");
  EXPECT_EQ(claims->token_id, "abc");
  EXPECT_EQ(claims->generation, 2);
  EXPECT_EQ(claims->issued_s, 1700000000);
  EXPECT_EQ(claims->expires_s, 1700086400);
}

TEST(Token, AcceptsWhatAnotherImplementationSigned) {
  EXPECT_EQ(
      Key()
          .Verify("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJzdWIiOiAiNyIsICJuYW1lIjogIsOEcmdlciIsICJyb2xlIjogI"
                  "m9wZXJhdG9yIiwgImp0aSI6ICJhYmMiLCAiZ2VuIjogMiwgImlhdCI6IDE3MDAwMDAwMDAsICJleHAiOiAxNzAwMDg"
                  "2NDAwLCAiYXVkIjogIngifQ.1PenWwkmZVT8D1MdI9Z-k2j6NBCsyM21HDuX-zIiT9E",
                  kNow)
          ->username,
      "Ärger");
}

TEST(Token, IsRefusedOnceItHasExpired) {
  const std::string token = Key().Sign(Claims());
  EXPECT_TRUE(Key().Verify(token, 1700086399).ok());
  EXPECT_EQ(Key().Verify(token, 1700086400).status().code(), Code::kUnauthenticated);
}

TEST(Token, AnyChangedCharacterIsRefused) {
  const std::string token = Key().Sign(Claims());
  for (size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(Key().Verify(forged, kNow).status().code(), Code::kUnauthenticated) << i;
    EXPECT_FALSE(Key().Verify(token.substr(0, i), kNow).ok()) << i;
  }
  EXPECT_FALSE(Key().Verify(token + "A", kNow).ok());
  EXPECT_FALSE(Key().Verify(token + "=", kNow).ok());
  EXPECT_FALSE(Key().Verify(token + ".x", kNow).ok());
  EXPECT_FALSE(Key("another secret of thirty-two bytes").Verify(token, kNow).ok());
}

TEST(Token, OnlyHs256IsAnAlgorithm) {
  ASSERT_TRUE(Key().Verify(Forge(kHeader, kPayload), kNow).ok());
  for (const char* header : {R"({"alg":"none"})", R"({"alg":"HS512"})", R"({"alg":"hs256"})",
                             R"({"alg":["HS256"]})", R"({"alg":null})", R"({"typ":"JWT"})",
                             R"({"alg":"HS256","crit":["exp"]})", R"(["HS256"])", R"("HS256")", "", "{"}) {
    EXPECT_FALSE(Key().Verify(Forge(header, kPayload), kNow).ok()) << header;
  }
  const std::string none = Base64UrlEncode(R"({"alg":"none"})") + '.' + Base64UrlEncode(kPayload) + '.';
  EXPECT_FALSE(Key().Verify(none, kNow).ok());
}

TEST(Token, EveryClaimIsNeededAndOfItsType) {
  for (
      const char* payload :
      {R"({"name":"a","role":"operator","jti":"abc","gen":2,"iat":1,"exp":1700086400})",
       R"({"sub":7,"name":"a","role":"operator","jti":"abc","gen":2,"iat":1,"exp":1700086400})",
       R"({"sub":"7x","name":"a","role":"operator","jti":"abc","gen":2,"iat":1,"exp":1700086400})",
       R"({"sub":"7","name":"a","role":"operator","jti":"abc","gen":2,"iat":1})",
       R"({"sub":"7","name":"a","role":"operator","jti":"abc","gen":2,"iat":1,"exp":"1700086400"})",
       R"({"sub":"7","name":"a","role":"operator","jti":"abc","gen":2,"iat":1,"exp":1e30})",
       R"({"sub":"7","name":"a","role":"operator","jti":"abc","gen":2,"iat":1,"exp":18446744073709551615})",
       R"({"sub":"7","name":"a","role":"operator","jti":"","gen":2,"iat":1,"exp":1700086400})",
       R"({"sub":"7","name":"a","role":"operator","jti":"a","gen":2,"iat":1,"exp":1700086400,"nbf":1700000101})",
       R"([])", R"(7)", "", "\xff"}) {
    EXPECT_FALSE(Key().Verify(Forge(kHeader, payload), kNow).ok()) << payload;
  }
  std::string deep(3000, '[');
  EXPECT_FALSE(Key().Verify(Forge(kHeader, deep), kNow).ok());
  EXPECT_FALSE(Key().Verify(std::string(100000, '.'), kNow).ok());
  for (const char* text : {"", ".", "..", "...", "a.b", "a.b.c"})
    EXPECT_FALSE(Key().Verify(text, kNow).ok()) << text;
}

TEST(Token, AShortSecretIsRefusedInWords) {
  const Status status = TokenKey::FromSecret(std::string(31, 'x')).status();
  EXPECT_EQ(status.code(), Code::kInvalid);
  EXPECT_THAT(status.message(), HasSubstr("JWT_SECRET) has 31 bytes; at least 32"));
  EXPECT_TRUE(TokenKey::FromSecret(std::string(32, 'x')).ok());
}

TEST(Base64Url, KnowsTheVectorsOfTheStandard) {
  for (const auto& [bytes, text] : std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                                                    {"f", "Zg"},
                                                                                    {"fo", "Zm8"},
                                                                                    {"foo", "Zm9v"},
                                                                                    {"foob", "Zm9vYg"},
                                                                                    {"fooba", "Zm9vYmE"},
                                                                                    {"foobar", "Zm9vYmFy"},
                                                                                    {"\xfb\xff", "-_8"}}) {
    EXPECT_EQ(Base64UrlEncode(bytes), text);
    EXPECT_EQ(*Base64UrlDecode(text), bytes);
  }
  // Padding, other alphabets, spaces, a lone character, leftover bits.
  for (const char* text : {"Zg==", "Zm9v+A", "Zm9v/A", "Zm 9", "Z", "Zh", "Zm9", "Zm9\n"}) {
    EXPECT_FALSE(Base64UrlDecode(text).ok()) << text;
  }
}

TEST(RandomId, DoesNotRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(RandomId(16)).second);
  EXPECT_EQ(RandomId(32).size(), 43u);
}

TEST(SecretFile, ProcessesThatStartTogetherAgreeOnOneSecret) {
  const ScratchFolder folder;
  const std::filesystem::path file = folder.path() / "run/token.secret";
  std::vector<std::string> got(8);
  std::vector<std::thread> threads;
  for (std::string& secret : got) threads.emplace_back([&] { secret = *LoadOrMakeSecret(file); });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& secret : got) EXPECT_EQ(secret, got.front());
  EXPECT_EQ(*LoadOrMakeSecret(file), got.front());
  EXPECT_GE(got.front().size(), 32u);
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(file.parent_path()))
    files += entry.exists() ? 1 : 0;
  EXPECT_EQ(files, 1u);  // nothing temporary is left
}

TEST(SecretFile, OneThatOthersMayReadOrThatIsShortIsRefusedInWords) {
  const ScratchFolder folder;
  const std::filesystem::path file = folder.path() / "secret";
  ASSERT_TRUE(LoadOrMakeSecret(file).ok());
  ::chmod(file.c_str(), 0644);
  EXPECT_THAT(LoadOrMakeSecret(file).message(), HasSubstr("open to others (mode 0644); chmod 600"));
  EXPECT_TRUE(LoadSecret(file).ok());
  std::ofstream(file) << "short\n";
  ::chmod(file.c_str(), 0600);
  EXPECT_THAT(LoadOrMakeSecret(file).message(), HasSubstr("holds 5 bytes; at least 32"));
}

}  // namespace
}  // namespace forewarn
