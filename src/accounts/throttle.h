// Throttle: limits on sign-in tries, in bounded memory. By address (tries of any kind), by account (wrong
// tries from anywhere; an address that has signed in to it before is excepted, so that nobody can shut others
// out), and a lock on account and address after too many wrong tries. Floods of made-up names push out each
// other, not the locks. Safe from any thread; the clock is an argument.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"

namespace forewarn {

struct ThrottleOptions {
  int tries_to_lock = 10;
  int64_t lock_us = 15 * kMinute;
  // A bucket of `burst` tries that refills by one every `refill_us`.
  int address_burst = 60;
  int64_t address_refill_us = 1 * kSecond;
  int account_burst = 100;
  int64_t account_refill_us = 5 * kSecond;
  size_t entries = 8192;  // a table of so many, 40 bytes each
};

class Throttle {
 public:
  explicit Throttle(ThrottleOptions options);

  // Before a password is looked at; counts the try as wrong until Succeeded or Withdraw says otherwise, so
  // that tries side by side cannot pass the limit. kThrottled, with the seconds to wait.
  Status Begin(std::string_view account, std::string_view address, int64_t now_us);
  void Succeeded(std::string_view account, std::string_view address, int64_t now_us);
  // The try was not judged (the database was away): it does not count against the account.
  void Withdraw(std::string_view account, std::string_view address, int64_t now_us);
  bool IsLocked(std::string_view account, std::string_view address, int64_t now_us);
  // A try that names no account (a registration): by address alone.
  Status BeginAnonymous(std::string_view address, int64_t now_us);

 private:
  // Of an account and address: wrong tries. Of either alone: a bucket, kept as the time at which it is full
  // again.
  struct Entry {
    uint64_t key = 0;
    int64_t last_us = 0;
    int64_t full_us = 0;
    int wrong = 0;
    bool trusted = false;  // this address has signed in to this account
  };
  Entry& Find(char kind, std::string_view account, std::string_view address, int64_t now_us);
  int Worth(const Entry& entry, int64_t now_us) const;
  bool Locked(const Entry& entry, int64_t now_us) const;
  Status Take(Entry& bucket, int burst, int64_t refill_us, int64_t now_us, const char* what) const;

  const ThrottleOptions options_;
  std::array<unsigned char, 16> hash_key_;  // secret: nobody can aim at an entry
  std::mutex mutex_;
  std::vector<Entry> entries_;  // sets of kWays
};

}  // namespace forewarn
