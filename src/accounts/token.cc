#include "accounts/token.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

namespace forewarn {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxTokenBytes = 4096;
constexpr char kHeader[] = R"({"alg":"HS256","typ":"JWT"})";
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

Status Refused() { return Status::Unauthenticated("the token is not valid; sign in again"); }

std::string HmacSha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

// An object, or a discarded value.
Json DecodeObject(std::string_view part) {
  const Result<std::string> text = Base64UrlDecode(part);
  if (!text.ok()) return Json(Json::value_t::discarded);
  Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : Json(Json::value_t::discarded);
}

bool ReadInteger(const Json& json, const char* key, int64_t* out) {
  const auto it = json.find(key);
  if (it == json.end() || !it->is_number_integer()) return false;
  if (it->is_number_unsigned() && it->get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()})
    return false;
  *out = it->get<int64_t>();
  return true;
}

bool ReadText(const Json& json, const char* key, std::string* out) {
  const auto it = json.find(key);
  if (it == json.end() || !it->is_string()) return false;
  *out = it->get<std::string>();
  return !out->empty();
}

bool ReadClaims(const Json& json, TokenClaims* claims) {
  std::string subject;
  if (!ReadText(json, "sub", &subject) || !ReadText(json, "name", &claims->username) ||
      !ReadText(json, "role", &claims->role) || !ReadText(json, "jti", &claims->token_id) ||
      !ReadInteger(json, "gen", &claims->generation) || !ReadInteger(json, "iat", &claims->issued_s) ||
      !ReadInteger(json, "exp", &claims->expires_s)) {
    return false;
  }
  const char* end = subject.data() + subject.size();
  const auto [stop, error] = std::from_chars(subject.data(), end, claims->user_id);
  return error == std::errc() && stop == end;
}

}  // namespace

Result<TokenKey> TokenKey::FromSecret(std::string secret) {
  if (secret.size() < 32) {
    return Status::Invalid(
        fmt::format("the token secret (JWT_SECRET) has {} bytes; at least 32 are needed, as `openssl rand "
                    "-base64 48` gives",
                    secret.size()));
  }
  return TokenKey(std::move(secret));
}

std::string TokenKey::Sign(const TokenClaims& claims) const {
  const Json payload = {{"sub", std::to_string(claims.user_id)},
                        {"name", claims.username},
                        {"role", claims.role},
                        {"jti", claims.token_id},
                        {"gen", claims.generation},
                        {"iat", claims.issued_s},
                        {"exp", claims.expires_s}};
  const std::string text = Base64UrlEncode(kHeader) + '.' + Base64UrlEncode(payload.dump());
  return text + '.' + Base64UrlEncode(HmacSha256(secret_, text));
}

Result<TokenClaims> TokenKey::Verify(std::string_view token, int64_t now_s) const {
  if (token.size() > kMaxTokenBytes) return Refused();
  const size_t first = token.find('.');
  const size_t last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return Refused();
  const Result<std::string> signature = Base64UrlDecode(token.substr(last + 1));
  if (!signature.ok() || !SecretEquals(*signature, HmacSha256(secret_, token.substr(0, last))))
    return Refused();

  // Nothing of the token has been looked at until here, and it is ours.
  const Json header = DecodeObject(token.substr(0, first));
  std::string algorithm;
  if (header.is_discarded() || !ReadText(header, "alg", &algorithm) || algorithm != "HS256" ||
      header.contains("crit")) {
    return Refused();
  }
  const Json payload = DecodeObject(token.substr(first + 1, last - first - 1));
  TokenClaims claims;
  if (payload.is_discarded() || !ReadClaims(payload, &claims)) return Refused();
  int64_t not_before = 0;
  if (payload.contains("nbf") && (!ReadInteger(payload, "nbf", &not_before) || not_before > now_s))
    return Refused();
  if (claims.expires_s <= now_s) return Status::Unauthenticated("the token has expired; sign in again");
  return claims;
}

std::string Base64UrlEncode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= 6;) {
      held -= 6;
      out += kAlphabet[bits >> held & 63];
    }
  }
  if (held > 0) out += kAlphabet[bits << (6 - held) & 63];
  return out;
}

Result<std::string> Base64UrlDecode(std::string_view text) {
  static const std::array<int8_t, 256> kValues = [] {
    std::array<int8_t, 256> values{};
    values.fill(-1);
    for (int i = 0; i < 64; ++i) values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
    return values;
  }();
  const auto malformed = [] { return Status::Invalid("this is no base64url text"); };
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int8_t value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return malformed();
    bits = bits << 6 | static_cast<uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>(bits >> held & 255);
    }
  }
  // Leftover bits must be zero, or one text would have several spellings.
  if (held == 6 || (bits & ((1U << held) - 1)) != 0) return malformed();
  return out;
}

std::string RandomId(size_t bytes) {
  std::string out(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(bytes)) != 1) std::abort();
  return Base64UrlEncode(out);
}

bool SecretEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace forewarn
