#include "core/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

namespace forewarn {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }

Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

void Sha256::Add(std::string_view piece) { EVP_DigestUpdate(context_, piece.data(), piece.size()); }

std::string Sha256::Hex() {
  std::array<unsigned char, 32> digest{};
  EVP_DigestFinal_ex(context_, digest.data(), nullptr);
  std::string out;
  for (const unsigned char b : digest) out += fmt::format("{:02x}", b);
  return out;
}

}  // namespace forewarn
