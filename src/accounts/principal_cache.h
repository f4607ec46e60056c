// PrincipalCache: who a token or session id was found to belong to, believed for a short while, so that a
// request need not ask the database who is asking; while the database is away, for a longer while. Bounded.
// Safe from any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "accounts/sign_in.h"

namespace forewarn {

class PrincipalCache {
 public:
  PrincipalCache(int64_t life_us, int64_t life_while_away_us, size_t entries)
      : life_us_(life_us), life_while_away_us_(std::max(life_us, life_while_away_us)), entries_(entries) {}

  std::optional<Principal> Find(const std::string& key, int64_t now_us);
  // What was read from the database after Epoch() gave `epoch`; not kept if something was forgotten since.
  void Put(const std::string& key, const Principal& principal, int64_t now_us, uint64_t epoch);
  uint64_t Epoch();
  // The database did not answer: until it is to be asked again, a life later, the longer life counts.
  void SourceAway(int64_t now_us);
  void Drop(const std::string& key);        // the database says it is nobody
  void Forget(const Principal& principal);  // one session or token
  void ForgetUser(int64_t user_id);

 private:
  struct Entry {
    Principal principal;
    int64_t read_us = 0;
  };

  bool Believed(const Entry& entry, int64_t now_us) const;

  const int64_t life_us_;
  const int64_t life_while_away_us_;
  const size_t entries_;
  std::mutex mutex_;
  uint64_t epoch_ = 0;
  int64_t away_until_us_ = 0;
  std::unordered_map<std::string, Entry> map_;
};

}  // namespace forewarn
