#include "ops/folder_events.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>

namespace forewarn {
namespace {

constexpr double kSafetyLook = 60;  // seconds
// A file that was closed, moved in or out; and the folder itself going away. Not each write.
constexpr uint32_t kMask =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

class SystemEvents final : public FolderEvents {
 public:
  SystemEvents(std::filesystem::path folder, double look_s, int inotify, int stop)
      : folder_(std::move(folder)), look_s_(look_s), inotify_(inotify), stop_(stop) {
    Watch();
  }
  ~SystemEvents() override {
    if (inotify_ >= 0) ::close(inotify_);
    ::close(stop_);
  }

  double Now() override {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  bool Wait(double seconds) override {
    if (inotify_ >= 0 && watch_ < 0) Watch();
    pollfd watched[2] = {{stop_, POLLIN, 0}, {inotify_, POLLIN, 0}};
    const double wait = std::min(seconds, look_s_);
    ::poll(watched, 2, static_cast<int>(std::ceil(wait * 1000)));
    if (watched[0].revents != 0) return false;
    if (watched[1].revents != 0) Drain();
    return true;
  }

  void Interrupt() override {
    const uint64_t one = 1;
    (void)!::write(stop_, &one, sizeof one);  // stays readable: for good
  }

 private:
  // Where the folder is away, the looks find it again.
  void Watch() {
    if (inotify_ >= 0) watch_ = ::inotify_add_watch(inotify_, folder_.c_str(), kMask);
  }

  void Drain() {
    alignas(inotify_event) char buffer[4096];
    ssize_t n = 0;
    while ((n = ::read(inotify_, buffer, sizeof buffer)) > 0) {
      for (const char* at = buffer; at < buffer + n;) {
        const auto* event = reinterpret_cast<const inotify_event*>(at);
        if ((event->mask & IN_MOVE_SELF) != 0) ::inotify_rm_watch(inotify_, watch_);
        if ((event->mask & IN_IGNORED) != 0) watch_ = -1;
        at += sizeof(inotify_event) + event->len;
      }
    }
  }

  const std::filesystem::path folder_;
  const double look_s_;
  const int inotify_;  // -1: by looking alone
  const int stop_;
  int watch_ = -1;
};

}  // namespace

Result<std::unique_ptr<FolderEvents>> MakeFolderEvents(const std::filesystem::path& folder, double poll_s) {
  int inotify = -1;
  if (poll_s <= 0) {
    inotify = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (inotify < 0) {
      return Status::Io(
          fmt::format("cannot watch '{}': {}; use --poll", folder.string(), std::strerror(errno)));
    }
  }
  const int stop = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop < 0) {
    if (inotify >= 0) ::close(inotify);
    return Status::Io(fmt::format("cannot watch '{}': {}", folder.string(), std::strerror(errno)));
  }
  return std::unique_ptr<FolderEvents>(
      new SystemEvents(folder, poll_s > 0 ? poll_s : kSafetyLook, inotify, stop));
}

}  // namespace forewarn
