#include "live/simulated_plant.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include "core/file.h"
#include "core/names.h"
#include "live/live_fill.h"
#include "live/plant_state.h"
#include "sim/simulator.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr char kFileName[] = "simulated-plant.json";
constexpr uint64_t kMostBytes = 4 << 20;
constexpr int kScansPerHour = 12;
constexpr PlantTime kScan = kHour / kScansPerHour;
// Not more than this much of the clock is written ahead, and not more often.
constexpr double kReserveSeconds = 1;
// A saved simulator is kept every so many hours; the file holds the newest that is old enough for a whole
// buffer and, before it, for every series to have been read.
constexpr int64_t kSaveEvery = 300;
constexpr int64_t kReplay = static_cast<int64_t>(kHistoryBuffer) + 50;
// A clock further on than this from the plant's first hour is not believed.
constexpr int64_t kMostHours = 30 * 366 * 24;

struct SavedSimulator {
  PlantTime hour = 0;  // the one it steps next
  std::string state;
};

// A name beside the file that is not taken.
fs::path AsideName(const fs::path& file) {
  for (int n = 1;; ++n) {
    fs::path aside = file;
    aside += fmt::format(".damaged-{}", n);
    std::error_code error;
    if (!fs::exists(aside, error)) return aside;
  }
}

}  // namespace

struct SimulatedPlant::Impl {
  Impl(const Plant& plant_file, const SimulatedPlantOptions& chosen, Simulator made)
      : plant(plant_file),
        options(chosen),
        series(plant.SeriesNames()),
        needed(NeededSeries(plant)),
        extremes(SeriesWithExtremes(plant)),
        simulator(std::move(made)),
        fill(plant) {
    scans_ahead = static_cast<int>(std::clamp(
        std::ceil(kReserveSeconds * kScansPerHour / std::max(options.seconds_per_hour, 1e-6)), 1.0, 1e5));
  }

  static Result<std::unique_ptr<Impl>> Make(const Plant& plant, const SimulatedPlantOptions& options);
  static Result<std::unique_ptr<Impl>> Restored(const Plant& plant, const SimulatedPlantOptions& options,
                                                std::string_view text);
  static Result<std::unique_ptr<Impl>> Replaced(const Plant& plant, const SimulatedPlantOptions& options,
                                                std::string_view text, const Status& why);
  // Where the live plant begins at its first start.
  PlantTime Begin() const { return plant.simulator.start + options.past_hours * kHour; }

  // the plant's hours
  void StepSimulator();
  void CloseHour();
  Status GoTo(PlantTime clock);
  SensorReading Bin() const;
  SensorReading Scan(PlantTime at) const;
  bool Stale(const SensorReading& reading) const;
  void ReadUpTo(PlantTime at);

  // its place on disk
  fs::path File() const { return options.folder / kFileName; }
  Status Save(PlantTime clock, const PlantState::Activation* extra);
  Status Reserve(PlantTime next);
  Status Restore(const PlantState& state);

  // its clock
  Status Step();
  void Run();
  void Publish(const SensorEvent& event);
  void Tell(Status status);

  const Plant plant;
  SimulatedPlantOptions options;
  std::unique_ptr<PlantPace> pace;
  const std::vector<std::string> series;
  const std::vector<size_t> needed;
  const std::vector<uint8_t> extremes;
  int scans_ahead = 1;
  std::string notice;

  std::mutex mutex;  // of all that follows, but the listeners
  Simulator simulator;
  LiveFill fill;
  bool seeded = false;
  SimulatedHour open;                   // the hour the clock is in
  std::vector<size_t> read;             // readings of it that the clock has passed
  std::vector<double> newest;           // by series
  std::vector<double> highest, lowest;  // of the open hour so far
  PlantTime now = 0;
  PlantTime reserved = kNoTime;
  std::deque<ReadingPtr> hours;
  ReadingPtr live;
  std::deque<SavedSimulator> saved;
  std::vector<PlantState::Activation> activations;  // since saved.front(), in order
  std::string active;                               // the scenario a person chose last
  bool away = false;

  std::mutex listeners_mutex;
  std::map<uint64_t, Listener> listeners;
  uint64_t next_listener = 0;
  std::thread thread;
};

// Makes the next hour the open one.
void SimulatedPlant::Impl::StepSimulator() {
  const PlantTime hour = simulator.NextHour();
  if (saved.empty() || hour >= saved.back().hour + kSaveEvery * kHour) {
    saved.push_back({hour, simulator.SaveState()});
    while (saved.size() > 1 && saved[1].hour <= hour - kReplay * kHour) saved.pop_front();
    std::erase_if(activations, [&](const auto& a) { return a.hour < saved.front().hour; });
  }
  for (const PlantState::Activation& a : activations) {
    if (a.hour == hour) (void)simulator.Activate(a.scenario);  // the name was checked
  }
  open = simulator.StepHour();
  if (!seeded) {  // what was read before the first hour we see
    newest.assign(series.size(), kNull);
    for (size_t s = 0; s < series.size(); ++s) {
      if (!open.series[s].readings.empty()) continue;
      newest[s] = open.series[s].value;
      fill.Seed(s, newest[s]);
    }
    seeded = true;
  }
  read.assign(series.size(), 0);
  highest.assign(series.size(), kNull);
  lowest.assign(series.size(), kNull);
}

void SimulatedPlant::Impl::ReadUpTo(PlantTime at) {
  for (size_t s = 0; s < series.size(); ++s) {
    const std::vector<SimulatedReading>& readings = open.series[s].readings;
    for (; read[s] < readings.size() && readings[read[s]].time < at; ++read[s]) {
      newest[s] = readings[read[s]].value;
      highest[s] = IsValid(highest[s]) ? std::max(highest[s], newest[s]) : newest[s];
      lowest[s] = IsValid(lowest[s]) ? std::min(lowest[s], newest[s]) : newest[s];
    }
  }
}

bool SimulatedPlant::Impl::Stale(const SensorReading& reading) const {
  return std::any_of(needed.begin(), needed.end(), [&](size_t s) { return !IsValid(reading.value[s]); });
}

// The open hour as a bin, filled as ingest fills live; what of it lies ahead of the clock is not looked at
// where `read` says so.
SensorReading SimulatedPlant::Impl::Scan(PlantTime at) const {
  SensorReading out;
  out.time = at;
  out.scenario = open.scenario;
  out.max = highest;
  out.min = lowest;
  out.value.assign(series.size(), kNull);
  out.filled.assign(series.size(), 0);
  for (size_t s = 0; s < series.size(); ++s) {
    if (read[s] > 0) out.value[s] = newest[s];
  }
  LiveFill ahead = fill;
  ahead.Step(out.value, out.filled);
  out.quality = Stale(out) ? ReadingQuality::kStale : ReadingQuality::kGood;
  for (size_t s = 0; s < series.size(); ++s) {
    out.value[s] = newest[s];  // however old: the quality says so
    if (!extremes[s]) {
      out.max[s] = out.min[s] = kNull;
    } else if (!IsValid(out.max[s])) {
      out.max[s] = out.min[s] = newest[s];
    }
  }
  return out;
}

SensorReading SimulatedPlant::Impl::Bin() const {
  SensorReading out;
  out.time = open.time;
  out.scenario = open.scenario;
  out.value.assign(series.size(), kNull);
  out.max = out.min = out.value;
  out.filled.assign(series.size(), 0);
  for (size_t s = 0; s < series.size(); ++s) {
    const SimulatedSeriesHour& hour = open.series[s];
    if (hour.readings.empty()) continue;
    out.value[s] = hour.value;
    if (!extremes[s]) continue;
    out.max[s] = hour.max;
    out.min[s] = hour.min;
  }
  return out;
}

void SimulatedPlant::Impl::CloseHour() {
  SensorReading bin = Bin();
  fill.Step(bin.value, bin.filled);
  for (size_t s = 0; s < series.size(); ++s) {
    if (extremes[s] && !IsValid(bin.max[s])) bin.max[s] = bin.min[s] = bin.value[s];
  }
  bin.quality = Stale(bin) ? ReadingQuality::kStale : ReadingQuality::kGood;
  hours.push_back(std::make_shared<const SensorReading>(std::move(bin)));
  if (hours.size() > kHistoryBuffer) hours.pop_front();
}

// Closes hours until the clock's is the open one.
Status SimulatedPlant::Impl::GoTo(PlantTime clock) {
  const PlantTime target = BinStart(clock, kHour);
  if (target < simulator.NextHour() || target > plant.simulator.start + kMostHours * kHour) {
    return Status::Invalid("its clock is out of range");
  }
  StepSimulator();
  while (open.time < target) {
    ReadUpTo(open.time + kHour);
    if (open.time + kHour == clock) live = std::make_shared<const SensorReading>(Scan(clock));
    CloseHour();
    StepSimulator();
  }
  ReadUpTo(clock);
  now = clock;
  active = activations.empty() ? simulator.scenario() : activations.back().scenario;
  if (now > open.time || !live) live = std::make_shared<const SensorReading>(Scan(now));
  return Status::Ok();
}

Status SimulatedPlant::Impl::Save(PlantTime clock, const PlantState::Activation* extra) {
  if (options.folder.empty()) return Status::Ok();
  PlantState state;
  state.clock = clock;
  state.plant = plant.name;
  state.past_hours = options.past_hours;
  state.simulator = saved.front().state;
  state.activations = activations;
  if (extra != nullptr) state.activations.push_back(*extra);
  return WriteFileAtomic(File(), PlantStateText(state));
}

// Writes down that readings up to `next`, and some beyond, are about to be published.
Status SimulatedPlant::Impl::Reserve(PlantTime next) {
  if (next <= reserved) return Status::Ok();
  const PlantTime ahead = next + (scans_ahead - 1) * kScan;
  FW_RETURN_IF_ERROR(Save(ahead, nullptr));
  reserved = ahead;
  return Status::Ok();
}

Status SimulatedPlant::Impl::Restore(const PlantState& state) {
  for (const PlantState::Activation& a : state.activations) {
    if (plant.simulator.FindScenario(a.scenario) == nullptr) {
      return Status::Invalid(
          fmt::format("it names scenario '{}', which the plant file does not have", a.scenario));
    }
  }
  FW_ASSIGN_OR_RETURN(simulator, Simulator::Restore(plant, state.simulator));
  options.seed = simulator.seed();
  options.past_hours = state.past_hours;
  activations = state.activations;
  FW_RETURN_IF_ERROR(GoTo(state.clock));
  reserved = state.clock;
  return Status::Ok();
}

// On the caller's thread: `mutex` is not held, so that a listener may read the plant.
void SimulatedPlant::Impl::Publish(const SensorEvent& event) {
  const std::lock_guard lock(listeners_mutex);
  for (const auto& [id, listener] : listeners) listener(event);
}

// Says once that the plant stands still, and once that it runs again.
void SimulatedPlant::Impl::Tell(Status status) {
  if (away == !status.ok()) return;
  away = !status.ok();
  if (away) {
    spdlog::warn("the simulated plant stands still: {}", status.message());
  } else {
    spdlog::info("the simulated plant runs again");
  }
  SensorEvent event;
  event.kind = away ? SensorEvent::Kind::kAway : SensorEvent::Kind::kBack;
  event.problem = std::move(status);
  Publish(event);
}

Status SimulatedPlant::Impl::Step() {
  SensorEvent event;
  Status reserving;
  {
    const std::lock_guard lock(mutex);
    const PlantTime next = BinStart(now, kScan) + kScan;
    reserving = Reserve(next);
    if (reserving.ok()) {
      ReadUpTo(next);
      now = event.id = next;
      live = event.reading = std::make_shared<const SensorReading>(Scan(now));
      if (next == open.time + kHour) {
        CloseHour();
        event.kind = SensorEvent::Kind::kHourClosed;
        event.reading = hours.back();
        StepSimulator();
      }
    }
  }
  Tell(reserving);
  if (reserving.ok()) Publish(event);
  return reserving;
}

void SimulatedPlant::Impl::Run() {
  const double scan = options.seconds_per_hour / kScansPerHour;
  double due = pace->Now() + scan;
  while (pace->WaitUntil(due)) {
    (void)Step();  // a failure is told, and tried again
    // after a pause of the machine the plant goes on, it does not race
    due = std::max(due + scan, pace->Now() - options.seconds_per_hour);
  }
}

SimulatedPlant::SimulatedPlant(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SimulatedPlant::~SimulatedPlant() { Stop(); }

Result<std::unique_ptr<SimulatedPlant::Impl>> SimulatedPlant::Impl::Make(
    const Plant& plant, const SimulatedPlantOptions& options) {
  FW_ASSIGN_OR_RETURN(Simulator simulator, Simulator::Make(plant, options.seed));
  return std::make_unique<Impl>(plant, options, std::move(simulator));
}

Result<std::unique_ptr<SimulatedPlant::Impl>> SimulatedPlant::Impl::Restored(
    const Plant& plant, const SimulatedPlantOptions& options, std::string_view text) {
  FW_ASSIGN_OR_RETURN(const PlantState state, ParsePlantState(text));
  FW_ASSIGN_OR_RETURN(auto impl, Make(plant, options));
  FW_RETURN_IF_ERROR(impl->Restore(state));
  return impl;
}

// A plant in the place of one whose state cannot be used (`why`). It begins after the last plant time the
// file tells, so that no time comes twice.
Result<std::unique_ptr<SimulatedPlant::Impl>> SimulatedPlant::Impl::Replaced(
    const Plant& plant, const SimulatedPlantOptions& options, std::string_view text, const Status& why) {
  const fs::path file = options.folder / kFileName;
  const fs::path aside = AsideName(file);
  std::error_code error;
  fs::rename(file, aside, error);
  if (error) {
    return Status::Io(fmt::format("'{}' cannot be used ({}) nor set aside: {}", file.string(), why.message(),
                                  error.message()));
  }
  FW_ASSIGN_OR_RETURN(auto impl, Make(plant, options));
  const PlantTime begin = impl->Begin();
  const PlantTime clock = SalvageClock(text);
  const bool known = clock != kNoTime && clock > begin && impl->GoTo(clock).ok();
  if (!known) FW_RETURN_IF_ERROR(impl->GoTo(begin));
  impl->notice =
      fmt::format("'{}' cannot be used: {}. It was set aside as '{}'; the simulated plant starts anew {}",
                  file.string(), why.message(), aside.filename().string(),
                  known ? "at " + FormatPlantTime(clock) + ", after its last time" : "from its beginning");
  return impl;
}

Result<std::unique_ptr<SimulatedPlant>> SimulatedPlant::Open(const Plant& plant,
                                                             const SimulatedPlantOptions& options,
                                                             std::unique_ptr<PlantPace> pace) {
  if (options.past_hours < static_cast<int64_t>(kPastHours) || options.past_hours > kMostHours) {
    return Status::Invalid(fmt::format("{} past hours cannot be simulated; allowed: {} to {}",
                                       options.past_hours, kPastHours, kMostHours));
  }
  if (!(options.seconds_per_hour > 0)) {
    return Status::Invalid(
        fmt::format("{} seconds an hour are no pace; give more than 0", options.seconds_per_hour));
  }
  FW_RETURN_IF_ERROR(Simulator::Make(plant, options.seed).status());
  std::unique_ptr<Impl> impl;
  std::error_code error;
  if (!options.folder.empty() && fs::exists(options.folder / kFileName, error)) {
    FW_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.folder / kFileName, kMostBytes));
    Result<std::unique_ptr<Impl>> kept = Impl::Restored(plant, options, text);
    if (!kept.ok()) kept = Impl::Replaced(plant, options, text, kept.status());
    FW_ASSIGN_OR_RETURN(impl, std::move(kept));
  } else {
    if (!options.folder.empty()) FW_RETURN_IF_ERROR(MakeFolders(options.folder));
    FW_ASSIGN_OR_RETURN(impl, Impl::Make(plant, options));
    FW_RETURN_IF_ERROR(impl->GoTo(impl->Begin()));
  }
  impl->pace = std::move(pace);
  return std::unique_ptr<SimulatedPlant>(new SimulatedPlant(std::move(impl)));
}

void SimulatedPlant::Start() {
  if (!impl_->thread.joinable()) impl_->thread = std::thread([this] { impl_->Run(); });
}

void SimulatedPlant::Stop() {
  if (!impl_->thread.joinable()) return;
  impl_->pace->Interrupt();
  impl_->thread.join();
}

Status SimulatedPlant::Step() { return impl_->Step(); }
const std::string& SimulatedPlant::notice() const { return impl_->notice; }
uint64_t SimulatedPlant::seed() const { return impl_->options.seed; }
int64_t SimulatedPlant::past_hours() const { return impl_->options.past_hours; }

Result<LiveReading> SimulatedPlant::Live() {
  const std::lock_guard lock(impl_->mutex);
  LiveReading out;
  out.reading = impl_->live;
  const Scenario* active = impl_->plant.simulator.FindScenario(impl_->active);
  out.scenario = active->name;
  out.scenario_description = active->description;
  out.scenario_color = active->color;
  out.plant_time = impl_->now;
  out.seconds_per_hour = impl_->options.seconds_per_hour;
  return out;
}

Result<std::vector<ReadingPtr>> SimulatedPlant::History(size_t n) {
  if (n < 1 || n > kHistoryBuffer) {
    return Status::Invalid(fmt::format("{} hours were asked for; allowed: 1 to {}", n, kHistoryBuffer));
  }
  const std::lock_guard lock(impl_->mutex);
  const size_t count = std::min(n, impl_->hours.size());
  return std::vector<ReadingPtr>(impl_->hours.end() - static_cast<std::ptrdiff_t>(count), impl_->hours.end());
}

Result<std::vector<SensorMeta>> SimulatedPlant::Meta() {
  std::vector<SensorMeta> out;
  for (const std::string& sensor : impl_->plant.Sensors()) {
    const Plant::ColumnInfo info = impl_->plant.Describe(sensor);
    out.push_back({sensor, info.label, info.unit, info.low, info.high});
  }
  return out;
}

Result<ScenarioList> SimulatedPlant::Scenarios() {
  ScenarioList out;
  for (const Scenario& s : impl_->plant.simulator.scenarios) {
    out.scenarios.push_back({s.name, s.color, s.description});
  }
  const std::lock_guard lock(impl_->mutex);
  out.active = impl_->active;
  return out;
}

Result<ScenarioInfo> SimulatedPlant::Activate(std::string_view name) {
  const SimulatorSpec& spec = impl_->plant.simulator;
  const Scenario* found = spec.FindScenario(name);
  if (found == nullptr) return Status::NotFound(UnknownName("scenario", name, spec.ScenarioNames()));
  const std::lock_guard lock(impl_->mutex);
  const PlantState::Activation activation{impl_->simulator.NextHour(), found->name};
  FW_RETURN_IF_ERROR(impl_->Save(std::max(impl_->now, impl_->reserved), &activation));
  impl_->activations.push_back(activation);
  impl_->active = found->name;
  return ScenarioInfo{found->name, found->color, found->description};
}

namespace {

class ListenerHandle final : public SensorSource::Subscription {
 public:
  explicit ListenerHandle(std::function<void()> end) : end_(std::move(end)) {}
  ~ListenerHandle() override { end_(); }

 private:
  const std::function<void()> end_;
};

}  // namespace

std::unique_ptr<SensorSource::Subscription> SimulatedPlant::Subscribe(Listener listener) {
  const std::lock_guard lock(impl_->listeners_mutex);
  const uint64_t id = impl_->next_listener++;
  impl_->listeners.emplace(id, std::move(listener));
  return std::make_unique<ListenerHandle>([impl = impl_.get(), id] {
    const std::lock_guard ending(impl->listeners_mutex);
    impl->listeners.erase(id);
  });
}

}  // namespace forewarn
