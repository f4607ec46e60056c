#include "train/event_metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace forewarn {
namespace {

constexpr size_t kNoEvent = std::numeric_limits<size_t>::max();

bool HoleBefore(std::span<const PlantTime> times, size_t row, PlantTime interval) {
  return row == 0 || times[row] - times[row - 1] > interval;
}

// For each row the event it lies in, or kNoEvent.
std::vector<size_t> EventOfRow(size_t rows, const std::vector<Event>& events) {
  std::vector<size_t> out(rows, kNoEvent);
  for (size_t e = 0; e < events.size(); ++e) {
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(events[e].begin),
              out.begin() + static_cast<std::ptrdiff_t>(events[e].end), e);
  }
  return out;
}

// Gives a warning its verdict; `claimed`: the events that have their true warning.
void Judge(std::span<const PlantTime> times, const std::vector<Event>& events, const EventOptions& options,
           std::vector<bool>& claimed, WarningRun* warning) {
  const PlantTime known_at = times[warning->rise] + options.interval;
  const auto next = std::lower_bound(events.begin(), events.end(), warning->rise,
                                     [](const Event& e, size_t row) { return e.begin <= row; });
  if (next == events.end()) return;
  const PlantTime lead = times[next->begin] - known_at;
  if (lead > options.reach || !next->onset_seen) return;
  warning->event = static_cast<size_t>(next - events.begin());
  if (claimed[warning->event]) {
    warning->verdict = WarningRun::Verdict::kRepeated;
    return;
  }
  claimed[warning->event] = true;
  warning->verdict = WarningRun::Verdict::kTrue;
  warning->lead = lead;
}

}  // namespace

std::vector<Event> FindEvents(std::span<const PlantTime> times, std::span<const uint8_t> alarm,
                              const EventOptions& options) {
  std::vector<Event> out;
  for (size_t r = 0; r < alarm.size(); ++r) {
    if (alarm[r] == 0) continue;
    if (!out.empty()) {
      const PlantTime apart = times[r] - (times[out.back().end - 1] + options.interval);
      if (apart < options.merge) {
        out.back().end = r + 1;
        continue;
      }
    }
    out.push_back({r, r + 1, !HoleBefore(times, r, options.interval)});
  }
  return out;
}

std::vector<WarningRun> FindWarnings(std::span<const PlantTime> times, const std::vector<Event>& events,
                                     std::span<const double> score, double threshold,
                                     const EventOptions& options) {
  const std::vector<size_t> event_of_row = EventOfRow(score.size(), events);
  std::vector<bool> claimed(events.size(), false);
  std::vector<WarningRun> out;
  bool on = false;
  bool counted = false;  // the run that is on started outside events
  for (size_t r = 0; r < score.size(); ++r) {
    const bool stays =
        on && !HoleBefore(times, r, options.interval) && score[r] >= options.release * threshold;
    if (on && !stays) {
      if (counted) out.back().end = r;
      on = false;
    }
    if (on || !(score[r] >= threshold)) continue;
    on = true;
    counted = event_of_row[r] == kNoEvent;
    if (!counted) continue;
    WarningRun warning;
    warning.rise = r;
    warning.end = score.size();
    Judge(times, events, options, claimed, &warning);
    out.push_back(warning);
  }
  return out;
}

double EventMetrics::MedianLeadHours() const {
  if (leads.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<PlantTime> sorted = leads;
  std::sort(sorted.begin(), sorted.end());
  const size_t middle = sorted.size() / 2;
  const double twice = static_cast<double>(sorted[middle]) +
                       static_cast<double>(sorted.size() % 2 == 1 ? sorted[middle] : sorted[middle - 1]);
  return twice / 2 / static_cast<double>(kHour);
}

EventMetrics JudgeWarnings(std::span<const PlantTime> times, const std::vector<Event>& events,
                           std::span<const double> score, double threshold, const EventOptions& options) {
  EventMetrics out;
  size_t outside = 0;
  const std::vector<size_t> event_of_row = EventOfRow(score.size(), events);
  for (size_t r = 0; r < score.size(); ++r) {
    if (event_of_row[r] == kNoEvent && !std::isnan(score[r])) ++outside;
  }
  out.days_outside =
      static_cast<double>(outside) * static_cast<double>(options.interval) / static_cast<double>(kDay);
  for (const Event& event : events) out.events += event.onset_seen ? 1 : 0;
  for (const WarningRun& warning : FindWarnings(times, events, score, threshold, options)) {
    if (warning.verdict == WarningRun::Verdict::kFalse) ++out.false_warnings;
    if (warning.verdict != WarningRun::Verdict::kTrue) continue;
    ++out.found;
    out.leads.push_back(warning.lead);
  }
  return out;
}

BudgetThreshold ThresholdForBudget(std::span<const PlantTime> times, const std::vector<Event>& events,
                                   std::span<const double> score, double budget, const EventOptions& options,
                                   size_t candidates) {
  std::vector<double> cuts;
  for (const double s : score) {
    if (!std::isnan(s)) cuts.push_back(s);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  BudgetThreshold best;
  if (cuts.empty()) return best;
  best.threshold = cuts.back() + 1e-6;
  best.metrics = JudgeWarnings(times, events, score, best.threshold, options);
  const size_t tries = std::min(candidates, cuts.size());
  for (size_t i = 0; i < tries; ++i) {  // from the highest cut down, so that ties keep the higher one
    const size_t place = tries == 1 ? 0 : (tries - 1 - i) * (cuts.size() - 1) / (tries - 1);
    if (!(cuts[place] > 0)) continue;  // hysteresis has no meaning at 0
    EventMetrics metrics = JudgeWarnings(times, events, score, cuts[place], options);
    if (metrics.FalsePerDay() > budget) continue;
    const bool better =
        metrics.found > best.metrics.found ||
        (metrics.found == best.metrics.found && metrics.false_warnings < best.metrics.false_warnings);
    if (better) best = {cuts[place], std::move(metrics)};
  }
  return best;
}

}  // namespace forewarn
