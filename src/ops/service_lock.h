// ServiceLock: one process a service and data folder. run/<service>.lock is locked as long as the process
// lives, however it ends, and says who holds it: pid, address, since when. Belongs to one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_lock.h"
#include "core/status.h"
#include "ops/data_folder.h"

namespace forewarn {

// What a lock's file says; from another process, so nothing in it is trusted.
struct ServiceHolder {
  std::string service;
  long pid = 0;
  std::string address;  // "127.0.0.1:7501"; "" while it starts, or where it serves no port
  std::string since;    // ISO 8601 UTC
};
std::string HolderText(const ServiceHolder& holder);                          // one line of JSON
std::optional<ServiceHolder> ParseHolder(std::string_view text);              // nullopt for another text
std::string DescribeHolder(const ServiceHolder& holder);                      // "gateway (process 12, …)"
std::vector<ServiceHolder> ReadHolders(const std::filesystem::path& folder);  // of a data folder, living ones

class ServiceLock {
 public:
  // kBusy, saying which process serves it, where and since when, if another has it. since_us: UTC.
  static Result<ServiceLock> Take(const DataFolder& folder, const std::string& service, int64_t since_us);
  // Once the address is known.
  Status SetAddress(const std::string& address);

  ServiceLock(ServiceLock&&) = default;
  ServiceLock& operator=(ServiceLock&&) = default;
  ~ServiceLock() = default;

 private:
  ServiceLock(FileLock lock, ServiceHolder holder) : lock_(std::move(lock)), holder_(std::move(holder)) {}

  FileLock lock_;
  ServiceHolder holder_;
};

}  // namespace forewarn
