#include "ops/data_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/file.h"
#include "core/version.h"
#include "ops/service_lock.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kNow = 1'421'740'800'000'000;  // 2015-01-20 08:00 UTC

TEST(DataFolder, IsMadePrivateAndStamped) {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "deep" / "data";
  const auto opened = DataFolder::Open(folder);
  ASSERT_TRUE(opened.ok()) << opened.message();
  struct stat info{};
  ASSERT_EQ(::stat(folder.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  const auto schema = ParseDataSchema(*ReadFile(folder / "forewarn.json"));
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ(schema.value().schema, kDataSchema);
  EXPECT_EQ(schema.value().version, kVersion);
}

TEST(DataFolder, CheckMakesNothing) {
  const ScratchFolder scratch;
  EXPECT_TRUE(DataFolder::Check(scratch.path() / "none").ok());
  EXPECT_FALSE(fs::exists(scratch.path() / "none"));
}

TEST(DataFolder, RefusesANewerLayoutInWords) {
  const ScratchFolder scratch;
  ASSERT_TRUE(DataFolder::Open(scratch.path()).ok());
  ASSERT_TRUE(WriteFileAtomic(scratch.path() / "forewarn.json",
                              R"({"product":"forewarn","schema":99,"version":"7.1.0"})")
                  .ok());
  const auto opened = DataFolder::Open(scratch.path());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().code(), Code::kInvalid);
  EXPECT_THAT(opened.message(), AllOf(HasSubstr("newer forewarn"), HasSubstr("7.1.0"), HasSubstr("layout 99"),
                                      HasSubstr("update forewarn"), HasSubstr(scratch.path().string())));
  EXPECT_FALSE(DataFolder::Check(scratch.path()).ok());
}

TEST(DataFolder, RefusesADamagedStamp) {
  const ScratchFolder scratch;
  for (const char* text : {"", "{", "[]", R"({"product":"other","schema":1,"version":"1"})",
                           R"({"product":"forewarn","schema":"1","version":"1"})",
                           R"({"product":"forewarn","schema":0,"version":"1"})"}) {
    ASSERT_TRUE(WriteFileAtomic(scratch.path() / "forewarn.json", text).ok());
    const Status status = DataFolder::Check(scratch.path());
    EXPECT_EQ(status.code(), Code::kInvalid) << text;
    EXPECT_THAT(status.message(), HasSubstr("restore the folder from a backup")) << text;
  }
}

TEST(DataFolder, ManyShareItAndReplacingNeedsItAlone) {
  const ScratchFolder scratch;
  {
    const auto one = DataFolder::Open(scratch.path());
    const auto two = DataFolder::Open(scratch.path());
    ASSERT_TRUE(one.ok() && two.ok());
    const auto service = ServiceLock::Take(one.value(), "gateway", kNow);
    ASSERT_TRUE(service.ok()) << service.message();
    const auto alone = DataFolder::Open(scratch.path(), DataFolder::Use::kAlone);
    ASSERT_FALSE(alone.ok());
    EXPECT_EQ(alone.status().code(), Code::kBusy);
    EXPECT_THAT(alone.message(), AllOf(HasSubstr("gateway (process"), HasSubstr("stop it first")));
  }
  const auto alone = DataFolder::Open(scratch.path(), DataFolder::Use::kAlone);
  ASSERT_TRUE(alone.ok()) << alone.message();
  const auto shared = DataFolder::Open(scratch.path());
  ASSERT_FALSE(shared.ok());
  EXPECT_THAT(shared.message(), HasSubstr("being replaced"));
}

TEST(ServiceLock, TellsWhoHoldsIt) {
  const ScratchFolder scratch;
  const auto folder = DataFolder::Open(scratch.path());
  ASSERT_TRUE(folder.ok());
  auto held = ServiceLock::Take(folder.value(), "inference", kNow);
  ASSERT_TRUE(held.ok()) << held.message();
  ASSERT_TRUE(held.value().SetAddress("127.0.0.1:7502").ok());
  const auto second = ServiceLock::Take(folder.value(), "inference", kNow);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Code::kBusy);
  EXPECT_THAT(second.message(), AllOf(HasSubstr(std::to_string(::getpid())), HasSubstr("127.0.0.1:7502"),
                                      HasSubstr("since 2015-01-20T08:00:00Z"), HasSubstr("already runs")));
  EXPECT_TRUE(ServiceLock::Take(folder.value(), "gateway", kNow).ok()) << "another service's lock is its own";
}

TEST(ServiceLock, AShorterAddressLeavesNothingOfTheLonger) {
  const ScratchFolder scratch;
  const auto folder = DataFolder::Open(scratch.path());
  ASSERT_TRUE(folder.ok());
  auto held = ServiceLock::Take(folder.value(), "sensors", kNow);
  ASSERT_TRUE(held.ok());
  ASSERT_TRUE(held.value().SetAddress("[2001:db8::1234:5678]:65535").ok());
  ASSERT_TRUE(held.value().SetAddress("127.0.0.1:1").ok());
  const auto holders = ReadHolders(scratch.path());
  ASSERT_EQ(holders.size(), 1u);
  EXPECT_EQ(holders[0].address, "127.0.0.1:1");
}

// The holder dies without a word; the kernel drops its lock.
TEST(ServiceLock, IsFreeAfterItsHolderWasKilled) {
  const ScratchFolder scratch;
  const auto folder = DataFolder::Open(scratch.path());
  ASSERT_TRUE(folder.ok());
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = ServiceLock::Take(folder.value(), "gateway", kNow);
    const char done = held.ok() ? 'y' : 'n';
    (void)!::write(ready[1], &done, 1);
    while (true) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_EQ(ServiceLock::Take(folder.value(), "gateway", kNow).status().code(), Code::kBusy);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(ServiceLock::Take(folder.value(), "gateway", kNow).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(ServiceLock, AHolderFromAnotherProcessIsNotTrusted) {
  EXPECT_FALSE(ParseHolder("").has_value());
  EXPECT_FALSE(ParseHolder("[1]").has_value());
  EXPECT_FALSE(ParseHolder(R"({"service":"a","pid":-1,"address":"","since":""})").has_value());
  EXPECT_FALSE(ParseHolder(R"({"service":"a\u001b[2J","pid":1,"address":"","since":""})").has_value());
  EXPECT_FALSE(ParseHolder(R"({"service":"a","pid":1.5,"address":"","since":""})").has_value());
  const ServiceHolder holder = {"watch", 12, "", "2015-01-20T08:00:00Z"};
  const auto back = ParseHolder(HolderText(holder));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(DescribeHolder(*back), "watch (process 12, since 2015-01-20T08:00:00Z)");
}

}  // namespace
}  // namespace forewarn
