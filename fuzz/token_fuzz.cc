// Tokens of any bytes, as they come and with a good signature put under them: never a crash; what is accepted
// says who and until when, and signed again is accepted again. Session cookies, user names and base64url
// beside them.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "accounts/password.h"
#include "accounts/token.h"
#include "accounts/username.h"
#include "core/names.h"

namespace forewarn {
namespace {

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";
constexpr int64_t kNow = 1700000100;

void Require(bool good) {
  if (!good) std::abort();
}

std::string Sign(std::string_view text) {
  std::string mac(32, '\0');
  HMAC(EVP_sha256(), kSecret, 32, reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(mac.data()), nullptr);
  return std::string(text) + '.' + Base64UrlEncode(mac);
}

void CheckToken(const TokenKey& key, std::string_view token) {
  const Result<TokenClaims> claims = key.Verify(token, kNow);
  if (!claims.ok()) {
    Require(claims.status().code() == Code::kUnauthenticated && !claims.message().empty());
    return;
  }
  Require(claims->expires_s > kNow && !claims->token_id.empty() && !claims->username.empty());
  const Result<TokenClaims> again = key.Verify(key.Sign(*claims), kNow);
  Require(again.ok() && again->user_id == claims->user_id && again->username == claims->username &&
          again->token_id == claims->token_id && again->generation == claims->generation &&
          again->expires_s == claims->expires_s);
}

void CheckText(std::string_view text) {
  const Result<std::string> bytes = Base64UrlDecode(text);
  if (bytes.ok()) Require(Base64UrlEncode(*bytes) == text);  // one spelling each
  Require(*Base64UrlDecode(Base64UrlEncode(text)) == text);
  const Result<std::string> name = NormalizeUsername(text);
  if (name.ok()) {
    Require(IsValidUtf8(*name) && name->find('\0') == std::string::npos);
    Require(*NormalizeUsername(*name) == *name);
    const std::string key = UsernameKey(*name);
    Require(!key.empty() && UsernameKey(key) == key);
  }
  (void)ValidatePassword(text).ok();
}

}  // namespace
}  // namespace forewarn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forewarn;
  static const TokenKey key = *TokenKey::FromSecret(kSecret);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckToken(key, text);
  CheckText(text);
  // Header and payload are what is before and after the first line end, signed so that they are looked at.
  const size_t line = text.find('\n');
  if (line != std::string_view::npos) {
    CheckToken(key,
               Sign(Base64UrlEncode(text.substr(0, line)) + '.' + Base64UrlEncode(text.substr(line + 1))));
  }
  return 0;
}
