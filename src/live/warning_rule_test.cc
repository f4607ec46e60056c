#include "live/warning_rule.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "live/alarm_watch.h"
#include "train/event_metrics.h"

namespace forewarn {
namespace {

// Feeds a timeline through the live rules, as the monitor does.
struct Live {
  explicit Live(const EventOptions& given) : options(given), alarms(given), rule(given) {}

  void Step(PlantTime time, bool alarm, std::optional<double> index, InputStatus status = InputStatus::kOk) {
    const AlarmWatch::Change change =
        alarms.Step(time, alarm ? std::vector<std::string>{"rule"} : std::vector<std::string>{});
    if (change.ended) events.push_back(*change.ended);
    WarningRule::Hour hour;
    hour.time = time;
    hour.told = time + options.interval;
    hour.index = index;
    hour.status = status;
    hour.gap_before = last != kNoTime && time - last > options.interval;
    hour.in_alarm = alarm;
    hour.alarm_began = change.began.has_value();
    last = time;
    const WarningRule::Change got = rule.Step(hour);
    if (got.raised) ++raised;
    for (const LiveWarning& w : got.judged) judged[w.rise] = w;
    if (got.ended) ended[got.ended->rise] = *got.ended;
    if (LiveWarning* open = rule.open()) all[open->rise] = *open;
  }

  const EventOptions options;
  AlarmWatch alarms;
  WarningRule rule;
  PlantTime last = kNoTime;
  int raised = 0;
  std::vector<LiveAlarm> events;
  std::map<PlantTime, LiveWarning> judged, ended, all;
};

// The monitor's warnings are those that training chose the threshold by. What differs is told: a rise in a
// pause that an alarm follows within three hours lies inside the event in hindsight, which nobody knows live.
TEST(WarningRule, EqualsTheEventMetricsOnRandomTimelines) {
  Random random(11);
  size_t compared = 0;
  for (int round = 0; round < 3000; ++round) {
    EventOptions options;
    options.release = random.Uniform(0.3, 1);
    const size_t rows = 20 + random.Below(150);
    std::vector<PlantTime> times;
    std::vector<uint8_t> alarm;
    std::vector<double> score;
    PlantTime t = 0;
    const double p_alarm = random.Uniform(0, 0.1);
    bool on = false;
    for (size_t r = 0; r < rows; ++r) {
      t += random.Uniform() < 0.02 ? 4 * kHour : kHour;
      times.push_back(t);
      on = on ? random.Uniform() < 0.6 : random.Uniform() < p_alarm;
      alarm.push_back(on ? 1 : 0);
      score.push_back(random.Uniform(0, 1.4));
    }
    Live live(options);
    for (size_t r = 0; r < rows; ++r) live.Step(times[r], alarm[r] != 0, score[r]);

    const std::vector<Event> events = FindEvents(times, alarm, options);
    for (size_t e = 0; e < live.events.size(); ++e) {
      ASSERT_EQ(live.events[e].began, times[events[e].begin]);
      ASSERT_EQ(live.events[e].ended, times[events[e].end - 1] + kHour);
    }
    const auto in_event = [&](size_t row) {
      return std::any_of(events.begin(), events.end(),
                         [&](const Event& e) { return e.begin <= row && row < e.end; });
    };
    std::map<PlantTime, WarningRun> batch;
    for (const WarningRun& w : FindWarnings(times, events, score, 1, options)) batch[times[w.rise]] = w;
    bool hindsight = false;  // a rise in a joined pause: from there on runs may differ
    for (size_t r = 0; r < rows; ++r) hindsight = hindsight || (in_event(r) && alarm[r] == 0);
    if (hindsight) continue;
    ASSERT_EQ(live.raised, static_cast<int>(batch.size()));
    for (const auto& [rise, w] : batch) {
      ASSERT_TRUE(live.all.contains(rise));
      if (w.end < rows) {
        ASSERT_EQ(live.ended.at(rise).end, times[w.end]);
      }
      if (!events.empty() && !events[0].onset_seen) continue;  // the timeline begins in an alarm
      const auto judged = live.judged.find(rise);
      if (judged == live.judged.end()) continue;  // too near the end
      const bool holes = std::adjacent_find(times.begin(), times.end(), [](PlantTime a, PlantTime b) {
                           return b - a > kHour;
                         }) != times.end();
      if (holes) continue;  // an onset behind a hole is not counted in hindsight
      const WarningOutcome expected = w.verdict == WarningRun::Verdict::kTrue    ? WarningOutcome::kTrue
                                      : w.verdict == WarningRun::Verdict::kFalse ? WarningOutcome::kFalse
                                                                                 : WarningOutcome::kRepeated;
      ASSERT_EQ(judged->second.outcome, expected);
      if (expected == WarningOutcome::kTrue) {
        ASSERT_EQ(judged->second.lead(), w.lead);
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000u);
}

TEST(WarningRule, FallsOnlyBelowTheRelease) {
  Live live(EventOptions{});
  PlantTime t = 0;
  for (const double index : {0.5, 1.0, 0.8, 0.71, 0.95, 0.69, 0.9, 1.2}) live.Step(t += kHour, false, index);
  EXPECT_EQ(live.raised, 2);
  ASSERT_EQ(live.ended.size(), 1u);
  EXPECT_EQ(live.ended.begin()->second.rise, 2 * kHour);
  EXPECT_EQ(live.ended.begin()->second.end, 6 * kHour);
}

TEST(WarningRule, AStaleOrMissingForecastRaisesNothingAndEndsNothing) {
  Live live(EventOptions{});
  PlantTime t = 0;
  for (int i = 0; i < 3; ++i) live.Step(t += kHour, false, 1.5, InputStatus::kStale);
  EXPECT_EQ(live.raised, 0);
  live.Step(t += kHour, false, 1.5);
  EXPECT_EQ(live.raised, 1);
  live.Step(t += kHour, false, 0.1, InputStatus::kStale);
  live.Step(t += kHour, false, std::nullopt);
  EXPECT_NE(live.rule.open(), nullptr);
  live.Step(t += kHour, false, 0.1);
  EXPECT_EQ(live.rule.open(), nullptr);
}

TEST(WarningRule, AForecastOutsideTheTrainingRangeRaisesNothingByItself) {
  constexpr InputStatus kOutside = InputStatus::kOutsideTrainingRange;
  Live live(EventOptions{});
  PlantTime t = 0;
  live.Step(t += kHour, false, 0.2);
  live.Step(t += kHour, false, 3, kOutside);
  live.Step(t += kHour, false, 0.2);
  live.Step(t += kHour, false, 3, InputStatus::kStale);
  live.Step(t += kHour, false, 3, kOutside);
  EXPECT_EQ(live.raised, 0);
  live.Step(t += kHour, false, 1.1, kOutside);  // the second hour in a row
  EXPECT_EQ(live.raised, 1);
  live.Step(t += kHour, false, 0.1, kOutside);
  EXPECT_NE(live.rule.open(), nullptr) << "it ends nothing";
  live.Step(t += kHour, false, 0.1);
  EXPECT_EQ(live.rule.open(), nullptr);
}

TEST(WarningRule, ARunThatBeganInAnAlarmIsNoWarning) {
  Live live(EventOptions{});
  PlantTime t = 0;
  live.Step(t += kHour, false, 0.2);
  live.Step(t += kHour, true, 1.5);
  for (int i = 0; i < 5; ++i) live.Step(t += kHour, false, 1.5);
  EXPECT_EQ(live.raised, 0);
  live.Step(t += kHour, false, 0.1);
  live.Step(t += kHour, false, 1.5);
  EXPECT_EQ(live.raised, 1);
}

TEST(WarningRule, JudgesByTheAlarmThatFollows) {
  Live live(EventOptions{});
  PlantTime t = 0;
  const auto quiet = [&](int hours) {
    for (int i = 0; i < hours; ++i) live.Step(t += kHour, false, 0.1);
  };
  quiet(2);
  live.Step(t += kHour, false, 1.5);  // hour 3: told at 4
  quiet(3);
  live.Step(t += kHour, false, 1.5);  // hour 7: a repeat
  quiet(2);
  live.Step(t += kHour, true, 0.1);  // hour 10
  quiet(20);
  live.Step(t += kHour, false, 1.5);  // hour 31
  quiet(14);
  ASSERT_EQ(live.judged.size(), 3u);
  EXPECT_EQ(live.judged[3 * kHour].outcome, WarningOutcome::kTrue);
  EXPECT_EQ(live.judged[3 * kHour].lead(), 6 * kHour);
  EXPECT_EQ(live.judged[7 * kHour].outcome, WarningOutcome::kRepeated);
  EXPECT_EQ(live.judged[31 * kHour].outcome, WarningOutcome::kFalse);
  EXPECT_TRUE(live.rule.Save().warnings.empty());
}

TEST(AlarmWatch, JoinsShortPausesAndCollectsTheRules) {
  AlarmWatch watch(EventOptions{});
  const auto step = [&](int hour, std::vector<std::string> rules) { return watch.Step(hour * kHour, rules); };
  EXPECT_TRUE(step(1, {"x"}).began);
  step(2, {});
  step(3, {});
  EXPECT_FALSE(step(4, {"y"}).began) << "two hours apart";
  step(5, {});
  step(6, {});
  EXPECT_TRUE(watch.open());
  const AlarmWatch::Change over = step(7, {});
  ASSERT_TRUE(over.ended);
  EXPECT_EQ(over.ended->began, 1 * kHour);
  EXPECT_EQ(over.ended->ended, 5 * kHour);
  EXPECT_EQ(over.ended->rules, (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(step(8, {"x"}).began);
}

}  // namespace
}  // namespace forewarn
