#include "accounts/principal_cache.h"

namespace forewarn {

std::optional<Principal> PrincipalCache::Find(const std::string& key, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  const auto it = map_.find(key);
  if (it == map_.end() || now_us < it->second.read_us || now_us - it->second.read_us > life_us_ ||
      now_us >= it->second.principal.expires_us) {
    return std::nullopt;
  }
  return it->second.principal;
}

void PrincipalCache::Put(const std::string& key, const Principal& principal, int64_t now_us, uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  if (epoch != epoch_) return;
  if (map_.size() >= entries_) {
    std::erase_if(map_, [&](const auto& item) { return now_us - item.second.read_us > life_us_; });
    if (map_.size() >= entries_) map_.clear();
  }
  map_[key] = Entry{principal, now_us};
}

uint64_t PrincipalCache::Epoch() {
  const std::lock_guard lock(mutex_);
  return epoch_;
}

void PrincipalCache::Forget(const Principal& principal) {
  const std::lock_guard lock(mutex_);
  ++epoch_;
  std::erase_if(map_, [&](const auto& item) {
    return item.second.principal.session_hash == principal.session_hash &&
           item.second.principal.token_id == principal.token_id;
  });
}

void PrincipalCache::ForgetUser(int64_t user_id) {
  const std::lock_guard lock(mutex_);
  ++epoch_;
  std::erase_if(map_, [&](const auto& item) { return item.second.principal.user_id == user_id; });
}

}  // namespace forewarn
