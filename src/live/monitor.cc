#include "live/monitor.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "live/alarm_watch.h"
#include "live/hour_forecast.h"
#include "live/hour_rows.h"
#include "live/live_json.h"
#include "live/sensor_json.h"
#include "live/warning_rule.h"
#include "live/watch_state.h"

namespace forewarn {
namespace {

// Hours asked for at first; the whole buffer where they do not reach back to the last watched one.
constexpr size_t kFewHours = 3;
// Hours that wait for a failing log: their risks, never their warnings, are dropped beyond this.
constexpr size_t kMostWaiting = kHistoryBuffer;
constexpr auto kRetry = std::chrono::seconds(1);

}  // namespace

struct Monitor::Impl {
  Impl(const Plant& plant_file, SensorSource* from, Scorer* by, WarningLog* to, EventSink* events,
       HourRows made, SensorJson text)
      : plant(plant_file),
        options(EventOptionsOf(plant)),
        source(*from),
        log(*to),
        sink(*events),
        json(std::move(text)),
        rows(std::move(made)),
        forecaster(plant, by),
        alarms(options),
        rule(options) {}

  struct Pending {  // an event that waits for the log
    const char* name;
    std::string data;
    PlantTime time = 0;
    LiveNews news = {};
  };

  Status CatchUp();
  Status Load();
  Result<std::vector<ReadingPtr>> NewHours();
  void Replay(const SensorReading& hour, bool forecast);
  void Watch(const SensorReading& hour, PlantTime told);
  void Tell(const LiveWarning& warning, const char* change, PlantTime time, LiveNews::Kind kind);
  void WatchAlarm(PlantTime hour, HourRisk* risk, WarningRule::Hour* seen);
  void WatchWarning(const WarningRule::Hour& seen, HourRisk* risk);
  bool Evaluate(const SensorReading& hour, HourRisk* risk);
  void Forget(PlantTime newest);
  void Keep(HourRisk risk);
  void Note(const LiveWarning& warning);
  void Note(const LiveAlarm& alarm);
  WatchRecord Record() const;
  Status Commit();
  void Run();
  void OnSource(const SensorEvent& event);
  void Publish(Pending what);
  void Say(const std::function<void(MonitorStatus*)>& change);
  void TellModel(const HourRisk& risk);

  const Plant plant;
  const EventOptions options;
  SensorSource& source;
  WarningLog& log;
  EventSink& sink;
  const SensorJson json;

  // Of the watching thread (CatchUp).
  std::mutex watching;
  bool loaded = false;
  bool late = true;  // the next hours were closed before they could be watched
  std::optional<PlantTime> last_hour;
  HourRows rows;
  HourForecaster forecaster;
  AlarmWatch alarms;
  WarningRule rule;
  WatchStep step;  // what the log does not have yet
  std::vector<Pending> pending;

  mutable std::mutex mutex;  // of what others read
  MonitorStatus state;
  std::deque<HourRiskPtr> recent;
  std::deque<uint8_t> alarm_hours;  // of the rows the history sum is over

  std::mutex publishing;
  std::map<PlantTime, int> published;  // events of the latest times, for their ids
  PlantTime newest_time = 0;

  std::mutex waking;
  std::condition_variable wake;
  bool woken = false;
  bool stopping = false;
  std::unique_ptr<SensorSource::Subscription> subscription;
  std::thread thread;
};

void Monitor::Impl::Publish(Pending what) {
  const std::lock_guard lock(publishing);
  LiveEvent event;
  event.name = what.name;
  event.data = std::move(what.data);
  event.news = std::move(what.news);
  event.time = what.time;
  event.id = EventId(what.time, published[what.time]++);
  newest_time = std::max(newest_time, what.time);
  constexpr size_t kTimes = 64;
  if (published.size() > kTimes) published.erase(published.begin());
  sink.Publish(event);
}

// Changes the status; tells it where it is another than before.
void Monitor::Impl::Say(const std::function<void(MonitorStatus*)>& change) {
  MonitorStatus now;
  {
    const std::lock_guard lock(mutex);
    const MonitorStatus before = state;
    change(&state);
    const bool same = before.model == state.model && before.source == state.source &&
                      before.log == state.log && before.detail == state.detail;
    if (same) return;
    now = state;
  }
  PlantTime time = 0;
  {
    const std::lock_guard lock(publishing);
    time = newest_time;
  }
  if (!now.detail.empty()) spdlog::info("monitor: {}", now.detail);
  // That the source is back says nothing yet of its readings: the next forecast does.
  const LiveNews news = {now.source ? LiveNews::Kind::kNone : LiveNews::Kind::kSilent, ""};
  Publish({"status", StatusText(now, json.zone()), time, news});
}

// Rows, alarm rules and history sum of an hour. False, told in the log, for an hour that does not fit.
bool Monitor::Impl::Evaluate(const SensorReading& hour, HourRisk* risk) {
  const Status pushed = rows.Push(hour);
  if (!pushed.ok()) {
    spdlog::warn("monitor: {}", pushed.message());
    return false;
  }
  risk->time = hour.time;
  risk->known_at = hour.time + options.interval;
  const Result<AlarmHour> alarm = EvaluateAlarm(plant, rows.table());
  if (alarm.ok()) {
    risk->alarm_rules = alarm->rules;
    risk->alarm_known = alarm->known;
  } else {
    risk->alarm_known = false;
    spdlog::warn("monitor: {}", alarm.message());
  }
  const std::lock_guard lock(mutex);
  const size_t most = plant.features.history_sum ? plant.features.history_sum->rows : 0;
  alarm_hours.push_back(risk->alarm_rules.empty() ? 0 : 1);
  while (alarm_hours.size() > most) alarm_hours.pop_front();
  return true;
}

void Monitor::Impl::Keep(HourRisk risk) {
  auto kept = std::make_shared<const HourRisk>(std::move(risk));
  if (!kept->replayed) {
    step.hours.push_back(kept);
    if (step.hours.size() > kMostWaiting) step.hours.erase(step.hours.begin());
  }
  const std::lock_guard lock(mutex);
  recent.push_back(std::move(kept));
  if (recent.size() > kHistoryBuffer) recent.pop_front();
  state.last_hour = recent.back()->time;
}

void Monitor::Impl::Note(const LiveWarning& warning) {
  const auto same = [&](const LiveWarning& w) {
    return w.rise == warning.rise && w.horizon == warning.horizon;
  };
  const auto it = std::find_if(step.warnings.begin(), step.warnings.end(), same);
  if (it != step.warnings.end()) {
    *it = warning;
  } else {
    step.warnings.push_back(warning);
  }
}

void Monitor::Impl::Note(const LiveAlarm& alarm) {
  const auto it = std::find_if(step.alarms.begin(), step.alarms.end(),
                               [&](const LiveAlarm& a) { return a.began == alarm.began; });
  if (it != step.alarms.end()) {
    *it = alarm;
  } else {
    step.alarms.push_back(alarm);
  }
}

// An hour from before the watch, or one it has seen already: state, but no warning.
void Monitor::Impl::Replay(const SensorReading& hour, bool forecast) {
  HourRisk risk;
  risk.replayed = true;
  if (!Evaluate(hour, &risk)) return;
  (void)alarms.Step(hour.time, risk.alarm_rules);
  risk.alarm = alarms.open();
  if (!forecast) return;
  forecaster.Assess(rows, &risk);
  TellModel(risk);
  Keep(std::move(risk));
}

// Whether somebody answers, and why not: known from the first hour on, replayed or watched.
void Monitor::Impl::TellModel(const HourRisk& risk) {
  Say([&](MonitorStatus* now) {
    now->model = !risk.forecasts.empty() && risk.reason.empty();
    now->source = true;
    now->detail = risk.reason;
  });
}

void Monitor::Impl::WatchAlarm(PlantTime hour, HourRisk* risk, WarningRule::Hour* seen) {
  const AlarmWatch::Change change = alarms.Step(hour, risk->alarm_rules);
  if (change.ended) {
    Note(*change.ended);
    pending.push_back({"alarm", AlarmText(*change.ended, "ended", json.zone()), risk->known_at});
  }
  seen->in_alarm = !risk->alarm_rules.empty();
  seen->alarm_began = change.began.has_value();
}

void Monitor::Impl::WatchWarning(const WarningRule::Hour& seen, HourRisk* risk) {
  const WarningRule::Change change = rule.Step(seen);
  LiveWarning* open = rule.open();
  if (change.raised) {
    const HorizonForecast& leading = LeadingHorizon(risk->forecasts);
    open->horizon = leading.horizon;
    open->horizon_hours = leading.answer.horizon_hours;
    open->probability = open->peak = leading.answer.probability;
    open->threshold = leading.answer.threshold;
    open->drivers = leading.why.drivers;
    open->model = leading.answer.model;
  }
  for (const HorizonForecast& f : risk->forecasts) {
    if (open != nullptr && f.horizon == open->horizon)
      open->peak = std::max(open->peak, f.answer.probability);
  }
  if (seen.alarm_began) {
    if (change.lead) alarms.SetLead(*change.lead);
    pending.push_back({"alarm", AlarmText(*alarms.open(), "began", json.zone()), risk->known_at});
  }
  if (alarms.open()) Note(*alarms.open());
  if (open != nullptr) risk->warning = *open;
  risk->alarm = alarms.open();
  const bool stale = risk->status == InputStatus::kStale;
  pending.push_back({"risk",
                     RiskText(*risk, json.zone()),
                     risk->known_at,
                     {stale ? LiveNews::Kind::kSilent : LiveNews::Kind::kHeard, ""}});
  if (change.raised) Tell(*open, "raised", risk->known_at, LiveNews::Kind::kRaised);
  for (const LiveWarning& warning : change.judged) {
    Tell(warning, "judged", risk->known_at, LiveNews::Kind::kNone);
  }
  if (change.ended) Tell(*change.ended, "ended", risk->known_at, LiveNews::Kind::kEnded);
}

void Monitor::Impl::Tell(const LiveWarning& warning, const char* change, PlantTime time,
                         LiveNews::Kind kind) {
  Note(warning);
  pending.push_back({"warning", WarningText(warning, change, json.zone()), time, {kind, warning.horizon}});
}

void Monitor::Impl::Watch(const SensorReading& hour, PlantTime told) {
  HourRisk risk;
  if (!Evaluate(hour, &risk)) return;
  WarningRule::Hour seen;
  seen.time = hour.time;
  seen.told = std::max(told, risk.known_at);
  seen.gap_before = rows.gap_before();
  WatchAlarm(hour.time, &risk, &seen);
  forecaster.Assess(rows, &risk);
  seen.index = risk.index;
  seen.status = risk.status;
  WatchWarning(seen, &risk);
  last_hour = hour.time;
  TellModel(risk);
  Keep(std::move(risk));
}

WatchRecord Monitor::Impl::Record() const {
  WatchState now;
  now.warnings = rule.Save();
  now.alarm = alarms.open();
  now.alarm_last_end = alarms.last_end();
  now.blend_smoothed = forecaster.blend();
  return {last_hour, WatchStateText(now)};
}

// The plant's clock is behind what was watched: another plant, or one that began anew. Its hours are watched
// from here; what was open before is ended.
void Monitor::Impl::Forget(PlantTime newest) {
  spdlog::warn("monitor: the plant's newest hour {} is before the last one watched, {}: it is watched anew",
               FormatPlantTime(newest), FormatPlantTime(*last_hour));
  for (LiveWarning warning : rule.Save().warnings) {
    if (!warning.on()) continue;
    warning.end = *last_hour + options.interval;
    Tell(warning, "ended", newest + options.interval, LiveNews::Kind::kEnded);
  }
  rule.Restore({});
  last_hour = newest;
}

Status Monitor::Impl::Load() {
  FW_ASSIGN_OR_RETURN(const WatchRecord record, log.Load());
  FW_ASSIGN_OR_RETURN(const std::vector<ReadingPtr> hours, source.History(kHistoryBuffer));
  WatchState before;
  bool known = false;
  if (record.last_hour) {
    Result<WatchState> parsed = ParseWatchState(record.state);
    known = parsed.ok();
    if (known) {
      before = std::move(*parsed);
    } else {
      spdlog::warn("monitor: its kept state cannot be used: {}; it goes on without", parsed.message());
    }
  }
  last_hour = record.last_hour;
  rule.Restore(before.warnings);
  if (last_hour && !hours.empty() && hours.back()->time < *last_hour) {
    Forget(hours.back()->time);
    known = false;
  }
  if (!last_hour && !hours.empty()) last_hour = hours.back()->time;
  size_t seen = 0;
  while (seen < hours.size() && hours[seen]->time <= *last_hour) ++seen;
  for (size_t i = 0; i < seen; ++i) Replay(*hours[i], i + kPastHours >= seen);
  if (known) {
    alarms.Restore(before.alarm, before.alarm_last_end);
    forecaster.RestoreBlend(before.blend_smoothed);
  }
  loaded = true;
  return Status::Ok();
}

Result<std::vector<ReadingPtr>> Monitor::Impl::NewHours() {
  for (const size_t n : {kFewHours, kHistoryBuffer}) {
    FW_ASSIGN_OR_RETURN(std::vector<ReadingPtr> hours, source.History(n));
    const bool reaches =
        hours.size() < n || !last_hour || hours.front()->time <= *last_hour + options.interval;
    if (!reaches && n != kHistoryBuffer) continue;
    std::erase_if(hours, [&](const ReadingPtr& hour) { return last_hour && hour->time <= *last_hour; });
    return hours;
  }
  return std::vector<ReadingPtr>();
}

Status Monitor::Impl::Commit() {
  step.record = Record();
  const Status stored = log.Commit(step);
  if (stored.ok()) step = {};
  Say([&](MonitorStatus* now) {
    now->log = stored.ok();
    if (!stored.ok()) now->detail = stored.message();
  });
  return stored;
}

Status Monitor::Impl::CatchUp() {
  const std::lock_guard lock(watching);
  const auto away = [&](const Status& why) {
    late = true;
    Say([&](MonitorStatus* now) {
      now->source = false;
      now->detail = why.message();
    });
    return why;
  };
  if (!loaded) {
    const Status status = Load();
    if (!status.ok()) return away(status);
  }
  const Result<std::vector<ReadingPtr>> hours = NewHours();
  if (!hours.ok()) return away(hours.status());
  const PlantTime newest = hours->empty() ? 0 : hours->back()->time + options.interval;
  for (const ReadingPtr& hour : *hours) Watch(*hour, late ? newest : 0);
  late = false;
  Say([](MonitorStatus* now) { now->source = true; });
  const Status stored = hours->empty() && step.hours.empty() ? Status::Ok() : Commit();
  for (Pending& event : pending) Publish(std::move(event));
  pending.clear();
  return stored;
}

void Monitor::Impl::OnSource(const SensorEvent& event) {
  const auto alert = [&] {
    const std::lock_guard lock(waking);
    woken = true;
    wake.notify_all();
  };
  switch (event.kind) {
    case SensorEvent::Kind::kReading:
      Publish({"reading", json.Reading(*event.reading), event.id});
      break;
    case SensorEvent::Kind::kHourClosed:
      Publish({"hour", json.Reading(*event.reading), event.id});
      alert();
      break;
    case SensorEvent::Kind::kAway:
      Say([&](MonitorStatus* now) {
        now->source = false;
        now->detail = event.problem.message();
      });
      break;
    case SensorEvent::Kind::kBack:
      Say([](MonitorStatus* now) {
        now->source = true;
        now->detail.clear();
      });
      alert();
      break;
  }
}

void Monitor::Impl::Run() {
  bool failed = !CatchUp().ok();  // told by Say
  std::unique_lock lock(waking);
  while (!stopping) {
    const auto ready = [&] { return woken || stopping; };
    if (failed) {
      wake.wait_for(lock, kRetry, ready);
    } else {
      wake.wait(lock, ready);
    }
    woken = false;
    if (stopping) return;
    lock.unlock();
    failed = !CatchUp().ok();
    lock.lock();
  }
}

Monitor::Monitor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Monitor::~Monitor() { Stop(); }

Result<std::unique_ptr<Monitor>> Monitor::Make(const Plant& plant, SensorSource* source, Scorer* scorer,
                                               WarningLog* log, EventSink* sink) {
  FW_ASSIGN_OR_RETURN(HourRows rows, HourRows::Make(plant));
  FW_ASSIGN_OR_RETURN(SensorJson json, SensorJson::Make(plant));
  auto impl = std::make_unique<Impl>(plant, source, scorer, log, sink, std::move(rows), std::move(json));
  return std::unique_ptr<Monitor>(new Monitor(std::move(impl)));
}

void Monitor::Start() {
  if (impl_->thread.joinable()) return;
  impl_->stopping = false;
  impl_->subscription = impl_->source.Subscribe([this](const SensorEvent& event) { impl_->OnSource(event); });
  impl_->thread = std::thread([this] { impl_->Run(); });
}

void Monitor::Stop() {
  if (!impl_->thread.joinable()) return;
  impl_->subscription.reset();
  {
    const std::lock_guard lock(impl_->waking);
    impl_->stopping = true;
    impl_->wake.notify_all();
  }
  impl_->thread.join();
}

Status Monitor::CatchUp() { return impl_->CatchUp(); }

MonitorStatus Monitor::status() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->state;
}

std::vector<HourRiskPtr> Monitor::Recent(size_t n) const {
  const std::lock_guard lock(impl_->mutex);
  const size_t count = std::min(n, impl_->recent.size());
  return {impl_->recent.end() - static_cast<std::ptrdiff_t>(count), impl_->recent.end()};
}

std::string Monitor::RiskJson(const HourRisk& risk) const { return RiskText(risk, impl_->json.zone()); }

double Monitor::AlarmHours() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<double>(std::count(impl_->alarm_hours.begin(), impl_->alarm_hours.end(), 1));
}

}  // namespace forewarn
