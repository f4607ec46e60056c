#include "sim/simulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/names.h"
#include "core/random.h"
#include "sim/process.h"

namespace forewarn {
namespace {

constexpr int kStateVersion = 1;
constexpr int64_t kMaxHour = 100'000'000;  // some 11,000 years: plant time stays within its range
// A level moves to the next hour's within this part of the hour.
constexpr PlantTime kSettling = 6 * kMinute;
// Readings scatter around the level by at most this many of their spread.
constexpr double kJitterClip = 2.5;

// The multiple of the resolution nearest to value, as the double that a decimal of that many digits reads as.
double Quantise(double value, double resolution) {
  const double per_unit = 1 / resolution;
  const double whole = std::round(per_unit);
  if (std::fabs(per_unit - whole) < 1e-9 * whole) return std::round(value * whole) / whole;
  return std::round(value / resolution) * resolution;
}

// As ingest bins them (src/ingest/series_bins.cc): the mean of the two middle readings where even in number.
void FillBin(SimulatedSeriesHour* hour) {
  if (hour->readings.empty()) return;
  std::vector<double> values;
  for (const SimulatedReading& reading : hour->readings) values.push_back(reading.value);
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  hour->value = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  hour->min = values.front();
  hour->max = values.back();
}

}  // namespace

struct Simulator::Impl {
  Impl(const Plant& plant, uint64_t chosen_seed)
      : spec(plant.simulator),
        seed(chosen_seed),
        names(plant.SeriesNames()),
        process(spec, seed),
        episodes(spec, seed),
        level(names.size(), kNull),
        logged(names.size(), kNull),
        bin(names.size(), kNull),
        tag_of(names.size(), -1),
        loop_of(names.size(), -1) {
    for (size_t s = 0; s < names.size(); ++s) {
      for (size_t i = 0; i < spec.tags.size(); ++i) {
        if (spec.tags[i].tag == names[s]) tag_of[s] = static_cast<int>(i);
      }
      for (size_t l = 0; l < spec.loops.size(); ++l) {
        if (spec.loops[l].controller + "_sp" == names[s]) loop_of[s] = static_cast<int>(l);
      }
    }
  }

  PlantTime HourStart() const { return spec.start + hour * kHour; }

  void Log(size_t s, PlantTime time, double value, SimulatedSeriesHour* out) {
    if (value == logged[s]) return;
    logged[s] = value;
    out->readings.push_back({time, value});
  }

  // A setpoint is logged when it is changed, in the hour's first minute.
  void ReadSetpoint(size_t s, Random& random, SimulatedSeriesHour* out) {
    const PlantTime time = HourStart() + static_cast<PlantTime>(random.Below(60'000)) * kMillisecond;
    Log(s, time, process.Setpoint(static_cast<size_t>(loop_of[s])), out);
  }

  void ReadTag(size_t s, double next, double noise, Random& random, SimulatedSeriesHour* out) {
    const SimulatedTag& tag = spec.tags[static_cast<size_t>(tag_of[s])];
    const double from = IsValid(level[s]) ? level[s] : next;
    const double gap_ms = 3'600'000 / tag.readings;
    double at = random.Uniform() * gap_ms;
    while (at < 3'600'000) {
      const PlantTime since = static_cast<PlantTime>(at) * kMillisecond;
      const double settled = std::min(1.0, static_cast<double>(since) / static_cast<double>(kSettling));
      const double scatter = std::clamp(random.Normal(), -kJitterClip, kJitterClip);
      double value = from + (next - from) * settled + tag.jitter * noise * scatter;
      if (IsValid(tag.low)) value = std::max(value, tag.low);
      if (IsValid(tag.high)) value = std::min(value, tag.high);
      Log(s, HourStart() + since, Quantise(value, tag.resolution), out);
      at += std::max(1.0, gap_ms * random.Uniform(0.5, 1.5));
    }
    level[s] = next;
  }

  SimulatedHour Step() {
    SimulatedHour out;
    out.time = HourStart();
    out.series.resize(names.size());
    const std::vector<Displacement> displaced = episodes.Step(hour);
    const std::vector<double> levels = process.Step(hour, displaced);
    for (size_t s = 0; s < names.size(); ++s) {
      Random random(DeriveSeed(seed, "readings/" + names[s], static_cast<uint64_t>(hour)));
      SimulatedSeriesHour& series = out.series[s];
      if (loop_of[s] >= 0) {
        ReadSetpoint(s, random, &series);
      } else if (tag_of[s] >= 0) {
        const auto i = static_cast<size_t>(tag_of[s]);
        ReadTag(s, levels[i], displaced[i].noise, random, &series);
      }
      series.value = series.max = series.min = bin[s];
      FillBin(&series);
      bin[s] = series.value;
    }
    out.scenario = spec.scenarios[episodes.scenario()].name;
    out.phase = episodes.phase();
    ++hour;
    return out;
  }

  nlohmann::ordered_json Save() const {
    return {{"version", kStateVersion},
            {"seed", seed},
            {"hour", hour},
            {"series", names},
            {"level", level},
            {"logged", logged},
            {"bin", bin},
            {"process", process.Save()},
            {"episodes", episodes.Save()}};
  }

  static std::vector<double> Cells(const nlohmann::ordered_json& list) {
    std::vector<double> out;
    for (const auto& cell : list) out.push_back(cell.is_null() ? kNull : cell.get<double>());
    return out;
  }

  Status Load(const nlohmann::ordered_json& state) {
    if (state.at("series").get<std::vector<std::string>>() != names) {
      return Status::Invalid("its series are not the plant file's");
    }
    hour = state.at("hour").get<int64_t>();
    level = Cells(state.at("level"));
    logged = Cells(state.at("logged"));
    bin = Cells(state.at("bin"));
    if (hour < 0 || hour > kMaxHour || level.size() != names.size() || logged.size() != names.size() ||
        bin.size() != names.size()) {
      return Status::Invalid("it has the wrong number of values");
    }
    process.Restore(state.at("process"));
    return episodes.Restore(state.at("episodes"), hour);
  }

  const SimulatorSpec spec;
  const uint64_t seed;
  const std::vector<std::string> names;
  Process process;
  Episodes episodes;
  int64_t hour = 0;            // the next one, since spec.start
  std::vector<double> level;   // by series: of the last hour
  std::vector<double> logged;  // the last reading's value
  std::vector<double> bin;     // the last bin's value
  std::vector<int> tag_of, loop_of;
};

Simulator::Simulator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Simulator::Simulator(Simulator&&) noexcept = default;
Simulator& Simulator::operator=(Simulator&&) noexcept = default;
Simulator::~Simulator() = default;

Result<Simulator> Simulator::Make(const Plant& plant, uint64_t seed) {
  if (plant.simulator.empty()) {
    return Status::Invalid(
        fmt::format("plant '{}' cannot be simulated: its file has no [simulator] section", plant.name));
  }
  if (plant.interval != kHour) {
    return Status::Invalid(
        fmt::format("plant '{}' cannot be simulated: its interval is {}, the simulated plant's 1h",
                    plant.name, FormatDuration(plant.interval)));
  }
  return Simulator(std::make_unique<Impl>(plant, seed));
}

Result<Simulator> Simulator::Restore(const Plant& plant, std::string_view state) {
  constexpr char kWhat[] = "the simulated plant's saved state cannot be used: ";
  const auto json = nlohmann::ordered_json::parse(state, nullptr, false);
  if (json.is_discarded()) return Status::Invalid(std::string(kWhat) + "it is damaged");
  try {
    if (json.at("version").get<int>() != kStateVersion) {
      return Status::Invalid(std::string(kWhat) + "another version of the program wrote it");
    }
    FW_ASSIGN_OR_RETURN(Simulator out, Make(plant, json.at("seed").get<uint64_t>()));
    const Status loaded = out.impl_->Load(json);
    if (!loaded.ok()) return Status::Invalid(kWhat + loaded.message());
    return out;
  } catch (const nlohmann::json::exception&) {
    return Status::Invalid(std::string(kWhat) + "it is damaged, or of another plant file");
  }
}

SimulatedHour Simulator::StepHour() { return impl_->Step(); }

Status Simulator::Activate(std::string_view scenario) {
  const Scenario* found = impl_->spec.FindScenario(scenario);
  if (found == nullptr)
    return Status::NotFound(UnknownName("scenario", scenario, impl_->spec.ScenarioNames()));
  impl_->episodes.Activate(static_cast<size_t>(found - impl_->spec.scenarios.data()), impl_->hour);
  return Status::Ok();
}

std::string Simulator::SaveState() const { return impl_->Save().dump(); }
const std::vector<std::string>& Simulator::series() const { return impl_->names; }
PlantTime Simulator::NextHour() const { return impl_->HourStart(); }
const std::string& Simulator::scenario() const {
  return impl_->spec.scenarios[impl_->episodes.scenario()].name;
}
uint64_t Simulator::seed() const { return impl_->seed; }

void AppendReadings(const std::vector<std::string>& series, const SimulatedHour& hour, RawData* data) {
  for (size_t s = 0; s < series.size(); ++s) {
    const std::vector<SimulatedReading>& readings = hour.series[s].readings;
    if (readings.empty()) continue;
    RawSeries& out = data->series[series[s]];
    out.tag = series[s];
    for (const SimulatedReading& reading : readings) {
      out.Add(reading.time, reading.value, Quality::kGood, 0, static_cast<uint32_t>(out.size() + 3));
    }
    data->rows_read[series[s]] += readings.size();
  }
}

}  // namespace forewarn
