// PasswordHasher: Argon2id by libsodium. A hash takes memory and tens of milliseconds, so at most
// `concurrent` run at once; others wait their turn, and a caller who would wait too long is told so. Call off
// the I/O threads. Safe from any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "core/status.h"

namespace forewarn {

inline constexpr size_t kMinPasswordCharacters = 8;
inline constexpr size_t kMaxPasswordCharacters = 1024;

// OWASP's least for Argon2id is 19 MiB with two passes and one lane; one pass more is spent.
struct PasswordCost {
  uint64_t passes = 3;
  size_t memory_bytes = size_t{19} << 20;
};

class PasswordHasher {
 public:
  struct Options {
    PasswordCost cost;
    int concurrent = 2;
    int wait_ms = 2000;
  };
  explicit PasswordHasher(Options options);

  // kInvalid: shorter or longer than allowed, NUL, broken UTF-8. kBusy: too many before it.
  Result<std::string> Hash(std::string_view password);
  // False for a wrong password, and (after the same work) for a hash that is none.
  Result<bool> Verify(const std::string& hash, std::string_view password);
  // The same work as Verify, for a user that does not exist.
  Status VerifyNothing(std::string_view password);
  // True for a hash made at another cost.
  bool NeedsRehash(const std::string& hash) const;

 private:
  class Turn;

  const Options options_;
  const std::string nobody_;  // a hash that no password has
  std::mutex mutex_;
  std::condition_variable freed_;
  int running_ = 0;
};

Status ValidatePassword(std::string_view password);

}  // namespace forewarn
