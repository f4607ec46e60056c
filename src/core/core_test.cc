#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <set>

#include "core/file.h"
#include "core/names.h"
#include "core/plant_time.h"
#include "core/random.h"
#include "core/status.h"
#include "core/thread_pool.h"

namespace forewarn {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Status::Invalid("odd");
  return n / 2;
}

Result<int> Quarter(int n) {
  FW_ASSIGN_OR_RETURN(const int half, Half(n));
  return Half(half);
}

TEST(Status, AssignOrReturn_PassesTheFailureOn) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().code(), Code::kInvalid);
  EXPECT_EQ(Quarter(6).status().WithPrefix("here").message(), "here: odd");
}

TEST(Status, APrefixKeepsWhenToTryAgain) {
  const Status status = Status::Throttled("too many tries", 30).WithPrefix("sign-in");
  EXPECT_EQ(status.code(), Code::kThrottled);
  EXPECT_EQ(status.retry_after_s(), 30);
  EXPECT_EQ(status.message(), "sign-in: too many tries");
  EXPECT_EQ(Status::Busy("x").retry_after_s(), 0);
}

TEST(PlantTime, RoundTripsEveryDayOfFourCenturies) {
  for (int64_t day = DaysFromCivil(1800, 1, 1); day < DaysFromCivil(2200, 1, 1); ++day) {
    const CivilTime c = ToCivil(day * kDay + 12345678901);
    ASSERT_EQ(DaysFromCivil(c.year, c.month, c.day), day);
    ASSERT_EQ(*FromCivil(c), day * kDay + 12345678901);
  }
}

TEST(PlantTime, ParsesTheFormsPeopleWrite) {
  const PlantTime t = *ParsePlantTime("2014-12-25 22:00:00");
  EXPECT_EQ(FormatPlantTime(t), "2014-12-25 22:00:00");
  EXPECT_EQ(*ParsePlantTime("2014-12-25T22:00"), t);
  EXPECT_EQ(*ParsePlantTime("2014-12-25 22:00:00.25"), t + 250 * kMillisecond);
  EXPECT_EQ(FormatPlantTime(t + 1), "2014-12-25 22:00:00.000001");
  EXPECT_EQ(HourOfDay(t), 22);
  EXPECT_EQ(DayOfWeek(t), 3);  // a Thursday
  PlantTime offset = 0;
  EXPECT_EQ(*ParsePlantTime("2014-12-25T22:00:00+02:30", &offset), t);
  EXPECT_EQ(offset, 2 * kHour + 30 * kMinute);
}

TEST(PlantTime, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2014", "2014-13-01", "2014-02-30", "2015-02-29 00:00", "2014-12-25 24:00", "2014-12-25 22:60",
        "2014-12-25 22:00:00Z", "2014-12-25x", "25.12.2014", "2014-12-25 22:00:00."}) {
    EXPECT_FALSE(ParsePlantTime(text).ok()) << text;
  }
}

TEST(PlantTime, BinsAreClosedOnTheLeftBeforeAndAfter1970) {
  EXPECT_EQ(BinStart(0, kHour), 0);
  EXPECT_EQ(BinStart(kHour - 1, kHour), 0);
  EXPECT_EQ(BinStart(-1, kHour), -kHour);
  EXPECT_EQ(HourOfDay(-1), 23);
}

TEST(PlantTime, DurationsRoundTrip) {
  for (const char* text : {"30s", "3min", "1h", "36h", "1d", "500ms"}) {
    EXPECT_EQ(FormatDuration(*ParseDuration(text)), text);
  }
  for (const char* text : {"", "h", "-1h", "0h", "1w", "1.5h", "99999999999999999999h"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(Random, SameSeedSameNumbersAndPartsDiffer) {
  Random a(7);
  Random b(7);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(a.Next(), b.Next());
  std::set<uint64_t> seeds;
  for (int fold = 0; fold < 100; ++fold) {
    seeds.insert(DeriveSeed(42, "xgboost_calibrated", fold));
    seeds.insert(DeriveSeed(42, "rf_soft_alarm", fold));
  }
  EXPECT_EQ(seeds.size(), 200u);
}

TEST(Random, MomentsAreRight) {
  Random random(1);
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 200000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

TEST(Random, SampleIsDistinctSortedAndCoversAll) {
  Random random(3);
  std::vector<int> hits(10, 0);
  for (int i = 0; i < 5000; ++i) {
    const auto sample = random.Sample(10, 4);
    ASSERT_TRUE(std::is_sorted(sample.begin(), sample.end()));
    ASSERT_EQ(std::set<uint32_t>(sample.begin(), sample.end()).size(), 4u);
    for (const uint32_t s : sample) ++hits.at(s);
  }
  for (const int h : hits) EXPECT_NEAR(h, 2000, 200);
  EXPECT_EQ(random.Sample(5, 5), (std::vector<uint32_t>{0, 1, 2, 3, 4}));
}

TEST(ParallelFor, RunsEachItemOnce) {
  for (const int threads : {0, 1, 2, 7}) {
    std::vector<std::atomic<int>> hits(1000);
    ParallelFor(hits.size(), threads, [&](size_t i) { ++hits[i]; });
    for (const auto& h : hits) ASSERT_EQ(h.load(), 1);
  }
  ParallelFor(0, 4, [](size_t) { FAIL(); });
}

TEST(File, AtomicWriteReplacesWholeAndLeavesNoTemporary) {
  const ScratchFolder scratch;
  const auto path = scratch.path() / "a.txt";
  ASSERT_TRUE(WriteFileAtomic(path, "one").ok());
  ASSERT_TRUE(WriteFileAtomic(path, "two").ok());
  EXPECT_EQ(*ReadFile(path), "two");
  const auto failed =
      ReplaceFileAtomic(path, [](const std::filesystem::path&) { return Status::Io("disk full"); });
  EXPECT_EQ(failed.code(), Code::kIo);
  EXPECT_EQ(*ReadFile(path), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
}

TEST(File, MessagesNameThePathAndTheFault) {
  const ScratchFolder scratch;
  EXPECT_NE(ReadFile(scratch.path()).message().find("is a folder"), std::string::npos);
  EXPECT_NE(ReadFile(scratch.path() / "none").message().find("No such file"), std::string::npos);
  ASSERT_TRUE(WriteFileAtomic(scratch.path() / "big", "12345").ok());
  EXPECT_EQ(ReadFile(scratch.path() / "big", 4).status().code(), Code::kInvalid);
  EXPECT_NE(WriteFileAtomic(scratch.path() / "none" / "x", "")
                .message()
                .find("cannot create '" + (scratch.path() / "none" / "x").string() + "': No such file"),
            std::string::npos);
}

TEST(File, Sha256MatchesTheStandardsExample) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Names, UnknownNameListsKnownAndNearest) {
  const std::string text = UnknownName("model", "xgbost", {"xgboost", "pca"});
  EXPECT_EQ(text, "unknown model 'xgbost' (did you mean 'xgboost'?); known: xgboost, pca");
  EXPECT_EQ(NearestName("zzzzzz", {"pca"}), "");
  EXPECT_EQ(NearestName("4", {"1", "3", "6"}), "");
}

TEST(Names, PatternsIgnoreCase) {
  EXPECT_TRUE(MatchesPattern("Export_TT301020.XLSX", "*tt301020*"));
  EXPECT_TRUE(MatchesPattern("abc", "a?c"));
  EXPECT_FALSE(MatchesPattern("abcd", "a?c"));
  EXPECT_TRUE(MatchesPattern("", "*"));
  EXPECT_FALSE(MatchesPattern("", "?"));
  const Wildcards sql = {.any = '%', .one = '_', .ignore_case = false};
  EXPECT_TRUE(MatchesPattern("plant_alarm_pca", "plant%p_a", sql));
  EXPECT_FALSE(MatchesPattern("Plant", "plant", sql));
  EXPECT_FALSE(MatchesPattern("abc", "a*", sql));
}

TEST(Names, Utf8ValidationFollowsTheStandard) {
  EXPECT_TRUE(IsValidUtf8("m\xC2\xB3/h"));
  EXPECT_TRUE(IsValidUtf8("\xF0\x9F\x98\x80"));
  EXPECT_FALSE(IsValidUtf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(IsValidUtf8("\xED\xA0\x80"));      // surrogate
  EXPECT_FALSE(IsValidUtf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(IsValidUtf8("\xE2\x82"));          // cut short
}

}  // namespace
}  // namespace forewarn
