#include "accounts/password.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "core/names.h"

namespace forewarn {
namespace {

std::string Base64(const unsigned char* bytes, size_t size) {
  std::string out(sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL_NO_PADDING), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes, size, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
  out.pop_back();  // the terminating zero
  return out;
}

// Salt and hash are random, so no password is known for it; checking one costs what checking a real one
// costs.
std::string HashOfNobody(const PasswordCost& cost) {
  if (sodium_init() < 0) std::abort();  // no random numbers: nothing that follows would be safe
  std::array<unsigned char, 16> salt{};
  std::array<unsigned char, 32> hash{};
  randombytes_buf(salt.data(), salt.size());
  randombytes_buf(hash.data(), hash.size());
  return fmt::format("$argon2id$v=19$m={},t={},p=1${}${}", cost.memory_bytes / 1024, cost.passes,
                     Base64(salt.data(), salt.size()), Base64(hash.data(), hash.size()));
}

}  // namespace

// One of the places to hash in; given back at destruction.
class PasswordHasher::Turn {
 public:
  explicit Turn(PasswordHasher& hasher) : hasher_(hasher) {
    std::unique_lock lock(hasher.mutex_);
    taken_ = hasher.freed_.wait_for(lock, std::chrono::milliseconds(hasher.options_.wait_ms),
                                    [&] { return hasher.running_ < hasher.options_.concurrent; });
    if (taken_) ++hasher.running_;
  }
  ~Turn() {
    if (!taken_) return;
    {
      const std::lock_guard lock(hasher_.mutex_);
      --hasher_.running_;
    }
    hasher_.freed_.notify_one();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  Status status() const {
    if (taken_) return Status::Ok();
    return Status(Code::kBusy, "too many people are signing in at once; try again").WithRetryAfter(2);
  }

 private:
  PasswordHasher& hasher_;
  bool taken_ = false;
};

PasswordHasher::PasswordHasher(Options options) : options_(options), nobody_(HashOfNobody(options.cost)) {}

Result<std::string> PasswordHasher::Hash(std::string_view password) {
  FW_RETURN_IF_ERROR(ValidatePassword(password));
  const Turn turn(*this);
  FW_RETURN_IF_ERROR(turn.status());
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_argon2id_str(out.data(), password.data(), password.size(), options_.cost.passes,
                                 options_.cost.memory_bytes) != 0) {
    return Status::Unavailable(fmt::format("no memory to hash a password ({} MiB are needed); try again",
                                           options_.cost.memory_bytes >> 20));
  }
  return std::string(out.data());
}

Result<bool> PasswordHasher::Verify(const std::string& hash, std::string_view password) {
  const Turn turn(*this);
  FW_RETURN_IF_ERROR(turn.status());
  const bool real = hash.starts_with("$argon2id$");
  const std::string& against = real ? hash : nobody_;
  return crypto_pwhash_argon2id_str_verify(against.c_str(), password.data(), password.size()) == 0 && real;
}

Status PasswordHasher::VerifyNothing(std::string_view password) { return Verify(nobody_, password).status(); }

bool PasswordHasher::NeedsRehash(const std::string& hash) const {
  return crypto_pwhash_argon2id_str_needs_rehash(hash.c_str(), options_.cost.passes,
                                                 options_.cost.memory_bytes) != 0;
}

Status ValidatePassword(std::string_view password) {
  constexpr size_t kMaxBytes = 4 * kMaxPasswordCharacters;
  // Every byte but UTF-8's continuations begins a character.
  const auto characters = static_cast<size_t>(std::count_if(password.begin(), password.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
  if (password.size() > kMaxBytes || characters > kMaxPasswordCharacters) {
    return Status::Invalid(fmt::format("a password has at most {} characters", kMaxPasswordCharacters));
  }
  if (!IsValidUtf8(password)) return Status::Invalid("a password must be UTF-8 text");
  if (characters < kMinPasswordCharacters) {
    return Status::Invalid(fmt::format("a password has at least {} characters", kMinPasswordCharacters));
  }
  if (password.find('\0') != std::string_view::npos) {
    return Status::Invalid("a password may not hold a NUL character");
  }
  return Status::Ok();
}

}  // namespace forewarn
