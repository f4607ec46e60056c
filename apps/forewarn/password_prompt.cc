#include "password_prompt.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace forewarn {
namespace {

constexpr size_t kMaxLine = 4096;
constexpr std::array<int, 4> kSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

volatile std::sig_atomic_t caught = 0;
void Catch(int signal) { caught = signal; }

// The terminal with its echo off; a signal that would end the program meanwhile waits until it is on again.
// The signals are blocked but for the time of waiting: one that comes between two looks is not slept over.
class QuietTerminal {
 public:
  explicit QuietTerminal(int fd) : fd_(fd) {
    caught = 0;
    struct sigaction action{};
    action.sa_handler = Catch;
    sigset_t blocked;
    ::sigemptyset(&blocked);
    for (const int signal : kSignals) ::sigaddset(&blocked, signal);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &mask_);
    for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &before_[i]);
    ::tcgetattr(fd_, &settings_);
    termios quiet = settings_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &quiet);
  }
  ~QuietTerminal() {
    ::tcsetattr(fd_, TCSAFLUSH, &settings_);
    for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
    if (caught != 0) ::raise(caught);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  // Until there is something to read; false when a signal came.
  bool Wait() const {
    pollfd input{fd_, POLLIN, 0};
    while (caught == 0) {
      if (::ppoll(&input, 1, nullptr, &mask_) > 0) return true;
    }
    return false;
  }

 private:
  const int fd_;
  termios settings_{};
  sigset_t mask_{};
  std::array<struct sigaction, kSignals.size()> before_{};
};

Result<std::string> ReadLine(int fd, const QuietTerminal* terminal) {
  std::string line;
  char c = 0;
  while (true) {
    if (terminal != nullptr && !terminal->Wait()) return Status::Io("no password was given");
    const ssize_t n = ::read(fd, &c, 1);
    if (n < 0 && errno != EINTR) return Status::Io("no password was given");
    if (n < 0) continue;
    if (n == 0 || c == '\n') break;
    line += c;
    if (line.size() > kMaxLine) return Status::Invalid("the password is longer than a line may be");
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return line;
}

void Say(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

Result<std::string> Ask(int fd, const std::string& prompt) {
  Result<std::string> line = Status::Io("no password was given");
  {
    const QuietTerminal quiet(fd);
    Say(fd, prompt);
    line = ReadLine(fd, &quiet);
    Say(fd, "\n");
  }
  return line;
}

}  // namespace

Result<std::string> AskNewPassword(const std::string& whose) {
  const int fd = ::open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (fd < 0) return Status::Usage("there is no terminal to ask for the password at; use --password-stdin");
  Result<std::string> first = Ask(fd, fmt::format("new password of {}: ", whose));
  Result<std::string> second = first.ok() ? Ask(fd, "again: ") : first;
  ::close(fd);
  if (!first.ok()) return first;
  if (!second.ok()) return second;
  if (*first != *second) return Status::Invalid("the two passwords differ; nothing was changed");
  return first;
}

Result<std::string> ReadPasswordLine() { return ReadLine(STDIN_FILENO, nullptr); }

}  // namespace forewarn
