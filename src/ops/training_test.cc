#include "ops/training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <future>

#include "core/file.h"
#include "ops/child_process.h"
#include "ops/progress_line.h"

namespace forewarn {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Phase = TrainingState::Phase;

ChildRequest Shell(const std::string& script) {
  ChildRequest request;
  request.program = "/bin/sh";
  request.arguments = {"-c", script};
  request.progress_fd = 3;
  return request;
}

struct Said {
  std::vector<std::string> output, errors, progress;
};

ChildEnd RunShell(const std::string& script, Said* said) {
  auto child = ChildProcess::Start(Shell(script));
  EXPECT_TRUE(child.ok()) << child.message();
  return child.value()->Wait([&](ChildStream stream, std::string_view line) {
    (stream == ChildStream::kOutput   ? said->output
     : stream == ChildStream::kErrors ? said->errors
                                      : said->progress)
        .emplace_back(line);
  });
}

// Whether a process that has been sent its end is gone; it need not be ours.
bool WaitGone(long pid) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0) return errno == ESRCH;
  pollfd watched = {handle, POLLIN, 0};
  const bool gone = ::poll(&watched, 1, 60'000) == 1;
  ::close(handle);
  return gone;
}

TEST(ProgressLine, RoundTripsAndRefusesTheRest) {
  const auto step = ParseProgressLine(ProgressLine("register \"x\"\n", 3, 40));
  ASSERT_TRUE(step.has_value());
  EXPECT_EQ(step->what, "register \"x\"\n");
  EXPECT_EQ(step->done, 3u);
  EXPECT_EQ(step->all, 40u);
  for (const char* text :
       {"", "{", "3", R"({"what":"x","done":-1,"all":2})", R"({"what":"x","done":3,"all":2})",
        R"({"what":1,"done":1,"all":2})", R"({"done":1,"all":2})"}) {
    EXPECT_FALSE(ParseProgressLine(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseProgressLine(ProgressLine(std::string(300, 'x'), 1, 2)).has_value());
}

TEST(ChildProcess, LinesOfEachStreamComeWholeAndTheCodeIsTold) {
  Said said;
  const ChildEnd end = RunShell("echo out; echo err >&2; echo step >&3; printf 'no end'; exit 3", &said);
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_EQ(DescribeChildEnd(end), "ended with exit code 3");
  EXPECT_THAT(said.output, ElementsAre("out", "no end"));
  EXPECT_THAT(said.errors, ElementsAre("err"));
  EXPECT_THAT(said.progress, ElementsAre("step"));
}

TEST(ChildProcess, IsInItsOwnGroupPoliteAndWithoutOurFiles) {
  int leaked[2];
  ASSERT_EQ(::pipe(leaked), 0);  // without close-on-exec, as libraries do
  Said said;
  const ChildEnd end = RunShell(
      "cut -d' ' -f5,19 /proc/$$/stat; cat /proc/$$/oom_score_adj; ls /proc/$$/fd | tr '\\n' ' '; echo; echo "
      "$$",
      &said);
  ASSERT_TRUE(end.ok());
  ASSERT_EQ(said.output.size(), 4u);
  EXPECT_EQ(said.output[0], said.output[3] + " 19") << "process group and niceness";
  EXPECT_EQ(said.output[1], "800");
  EXPECT_EQ(said.output[2], "0 1 2 3 ") << "standard streams and progress only";
  ::close(leaked[0]);
  ::close(leaked[1]);
}

TEST(ChildProcess, AKilledChildSaysSo) {
  Said said;
  const ChildEnd end = RunShell("kill -9 $$", &said);
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_THAT(DescribeChildEnd(end), HasSubstr("killed by signal 9"));
}

TEST(ChildProcess, AProgramThatIsNotThereSaysSo) {
  ChildRequest request;
  request.program = "/nonexistent/forewarn";
  auto child = ChildProcess::Start(request);
  ASSERT_TRUE(child.ok());
  const ChildEnd end = child.value()->Wait([](ChildStream, std::string_view) {});
  EXPECT_EQ(DescribeChildEnd(end), "could not be started");
}

TEST(ChildProcess, StopEndsItWithItsChildrenEvenIfItWillNot) {
  ChildRequest request =
      Shell("trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 100; done' & echo $!; wait; wait");
  request.grace_s = 0.05;
  auto child = ChildProcess::Start(request);
  ASSERT_TRUE(child.ok());
  long grandchild = 0;
  const ChildEnd end = child.value()->Wait([&](ChildStream, std::string_view line) {
    grandchild = std::stol(std::string(line));
    child.value()->Stop();
  });
  EXPECT_TRUE(end.stopped);
  EXPECT_EQ(end.signal, SIGKILL);
  ASSERT_GT(grandchild, 0);
  EXPECT_TRUE(WaitGone(grandchild));
}

TEST(ChildProcess, DiesWithItsParent) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    auto child = ChildProcess::Start(Shell("echo $$; while :; do sleep 100; done"));
    (void)child.value()->Wait([&](ChildStream, std::string_view line) {
      (void)!::write(pipe[1], line.data(), line.size());
      ::raise(SIGKILL);
    });
  }
  ::close(pipe[1]);
  ASSERT_EQ(::waitpid(parent, nullptr, 0), parent);
  char text[32] = "";
  ASSERT_GT(::read(pipe[0], text, sizeof text - 1), 0);
  EXPECT_TRUE(WaitGone(std::stol(text)));
  ::close(pipe[0]);
}

// Waits that take no time, and are kept.
class NoPause final : public TrainingPause {
 public:
  explicit NoPause(std::vector<double>* waits, int stop_at = -1) : waits_(waits), stop_at_(stop_at) {}
  bool Wait(double seconds) override {
    waits_->push_back(seconds);
    return static_cast<int>(waits_->size()) != stop_at_;
  }
  void Interrupt() override {}

 private:
  std::vector<double>* waits_;
  const int stop_at_;
};

class TrainingTest : public ::testing::Test {
 protected:
  TrainingStep Step(const std::string& what, const std::string& script) {
    TrainingStep step;
    step.what = what;
    step.child = Shell(script);
    return step;
  }

  // Runs to the end and gives every state there was.
  std::vector<TrainingState> RunAll(std::vector<TrainingStep> steps) {
    std::vector<TrainingState> states;
    std::promise<void> over;
    TrainingOptions options;
    options.steps = std::move(steps);
    options.pauses_s = {5, 30};
    options.log = scratch_.path() / "training.log";
    options.on_change = [&](const TrainingState& state) {
      states.push_back(state);
      if (state.phase == Phase::kDone || state.phase == Phase::kFailed) over.set_value();
    };
    TrainingSupervisor supervisor(options, std::make_unique<NoPause>(&waits_));
    supervisor.Start();
    over.get_future().wait();
    supervisor.Stop();
    return states;
  }

  ScratchFolder scratch_;
  std::vector<double> waits_;
};

TEST_F(TrainingTest, ProgressOfTheStepsAddsUpAndNeverGoesBack) {
  TrainingStep first = Step("simulating", "echo '{\"what\":\"hours\",\"done\":1,\"all\":2}' >&3");
  TrainingStep second = Step("training",
                             "for l in '{\"what\":\"fit a\",\"done\":1,\"all\":2}' "
                             "'{\"what\":\"other\",\"done\":1,\"all\":1}' 'nonsense' "
                             "'{\"what\":\"read\",\"done\":0,\"all\":1}' "
                             "'{\"what\":\"store\",\"done\":1,\"all\":1}'; do echo \"$l\" >&3; done");
  second.seconds = 3;
  second.parts = {{"read", 1}, {"fit", 2}, {"store", 1}};
  const auto states = RunAll({first, second});
  std::vector<double> progress;
  for (const TrainingState& state : states) progress.push_back(state.progress);
  // simulating: 0, ½ of ¼; training: ¼, then (1 + ½·2)/4 of ¾ twice, the step back not shown, all of it;
  // done.
  EXPECT_THAT(progress, ElementsAre(0, 0.125, 0.25, 0.625, 0.625, 0.625, 1, 1));
  EXPECT_EQ(states[3].stage, "training: fit a");
  EXPECT_EQ(states.back().phase, Phase::kDone);
  EXPECT_TRUE(waits_.empty());
}

TEST_F(TrainingTest, ACrashIsTriedAgainAndTold) {
  const std::string mark = (scratch_.path() / "mark").string();
  const auto states = RunAll({Step("training", "if [ -e " + mark + " ]; then exit 0; fi; touch " + mark +
                                                   "; echo before; echo 'out of luck' >&2; kill -SEGV $$")});
  EXPECT_THAT(waits_, ElementsAre(5));
  ASSERT_EQ(states.size(), 4u);
  EXPECT_EQ(states[1].phase, Phase::kWaiting);
  EXPECT_THAT(states[1].problem, AllOf(HasSubstr("killed by signal 11"), HasSubstr("out of luck")));
  EXPECT_EQ(states[1].stage, "training failed; the next try is in 5 s");
  EXPECT_EQ(states[2].tries, 2);
  EXPECT_EQ(states[3].phase, Phase::kDone);
  EXPECT_EQ(states[3].problem, "");
  EXPECT_THAT(*ReadFile(scratch_.path() / "training.log"),
              AllOf(HasSubstr("before\n"), HasSubstr("out of luck\n"), HasSubstr("killed by signal 11")));
}

TEST_F(TrainingTest, AfterTheLastTryItHasFailedWithWords) {
  const auto states = RunAll({Step("training", "echo 'disk full' >&2; exit 1")});
  EXPECT_THAT(waits_, ElementsAre(5, 30));
  EXPECT_EQ(states.back().phase, Phase::kFailed);
  EXPECT_EQ(states.back().tries, 3);
  EXPECT_EQ(states.back().problem, "training ended with exit code 1: disk full");
}

TEST_F(TrainingTest, WhatWouldFailAgainIsNotTriedAgain) {
  for (const char* code : {"2", "3"}) {
    waits_.clear();
    const auto states = RunAll({Step("training", std::string("exit ") + code), Step("never", "exit 0")});
    EXPECT_TRUE(waits_.empty()) << code;
    EXPECT_EQ(states.back().phase, Phase::kFailed) << code;
    EXPECT_EQ(states.size(), 2u) << code;
  }
}

TEST_F(TrainingTest, StopEndsTheChildThatRuns) {
  std::promise<void> running;
  TrainingOptions options;
  options.steps = {
      Step("training", "echo '{\"what\":\"x\",\"done\":0,\"all\":1}' >&3; while :; do sleep 100; done")};
  options.on_change = [&](const TrainingState& state) {
    if (state.stage == "training: x") running.set_value();
  };
  TrainingSupervisor supervisor(options, std::make_unique<NoPause>(&waits_));
  supervisor.Start();
  running.get_future().wait();
  supervisor.Stop();
  EXPECT_EQ(supervisor.state().phase, Phase::kRunning) << "neither done nor failed";
  EXPECT_TRUE(waits_.empty());
}

TEST_F(TrainingTest, StopEndsAWait) {
  TrainingOptions options;
  options.steps = {Step("training", "exit 1")};
  options.pauses_s = {3600};
  std::promise<void> waiting;
  options.on_change = [&](const TrainingState& state) {
    if (state.phase == Phase::kWaiting) waiting.set_value();
  };
  TrainingSupervisor supervisor(options);
  supervisor.Start();
  waiting.get_future().wait();
  supervisor.Stop();
  EXPECT_EQ(supervisor.state().phase, Phase::kWaiting);
}

}  // namespace
}  // namespace forewarn
