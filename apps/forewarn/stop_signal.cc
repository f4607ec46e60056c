#include "stop_signal.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>

namespace forewarn {

StopSignal::StopSignal(std::function<void()> on_stop, std::function<void()> on_hangup)
    : on_stop_(std::move(on_stop)), on_hangup_(std::move(on_hangup)) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  if (on_hangup_) ::sigaddset(&set, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  over_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { Listen(); });
}

StopSignal::~StopSignal() {
  const uint64_t one = 1;
  (void)!::write(over_, &one, sizeof one);
  thread_.join();
  ::close(signals_);
  ::close(over_);
}

void StopSignal::Listen() {
  bool stopping = false;
  while (true) {
    pollfd watched[2] = {{signals_, POLLIN, 0}, {over_, POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0) continue;
    if (watched[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo == SIGHUP) {
      on_hangup_();
      continue;
    }
    if (stopping) ::_exit(128 + static_cast<int>(info.ssi_signo));
    stopping = true;
    on_stop_();
  }
}

}  // namespace forewarn
