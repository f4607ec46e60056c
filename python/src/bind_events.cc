// Event metrics (train/event_metrics.h): what warnings are worth to an operator.
#include <fmt/format.h>

#include <algorithm>

#include "bindings.h"
#include "handles.h"
#include "train/event_metrics.h"

namespace forewarn::python {
namespace {

PlantTime Hours(double hours, const char* what) {
  if (!(hours > 0 && hours < 1e6)) {
    throw StatusError(Status::Invalid(fmt::format("{} is {} hours; more than 0 is needed", what, hours)));
  }
  return static_cast<PlantTime>(hours * static_cast<double>(kHour));
}

// A timeline with its labels and, where there are some, scores (NaN: none at that row).
struct Timeline {
  std::vector<PlantTime> times;
  std::vector<uint8_t> alarm;
  Vector scores;
  EventOptions options;
  std::vector<Event> events;
};

struct Shape {
  double interval_hours, merge_hours, reach_hours, release;
};

Timeline TakeTimeline(nb::handle times, nb::handle alarm, nb::handle scores, const Shape& shape) {
  Timeline out;
  out.times = ToTimes(times);
  out.alarm = ToLabels(alarm);
  if (out.times.size() != out.alarm.size()) {
    throw StatusError(Status::Invalid(
        fmt::format("{} times for {} labels; one a row is needed", out.times.size(), out.alarm.size())));
  }
  const auto stray =
      std::adjacent_find(out.times.begin(), out.times.end(), [](auto a, auto b) { return a >= b; });
  if (stray != out.times.end()) {
    throw StatusError(Status::Invalid("times must ascend; " + FormatPlantTime(*(stray + 1)) + " does not"));
  }
  if (!scores.is_none()) {
    out.scores = ToVector(scores);
    if (out.scores.size() != out.times.size()) {
      throw StatusError(Status::Invalid(
          fmt::format("{} scores for {} times; one a row is needed", out.scores.size(), out.times.size())));
    }
  }
  out.options.interval = Hours(shape.interval_hours, "interval_hours");
  out.options.merge = Hours(shape.merge_hours, "merge_hours");
  out.options.reach = Hours(shape.reach_hours, "reach_hours");
  out.options.release = shape.release;
  out.events = FindEvents(out.times, out.alarm, out.options);
  return out;
}

std::span<const double> ScoresOf(const Timeline& t) { return {t.scores.data(), t.scores.size()}; }

nb::list EventsOf(nb::handle times, nb::handle alarm, double interval, double merge) {
  const Timeline t = TakeTimeline(times, alarm, nb::none(), {interval, merge, 12, 0.7});
  nb::list out;
  for (const Event& event : t.events) {
    nb::dict one;
    one["begin"] = event.begin;
    one["end"] = event.end;
    one["onset_seen"] = event.onset_seen;
    out.append(one);
  }
  return out;
}

const char* VerdictName(WarningRun::Verdict verdict) {
  switch (verdict) {
    case WarningRun::Verdict::kTrue:
      return "true";
    case WarningRun::Verdict::kFalse:
      return "false";
    case WarningRun::Verdict::kRepeated:
      return "repeated";
  }
  return "";
}

nb::list WarningsOf(nb::handle times, nb::handle alarm, nb::handle scores, double threshold, double interval,
                    double merge, double reach, double release) {
  const Timeline t = TakeTimeline(times, alarm, scores, {interval, merge, reach, release});
  nb::list out;
  for (const WarningRun& warning : FindWarnings(t.times, t.events, ScoresOf(t), threshold, t.options)) {
    nb::dict one;
    one["rise"] = warning.rise;
    one["end"] = warning.end;
    one["verdict"] = VerdictName(warning.verdict);
    one["lead_hours"] = static_cast<double>(warning.lead) / static_cast<double>(kHour);
    out.append(one);
  }
  return out;
}

nb::dict MetricsDict(const EventMetrics& metrics, double threshold) {
  std::vector<double> leads;
  for (const PlantTime lead : metrics.leads)
    leads.push_back(static_cast<double>(lead) / static_cast<double>(kHour));
  nb::dict out;
  out["threshold"] = threshold;
  out["events"] = metrics.events;
  out["found"] = metrics.found;
  out["false_warnings"] = metrics.false_warnings;
  out["days_outside"] = metrics.days_outside;
  out["recall"] = metrics.Recall();
  out["false_per_day"] = metrics.FalsePerDay();
  out["median_lead_hours"] = metrics.MedianLeadHours();
  out["lead_hours"] = ToNumpy(std::move(leads));
  return out;
}

nb::dict Judge(nb::handle times, nb::handle alarm, nb::handle scores, double threshold, double interval,
               double merge, double reach, double release) {
  const Timeline t = TakeTimeline(times, alarm, scores, {interval, merge, reach, release});
  return MetricsDict(JudgeWarnings(t.times, t.events, ScoresOf(t), threshold, t.options), threshold);
}

nb::dict ForBudget(nb::handle times, nb::handle alarm, nb::handle scores, double budget, double interval,
                   double merge, double reach, double release) {
  const Timeline t = TakeTimeline(times, alarm, scores, {interval, merge, reach, release});
  BudgetThreshold found;
  {
    const nb::gil_scoped_release unlocked;
    found = ThresholdForBudget(t.times, t.events, ScoresOf(t), budget, t.options);
  }
  return MetricsDict(found.metrics, found.threshold);
}

}  // namespace

void BindEvents(nb::module_& m) {
  m.def("find_events", &EventsOf, nb::arg("times"), nb::arg("alarm"), nb::kw_only(),
        nb::arg("interval_hours") = 1.0, nb::arg("merge_hours") = 3.0,
        nb::sig("def find_events(times: object, alarm: object, *, interval_hours: float = 1.0, "
                "merge_hours: float = 3.0) -> list[dict]"),
        "Runs of alarm rows, those less than merge_hours apart as one; rows [begin, end).");
  m.def("find_warnings", &WarningsOf, nb::arg("times"), nb::arg("alarm"), nb::arg("scores"),
        nb::arg("threshold"), nb::kw_only(), nb::arg("interval_hours") = 1.0, nb::arg("merge_hours") = 3.0,
        nb::arg("reach_hours") = 12.0, nb::arg("release") = 0.7,
        nb::sig("def find_warnings(times: object, alarm: object, scores: object, threshold: float, *, "
                "interval_hours: float = 1.0, merge_hours: float = 3.0, reach_hours: float = 12.0, "
                "release: float = 0.7) -> list[dict]"),
        "Each warning's rows, verdict ('true', 'false', 'repeated') and lead.");
  m.def("judge_warnings", &Judge, nb::arg("times"), nb::arg("alarm"), nb::arg("scores"), nb::arg("threshold"),
        nb::kw_only(), nb::arg("interval_hours") = 1.0, nb::arg("merge_hours") = 3.0,
        nb::arg("reach_hours") = 12.0, nb::arg("release") = 0.7,
        nb::sig("def judge_warnings(times: object, alarm: object, scores: object, threshold: float, *, "
                "interval_hours: float = 1.0, merge_hours: float = 3.0, reach_hours: float = 12.0, "
                "release: float = 0.7) -> dict"),
        "Recall over events, false warnings a day, lead times.");
  m.def("threshold_for_budget", &ForBudget, nb::arg("times"), nb::arg("alarm"), nb::arg("scores"),
        nb::arg("budget"), nb::kw_only(), nb::arg("interval_hours") = 1.0, nb::arg("merge_hours") = 3.0,
        nb::arg("reach_hours") = 12.0, nb::arg("release") = 0.7,
        nb::sig("def threshold_for_budget(times: object, alarm: object, scores: object, budget: float, *, "
                "interval_hours: float = 1.0, merge_hours: float = 3.0, reach_hours: float = 12.0, "
                "release: float = 0.7) -> dict"),
        "The threshold with the best recall within `budget` false warnings a day, and its metrics.");
}

}  // namespace forewarn::python
