#include "accounts/throttle.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace forewarn {
namespace {

constexpr size_t kWays = 8;

int Seconds(int64_t us) { return static_cast<int>((us + kSecond - 1) / kSecond); }

// A person's network: an IPv4 address, or the /64 an IPv6 host may roam in.
std::string Network(std::string_view address) {
  const std::string text(address);
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1) return text;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    std::array<char, INET_ADDRSTRLEN> v4{};
    ::inet_ntop(AF_INET, v6.s6_addr + 12, v4.data(), v4.size());
    return v4.data();
  }
  return {reinterpret_cast<const char*>(v6.s6_addr), 8};
}

}  // namespace

Throttle::Throttle(ThrottleOptions options) : options_(options), hash_key_{} {
  if (sodium_init() < 0) std::abort();
  randombytes_buf(hash_key_.data(), hash_key_.size());
  entries_.resize(std::bit_ceil(std::max(options.entries, kWays)));
}

bool Throttle::Locked(const Entry& entry, int64_t now_us) const {
  return entry.wrong >= options_.tries_to_lock && now_us < entry.last_us + options_.lock_us;
}

// What it would cost to forget an entry.
int Throttle::Worth(const Entry& entry, int64_t now_us) const {
  if (Locked(entry, now_us)) return 3;
  if (entry.trusted) return 2;
  const bool used_much =
      entry.full_us - now_us > 2 * std::max(options_.account_refill_us, options_.address_refill_us);
  return entry.wrong > 1 || used_much ? 1 : 0;
}

Throttle::Entry& Throttle::Find(char kind, std::string_view account, std::string_view address,
                                int64_t now_us) {
  std::string text(1, kind);
  text.append(account).push_back('\0');
  text.append(Network(address));
  std::array<unsigned char, crypto_shorthash_BYTES> hash{};
  crypto_shorthash(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                   hash_key_.data());
  uint64_t key = 0;
  std::memcpy(&key, hash.data(), sizeof key);
  if (key == 0) key = 1;  // 0 is an empty place

  const auto set = entries_.begin() + static_cast<ptrdiff_t>(key % (entries_.size() / kWays) * kWays);
  const auto end = set + kWays;
  const auto found = std::find_if(set, end, [&](const Entry& e) { return e.key == key; });
  if (found != end) return *found;
  const auto least = std::min_element(set, end, [&](const Entry& a, const Entry& b) {
    return std::pair(a.key == 0 ? -1 : Worth(a, now_us), a.last_us) <
           std::pair(b.key == 0 ? -1 : Worth(b, now_us), b.last_us);
  });
  *least = Entry{.key = key, .last_us = now_us};
  return *least;
}

Status Throttle::Take(Entry& bucket, int burst, int64_t refill_us, int64_t now_us, const char* what) const {
  const int64_t full = std::max(bucket.full_us, now_us);
  const int64_t wait = full - now_us - (burst - 1) * refill_us;
  bucket.last_us = now_us;
  if (wait > 0) {
    return Status::Throttled(fmt::format("too many tries {}; wait {} s", what, Seconds(wait)), Seconds(wait));
  }
  bucket.full_us = full + refill_us;
  return Status::Ok();
}

Status Throttle::Begin(std::string_view account, std::string_view address, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  Entry pair = Find('p', account, address, now_us);
  if (Locked(pair, now_us)) {
    const int seconds = Seconds(pair.last_us + options_.lock_us - now_us);
    return Status::Throttled(
        fmt::format("too many wrong tries; this account is locked for your address for {} s", seconds),
        seconds);
  }
  FW_RETURN_IF_ERROR(Take(Find('a', "", address, now_us), options_.address_burst, options_.address_refill_us,
                          now_us, "from your address"));
  if (!pair.trusted) {
    FW_RETURN_IF_ERROR(Take(Find('n', account, "", now_us), options_.account_burst,
                            options_.account_refill_us, now_us, "for this account"));
  }
  if (now_us >= pair.last_us + options_.lock_us) pair.wrong = 0;
  ++pair.wrong;
  pair.last_us = now_us;
  Find('p', account, address, now_us) = pair;  // the other entries may have taken its place
  return Status::Ok();
}

void Throttle::Succeeded(std::string_view account, std::string_view address, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  if (!Find('p', account, address, now_us).trusted) {
    Entry& bucket = Find('n', account, "", now_us);  // only wrong tries empty it
    bucket.full_us -= std::min(bucket.full_us, options_.account_refill_us);
  }
  Entry& pair = Find('p', account, address, now_us);
  pair.wrong = 0;
  pair.trusted = true;
  pair.last_us = now_us;
}

void Throttle::Withdraw(std::string_view account, std::string_view address, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  Entry& pair = Find('p', account, address, now_us);
  pair.wrong = std::max(pair.wrong - 1, 0);
}

bool Throttle::IsLocked(std::string_view account, std::string_view address, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  return Locked(Find('p', account, address, now_us), now_us);
}

Status Throttle::BeginAnonymous(std::string_view address, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  return Take(Find('a', "", address, now_us), options_.address_burst, options_.address_refill_us, now_us,
              "from your address");
}

}  // namespace forewarn
