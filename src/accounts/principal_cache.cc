#include "accounts/principal_cache.h"

namespace forewarn {

bool PrincipalCache::Believed(const Entry& entry, int64_t now_us) const {
  const int64_t life = now_us < away_until_us_ ? life_while_away_us_ : life_us_;
  return now_us >= entry.read_us && now_us - entry.read_us <= life && now_us < entry.principal.expires_us;
}

std::optional<Principal> PrincipalCache::Find(const std::string& key, int64_t now_us) {
  const std::lock_guard lock(mutex_);
  const auto it = map_.find(key);
  if (it == map_.end() || !Believed(it->second, now_us)) return std::nullopt;
  return it->second.principal;
}

void PrincipalCache::Put(const std::string& key, const Principal& principal, int64_t now_us, uint64_t epoch) {
  const std::lock_guard lock(mutex_);
  if (epoch != epoch_) return;
  // Room is made of the oldest: first of what is kept for the database's absence alone.
  for (const int64_t life : {life_while_away_us_, life_us_, int64_t{-1}}) {
    if (map_.size() < entries_ || map_.contains(key)) break;
    std::erase_if(map_, [&](const auto& item) { return now_us - item.second.read_us > life; });
  }
  map_[key] = Entry{principal, now_us};
}

uint64_t PrincipalCache::Epoch() {
  const std::lock_guard lock(mutex_);
  return epoch_;
}

void PrincipalCache::SourceAway(int64_t now_us) {
  const std::lock_guard lock(mutex_);
  away_until_us_ = now_us + life_us_;
}

void PrincipalCache::Drop(const std::string& key) {
  const std::lock_guard lock(mutex_);
  map_.erase(key);
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
