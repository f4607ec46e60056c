// StopSignal: SIGINT and SIGTERM as a call on an ordinary thread, so that whoever stops may lock and wait.
// Make one before any other thread starts: the signals are blocked from there on, in every thread.
#pragma once

#include <functional>
#include <thread>

namespace forewarn {

class StopSignal {
 public:
  // on_stop is called once, at the first signal; a second one ends the process at once. on_hangup: at SIGHUP;
  // empty: SIGHUP keeps its meaning.
  explicit StopSignal(std::function<void()> on_stop, std::function<void()> on_hangup = {});
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

 private:
  void Listen();

  const std::function<void()> on_stop_;
  const std::function<void()> on_hangup_;
  int signals_ = -1;  // signalfd
  int over_ = -1;     // eventfd
  std::thread thread_;
};

}  // namespace forewarn
