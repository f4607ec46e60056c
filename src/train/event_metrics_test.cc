#include "train/event_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/random.h"

namespace forewarn {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Timeline {
  std::vector<PlantTime> times;
  std::vector<uint8_t> alarm;
  std::vector<double> score;
};

Timeline Hours(const std::string& alarms, const std::vector<double>& score) {
  Timeline out;
  for (size_t r = 0; r < alarms.size(); ++r) {
    out.times.push_back(static_cast<PlantTime>(r) * kHour);
    out.alarm.push_back(alarms[r] == 'A' ? 1 : 0);
  }
  out.score = score;
  return out;
}

EventMetrics JudgeAt(const Timeline& t, double threshold) {
  const EventOptions options;
  return JudgeWarnings(t.times, FindEvents(t.times, t.alarm, options), t.score, threshold, options);
}

TEST(FindEvents, RunsLessThanThreeHoursApartAreOne) {
  const EventOptions options;
  Timeline t = Hours("..A..A...A", {});
  const std::vector<Event> events = FindEvents(t.times, t.alarm, options);
  ASSERT_EQ(events.size(), 2u);  // two rows between: one event; three rows: another
  EXPECT_EQ(events[0].begin, 2u);
  EXPECT_EQ(events[0].end, 6u);
  EXPECT_EQ(events[1].begin, 9u);
  EXPECT_TRUE(events[0].onset_seen);
}

TEST(FindEvents, AnEventTheTimelineStartsInsideIsNotCounted) {
  Timeline t = Hours("AA....A", std::vector<double>(7, 0));
  EXPECT_EQ(JudgeAt(t, .5).events, 1u);
  t.times[6] += 5 * kHour;  // a hole before the second alarm: its onset was not seen either
  EXPECT_EQ(JudgeAt(t, .5).events, 0u);
}

TEST(JudgeWarnings, LeadRunsFromTheEndOfTheBinToTheAlarm) {
  const Timeline t = Hours(".....A", {0, 0, 1, 0, 0, 0});
  const EventMetrics m = JudgeAt(t, .5);
  EXPECT_EQ(m.found, 1u);
  EXPECT_EQ(m.leads, std::vector<PlantTime>{2 * kHour});  // computed at hour 3, alarm at hour 5
  EXPECT_EQ(m.MedianLeadHours(), 2);
  EXPECT_EQ(m.false_warnings, 0u);
}

TEST(JudgeWarnings, TwelveHoursReachAndNotMore) {
  std::vector<double> score(20, 0);
  score[0] = 1;
  Timeline t = Hours("..............A.....", score);  // computed at 1, alarm at 14: 13 h
  EXPECT_EQ(JudgeAt(t, .5).found, 0u);
  EXPECT_EQ(JudgeAt(t, .5).false_warnings, 1u);
  t = Hours(".............A......", score);  // 12 h
  EXPECT_EQ(JudgeAt(t, .5).found, 1u);
}

TEST(JudgeWarnings, ASecondRiseBeforeTheSameEventCountsNeitherWay) {
  const EventMetrics m = JudgeAt(Hours("......A", {1, 0, 1, 0, 1, 0, 0}), .5);
  EXPECT_EQ(m.found, 1u);
  EXPECT_EQ(m.false_warnings, 0u);
  EXPECT_EQ(m.leads, std::vector<PlantTime>{5 * kHour});
}

TEST(JudgeWarnings, HysteresisHoldsAWarningAndARunFromInsideAnAlarmIsNone) {
  // Above .35 = .7 × .5 the warning goes on: one rise at row 1, false as no event follows in reach.
  EXPECT_EQ(JudgeAt(Hours("........", {0, .5, .4, .36, .5, .3, 0, 0}), .5).false_warnings, 1u);
  // The run that starts at the alarm and outlasts it is no warning.
  EXPECT_EQ(JudgeAt(Hours("..AA....", {0, 0, 1, 1, 1, 1, 1, 0}), .5).false_warnings, 0u);
}

TEST(JudgeWarnings, AnUnknownScoreEndsAWarning) {
  EXPECT_EQ(JudgeAt(Hours("........", {0, 1, kNan, 1, 1, 0, 0, 0}), .5).false_warnings, 2u);
}

TEST(JudgeWarnings, FalseAlarmsAreADayOfOperationOutsideAlarms) {
  std::vector<double> score(72, 0);
  score[5] = score[30] = 1;
  Timeline t = Hours(std::string(60, '.') + std::string(12, 'A'), score);
  t.score[59] = kNan;
  const EventMetrics m = JudgeAt(t, .5);
  EXPECT_EQ(m.false_warnings, 2u);
  EXPECT_NEAR(m.FalsePerDay(), 2 / (59.0 / 24), 1e-12);
  EXPECT_EQ(m.Recall(), 0);
  EXPECT_TRUE(std::isnan(m.MedianLeadHours()));
}

// The definitions of models.md, written down a second time with no thought for speed: hour by hour, pair by
// pair.
struct Oracle {
  const Timeline& t;
  double threshold;
  EventOptions o;

  bool Hole(size_t r) const { return r == 0 || t.times[r] - t.times[r - 1] > o.interval; }
  bool AlarmAt(size_t r) const { return t.alarm[r] == 1; }
  // Rows a ≤ b in alarm belong together if no two neighbouring alarm rows between them are `merge` apart or
  // more.
  bool SameEvent(size_t a, size_t b) const {
    size_t last = a;
    for (size_t r = a + 1; r <= b; ++r) {
      if (!AlarmAt(r)) continue;
      if (t.times[r] - (t.times[last] + o.interval) >= o.merge) return false;
      last = r;
    }
    return true;
  }
  bool EventStarts(size_t r) const {
    if (!AlarmAt(r)) return false;
    for (size_t a = 0; a < r; ++a) {
      if (AlarmAt(a) && SameEvent(a, r)) return false;
    }
    return true;
  }
  bool InsideEvent(size_t r) const {
    if (AlarmAt(r)) return true;
    for (size_t a = 0; a < r; ++a) {
      for (size_t b = r + 1; b < t.alarm.size(); ++b) {
        if (AlarmAt(a) && AlarmAt(b) && SameEvent(a, b)) return true;
      }
    }
    return false;
  }
  bool Above(size_t r, double level) const { return !std::isnan(t.score[r]) && t.score[r] >= level; }
  // A run is on at r if some rise at q ≤ r has been held since.
  bool On(size_t r) const {
    for (size_t q = 0; q <= r; ++q) {
      if (!Above(q, threshold)) continue;
      bool held = true;
      for (size_t i = q + 1; i <= r; ++i) held = held && !Hole(i) && Above(i, o.release * threshold);
      if (held) return true;
    }
    return false;
  }
  bool Rises(size_t r) const {
    if (!Above(r, threshold)) return false;
    if (r == 0) return true;
    return !On(r - 1) || Hole(r) || !Above(r, o.release * threshold);
  }
  // The next event's first row after r, or the number of rows.
  size_t NextEvent(size_t r) const {
    for (size_t e = r + 1; e < t.alarm.size(); ++e) {
      if (EventStarts(e)) return e;
    }
    return t.alarm.size();
  }
  bool Reaches(size_t r, size_t e) const {
    return e < t.alarm.size() && !Hole(e) && t.times[e] - (t.times[r] + o.interval) <= o.reach;
  }
  EventMetrics Judge() const {
    EventMetrics m;
    size_t outside = 0;
    for (size_t r = 0; r < t.alarm.size(); ++r) {
      if (EventStarts(r) && !Hole(r)) ++m.events;
      if (!InsideEvent(r) && !std::isnan(t.score[r])) ++outside;
      if (!Rises(r) || InsideEvent(r)) continue;
      const size_t e = NextEvent(r);
      if (!Reaches(r, e)) {
        ++m.false_warnings;
        continue;
      }
      bool earlier = false;
      for (size_t q = 0; q < r; ++q) {
        earlier = earlier || (Rises(q) && !InsideEvent(q) && NextEvent(q) == e && Reaches(q, e));
      }
      if (earlier) continue;
      ++m.found;
      m.leads.push_back(t.times[e] - (t.times[r] + o.interval));
    }
    m.days_outside = static_cast<double>(outside) / 24;
    return m;
  }
};

Timeline RandomTimeline(Random& random) {
  Timeline t;
  const size_t n = 1 + random.Below(40);
  PlantTime time = 0;
  bool alarm = false;
  const double alarm_rate = random.Uniform(0.02, 0.4);
  const double quiet = random.Uniform(0.2, 0.95);
  for (size_t r = 0; r < n; ++r) {
    time += random.Uniform() < 0.03 ? static_cast<PlantTime>(1 + random.Below(6)) * kHour : 0;
    t.times.push_back(time);
    time += kHour;
    if (random.Uniform() < alarm_rate) alarm = !alarm;
    t.alarm.push_back(alarm ? 1 : 0);
    const double u = random.Uniform();
    t.score.push_back(random.Uniform() < 0.03 ? kNan : random.Uniform() < quiet ? 0.3 * u : u);
  }
  return t;
}

TEST(JudgeWarnings, EqualsTheBruteForceOracle) {
  Random random(7);
  const EventOptions options;
  size_t found = 0;
  size_t false_warnings = 0;
  for (int round = 0; round < 100'000; ++round) {
    const Timeline t = RandomTimeline(random);
    const double threshold = random.Uniform(0.2, 0.8);
    const EventMetrics fast = JudgeAt(t, threshold);
    const EventMetrics plain = Oracle{t, threshold, options}.Judge();
    ASSERT_EQ(fast.events, plain.events) << "round " << round;
    ASSERT_EQ(fast.found, plain.found) << "round " << round;
    ASSERT_EQ(fast.false_warnings, plain.false_warnings) << "round " << round;
    ASSERT_EQ(fast.leads, plain.leads) << "round " << round;
    ASSERT_DOUBLE_EQ(fast.days_outside, plain.days_outside) << "round " << round;
    found += fast.found;
    false_warnings += fast.false_warnings;
  }
  EXPECT_GT(found, 10'000u);  // the cases are not trivial
  EXPECT_GT(false_warnings, 10'000u);
}

TEST(ThresholdForBudget, KeepsTheBudgetAndFindsTheMost) {
  Random random(8);
  const EventOptions options;
  for (int round = 0; round < 300; ++round) {
    const Timeline t = RandomTimeline(random);
    const std::vector<Event> events = FindEvents(t.times, t.alarm, options);
    const double budget = random.Uniform(0, 2);
    const BudgetThreshold best = ThresholdForBudget(t.times, events, t.score, budget, options);
    const EventMetrics at = JudgeAt(t, best.threshold);
    ASSERT_EQ(at.found, best.metrics.found);
    ASSERT_LE(at.FalsePerDay(), budget);
    for (const double s : t.score) {
      if (!(s > 0)) continue;
      const EventMetrics other = JudgeAt(t, s);
      ASSERT_TRUE(other.FalsePerDay() > budget || other.found <= at.found);
    }
  }
}

}  // namespace
}  // namespace forewarn
