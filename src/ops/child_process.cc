#include "ops/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <linux/ioprio.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace forewarn {
namespace {

constexpr size_t kLongestLine = 8192;
constexpr int kExecFailed = 127;

Status SystemError(const char* doing, const std::string& program) {
  return Status::Io(fmt::format("cannot {} '{}': {}", doing, program, std::strerror(errno)));
}

void Close(int* fd) {
  if (*fd >= 0) ::close(std::exchange(*fd, -1));
}

struct Ends {
  int read = -1;
  int write = -1;
  ~Ends() {
    Close(&read);
    Close(&write);
  }
};

bool OpenPipe(Ends* ends) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return false;
  ends->read = fds[0];
  ends->write = fds[1];
  return ::fcntl(ends->read, F_SETFL, O_NONBLOCK) == 0;
}

// Between fork and exec, where only async-signal-safe calls are allowed.
void BecomePolite(int nice) {
  if (nice > 0) {
    ::setpriority(PRIO_PROCESS, 0, nice);
    ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
  }
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd >= 0) {
    (void)!::write(fd, "800", 3);
    ::close(fd);
  }
}

[[noreturn]] void BecomeChild(const ChildRequest& request, char* const* argv, pid_t parent,
                              const std::array<int, 3>& streams) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kExecFailed);  // it died before the line above
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(signal, SIG_DFL);
  BecomePolite(request.nice);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || ::dup2(nothing, 0) < 0 || ::dup2(streams[0], 1) < 0 || ::dup2(streams[1], 2) < 0) {
    ::_exit(kExecFailed);
  }
  // Sockets and files of libraries that do not care: none is the child's.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (request.progress_fd > 0) {
    // dup2 onto itself would leave close-on-exec set.
    if (streams[2] == request.progress_fd) {
      ::fcntl(streams[2], F_SETFD, 0);
    } else if (::dup2(streams[2], request.progress_fd) < 0) {
      ::_exit(kExecFailed);
    }
  }
  ::execv(request.program.c_str(), argv);
  ::_exit(kExecFailed);
}

}  // namespace

std::string DescribeChildEnd(const ChildEnd& end) {
  if (end.stopped) return "was stopped";
  if (end.signal == SIGKILL) {
    return "was killed by signal 9 (by someone, or by the system because memory ran out)";
  }
  if (end.signal != 0)
    return fmt::format("was killed by signal {} ({})", end.signal, ::strsignal(end.signal));
  if (end.exit_code == kExecFailed) return "could not be started";
  return fmt::format("ended with exit code {}", end.exit_code);
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(const ChildRequest& request) {
  std::array<Ends, 3> pipes;
  for (Ends& ends : pipes) {
    if (!OpenPipe(&ends)) return SystemError("make a pipe for", request.program);
  }
  std::vector<std::string> words = {"forewarn"};
  words.insert(words.end(), request.arguments.begin(), request.arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::unique_ptr<ChildProcess> out(new ChildProcess());
  out->grace_s_ = request.grace_s;
  out->stop_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (out->stop_ < 0) return SystemError("start", request.program);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    BecomeChild(request, argv.data(), parent, {pipes[0].write, pipes[1].write, pipes[2].write});
  }
  if (pid < 0) return SystemError("start", request.program);
  ::setpgid(pid, pid);  // also here: Stop may come before the child gets to it
  out->pid_ = pid;
  out->running_ = true;
  out->handle_ = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (out->handle_ < 0) return SystemError("watch", request.program);
  for (size_t i = 0; i < pipes.size(); ++i) out->pipes_[i].fd = std::exchange(pipes[i].read, -1);
  return out;
}

ChildProcess::~ChildProcess() {
  if (running_) {
    ::kill(static_cast<pid_t>(-pid_), SIGKILL);
    Reap(true);
  }
  for (Pipe& pipe : pipes_) Close(&pipe.fd);
  Close(&handle_);
  Close(&stop_);
}

void ChildProcess::Stop() {
  const uint64_t one = 1;
  (void)!::write(stop_, &one, sizeof one);
}

// What is there to be read now; false when the other end is closed.
bool ChildProcess::Drain(ChildStream stream,
                         const std::function<void(ChildStream, std::string_view)>& on_line) {
  Pipe& pipe = pipes_[static_cast<size_t>(stream)];
  char piece[4096];
  while (true) {
    const ssize_t n = ::read(pipe.fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return true;
    if (n == 0) {
      if (!pipe.pending.empty()) on_line(stream, pipe.pending);
      pipe.pending.clear();
      return false;
    }
    for (const char c : std::string_view(piece, static_cast<size_t>(n))) {
      if (c == '\n') {
        on_line(stream, pipe.pending);
        pipe.pending.clear();
      } else if (pipe.pending.size() < kLongestLine) {
        pipe.pending += c;
      }
    }
  }
}

ChildEnd ChildProcess::Reap(bool stopped) {
  int status = 0;
  while (::waitpid(static_cast<pid_t>(pid_), &status, 0) < 0 && errno == EINTR) {
  }
  running_ = false;
  ChildEnd end;
  end.stopped = stopped;
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
  return end;
}

ChildEnd ChildProcess::Wait(const std::function<void(ChildStream, std::string_view)>& on_line) {
  std::array<pollfd, 5> watched;
  for (size_t i = 0; i < 3; ++i) watched[i] = {pipes_[i].fd, POLLIN, 0};
  watched[3] = {handle_, POLLIN, 0};
  watched[4] = {stop_, POLLIN, 0};
  using Clock = std::chrono::steady_clock;
  bool stopping = false;
  Clock::time_point deadline;  // of the grace, once stopping
  while (true) {
    int timeout = -1;
    if (stopping) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      timeout = static_cast<int>(std::max<int64_t>(left, 0));
    }
    const int ready = ::poll(watched.data(), watched.size(), timeout);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      ::kill(static_cast<pid_t>(-pid_), SIGKILL);
      deadline = Clock::now() + std::chrono::seconds(1);
    }
    for (size_t i = 0; i < 3; ++i) {
      // A negative descriptor is passed over by poll.
      if (watched[i].revents != 0 && !Drain(static_cast<ChildStream>(i), on_line)) watched[i].fd = -1;
    }
    if (watched[4].revents != 0) {
      stopping = true;
      deadline = Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(grace_s_ * 1000));
      watched[4].fd = -1;
      watched[4].revents = 0;
      ::kill(static_cast<pid_t>(-pid_), SIGTERM);
    }
    if (watched[3].revents != 0) break;
  }
  // It has ended: what is left in the pipes is all there will be, but for children of its own.
  for (size_t i = 0; i < 3; ++i) {
    if (watched[i].fd >= 0) Drain(static_cast<ChildStream>(i), on_line);
    if (!pipes_[i].pending.empty())
      on_line(static_cast<ChildStream>(i), std::exchange(pipes_[i].pending, ""));
  }
  return Reap(stopping);
}

}  // namespace forewarn
