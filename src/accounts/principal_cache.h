// PrincipalCache: who a token or session id was found to belong to, believed for a short while, so that a
// request need not ask the database who is asking. Bounded. Safe from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "accounts/sign_in.h"

namespace forewarn {

class PrincipalCache {
 public:
  PrincipalCache(int64_t life_us, size_t entries) : life_us_(life_us), entries_(entries) {}

  std::optional<Principal> Find(const std::string& key, int64_t now_us);
  // What was read from the database after Epoch() gave `epoch`; not kept if something was forgotten since.
  void Put(const std::string& key, const Principal& principal, int64_t now_us, uint64_t epoch);
  uint64_t Epoch();
  void Forget(const Principal& principal);  // one session or token
  void ForgetUser(int64_t user_id);

 private:
  struct Entry {
    Principal principal;
    int64_t read_us = 0;
  };

  const int64_t life_us_;
  const size_t entries_;
  std::mutex mutex_;
  uint64_t epoch_ = 0;
  std::unordered_map<std::string, Entry> map_;
};

}  // namespace forewarn
