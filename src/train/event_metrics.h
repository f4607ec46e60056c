// Event metrics: what warnings are worth to an operator (models.md; never "point-adjusted"). An event is a
// run of alarm rows, runs less than `merge` apart are one; a warning is a maximal run above the threshold
// with hysteresis that starts outside events. Pure functions over one timeline of grid rows; the test has a
// brute-force oracle.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/plant_time.h"
#include "plant/event_options.h"

namespace forewarn {

// Rows [begin, end): from the first alarm row to the last, with the short pauses between.
struct Event {
  size_t begin = 0;
  size_t end = 0;
  bool onset_seen =
      true;  // false: the timeline (or the part after a hole in it) starts inside it; not counted
};
// times: ascending, one a row; a step longer than the interval is a hole.
std::vector<Event> FindEvents(std::span<const PlantTime> times, std::span<const uint8_t> alarm,
                              const EventOptions& options);

// A warning rises at row r when its score is >= threshold and falls when it is < release × threshold, unknown
// (NaN), or a hole in the timeline comes. It can be computed at the end of bin r; the alarm's time is its
// first bin's start.
struct WarningRun {
  size_t rise = 0;                                                            // row
  size_t end = 0;                                                             // first row after it
  enum class Verdict { kTrue, kFalse, kRepeated } verdict = Verdict::kFalse;  // kRepeated: counts neither way
  size_t event = 0;                                                           // kTrue, kRepeated: its event
  PlantTime lead = 0;  // kTrue: alarm's time − time of the warning, >= 0
};

struct EventMetrics {
  size_t events = 0;  // counted ones
  size_t found = 0;   // with a true warning
  size_t false_warnings = 0;
  double days_outside = 0;       // days of operation outside events
  std::vector<PlantTime> leads;  // of the true warnings, by time
  double Recall() const { return events == 0 ? 0 : static_cast<double>(found) / static_cast<double>(events); }
  double FalsePerDay() const {
    return days_outside > 0 ? static_cast<double>(false_warnings) / days_outside : 0;
  }
  double MedianLeadHours() const;  // NaN without a true warning
};

std::vector<WarningRun> FindWarnings(std::span<const PlantTime> times, const std::vector<Event>& events,
                                     std::span<const double> score, double threshold,
                                     const EventOptions& options);
// Days outside events count only rows with a score.
EventMetrics JudgeWarnings(std::span<const PlantTime> times, const std::vector<Event>& events,
                           std::span<const double> score, double threshold, const EventOptions& options);

// The threshold with the best recall among those that raise at most `budget` false alarms a day; ties: the
// one with fewer false alarms, then the higher. `candidates` cuts are tried, at quantiles of the scores.
// Above the highest score (no warnings) where none else keeps the budget.
struct BudgetThreshold {
  double threshold = 0.5;
  EventMetrics metrics;
};
BudgetThreshold ThresholdForBudget(std::span<const PlantTime> times, const std::vector<Event>& events,
                                   std::span<const double> score, double budget, const EventOptions& options,
                                   size_t candidates = 400);

}  // namespace forewarn
