// ChildProcess: a program run beside this one, for work whose memory and crashes shall stay its own. The
// child is in a process group of its own, at the lowest priority for CPU and disk, first in line when memory
// runs out, and dies with the thread that started it: Start and Wait belong to one thread that lives on, Stop
// may be called from any.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace forewarn {

struct ChildRequest {
  std::string program = "/proc/self/exe";  // this program, even where its file was replaced meanwhile
  std::vector<std::string> arguments;      // without the program's name
  int nice = 19;                           // 0 to 19; above 0 its disk accesses wait for everybody else's too
  // Descriptor number at which the child finds the progress pipe (ops/progress_line.h); 0: it gets none.
  int progress_fd = 0;
  double grace_s = 5;  // from SIGTERM to SIGKILL at Stop
};

enum class ChildStream { kOutput, kErrors, kProgress };

struct ChildEnd {
  int exit_code = 0;  // where signal is 0
  int signal = 0;
  bool stopped = false;  // by Stop
  bool ok() const { return signal == 0 && exit_code == 0; }
};
std::string DescribeChildEnd(const ChildEnd& end);  // "ended with exit code 1", "was killed by signal 9 (…)"

class ChildProcess {
 public:
  static Result<std::unique_ptr<ChildProcess>> Start(const ChildRequest& request);
  ~ChildProcess();  // kills it, if it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Reads what the child says until it has ended; on_line gets each line without its end (cut at 8 KiB).
  ChildEnd Wait(const std::function<void(ChildStream, std::string_view)>& on_line);
  void Stop();  // SIGTERM to the group, SIGKILL after the grace; Wait returns then
  long pid() const { return pid_; }

 private:
  struct Pipe {
    int fd = -1;
    std::string pending;
  };
  ChildProcess() = default;
  bool Drain(ChildStream stream, const std::function<void(ChildStream, std::string_view)>& on_line);
  ChildEnd Reap(bool stopped);

  long pid_ = 0;
  int handle_ = -1;  // pidfd
  int stop_ = -1;    // eventfd
  Pipe pipes_[3];
  double grace_s_ = 5;
  bool running_ = false;
};

}  // namespace forewarn
