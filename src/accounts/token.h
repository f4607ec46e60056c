// Bearer tokens: JWTs (RFC 7519) signed with HS256 and nothing else. The signature is compared in constant
// time before anything of the token is parsed; `alg` must be the string HS256, `crit` is refused, `exp` is
// required. Pure functions: the clock is an argument.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/status.h"

namespace forewarn {

struct TokenClaims {
  int64_t user_id = 0;     // sub
  std::string username;    // name
  std::string role;        // role
  std::string token_id;    // jti
  int64_t generation = 0;  // gen: the user's token_generation when it was made
  int64_t issued_s = 0;    // iat
  int64_t expires_s = 0;   // exp
};

// A secret of at least 32 bytes.
class TokenKey {
 public:
  static Result<TokenKey> FromSecret(std::string secret);  // kInvalid if shorter

  std::string Sign(const TokenClaims& claims) const;
  // kUnauthenticated: forged, malformed, expired, or without what it needs.
  Result<TokenClaims> Verify(std::string_view token, int64_t now_s) const;

 private:
  explicit TokenKey(std::string secret) : secret_(std::move(secret)) {}
  std::string secret_;
};

// Strict base64url without padding (RFC 4648 section 5): no other bytes, no leftover bits.
std::string Base64UrlEncode(std::string_view bytes);
Result<std::string> Base64UrlDecode(std::string_view text);

// `bytes` random bytes as base64url.
std::string RandomId(size_t bytes);
// Equality in time that does not tell where two texts differ.
bool SecretEquals(std::string_view a, std::string_view b);

}  // namespace forewarn
