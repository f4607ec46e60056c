#include "plant/simulator_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/names.h"
#include "plant/toml_reader.h"

namespace forewarn {
namespace {

constexpr double kBig = 1e12;
constexpr double kMaxHours = 24 * 365;
constexpr double kMonthHours = 24 * 30;

std::vector<std::string> SimulatedNames(const SimulatorSpec& spec) {
  std::vector<std::string> names;
  for (const SimulatedTag& tag : spec.tags) names.push_back(tag.tag);
  return names;
}

// A name that must be one of `known`.
void CheckKnown(TomlReader& reader, std::string_view key, std::string_view kind, const std::string& name,
                const std::vector<std::string>& known) {
  if (name.empty() || std::find(known.begin(), known.end(), name) != known.end()) return;
  reader.AddProblem(key, UnknownName(kind, name, known));
}

// A name that must not have been used before.
void CheckNew(TomlReader& reader, std::string_view key, const std::string& name,
              std::set<std::string>& used) {
  if (!name.empty() && !used.insert(name).second) {
    reader.AddProblem(key, fmt::format("'{}' is there twice", name));
  }
}

// [low, high] as an array of two ascending numbers.
void ReadRange(TomlReader& reader, std::string_view key, double least, double most, Range* out,
               Need need = Need::kOptional) {
  std::vector<double> ends;
  if (!reader.Numbers(key, &ends, need)) return;
  if (ends.size() != 2 || !(ends[0] >= least && ends[0] <= ends[1] && ends[1] <= most)) {
    reader.AddProblem(key, fmt::format("wanted [low, high] with {} <= low <= high <= {}", least, most));
    return;
  }
  *out = {ends[0], ends[1]};
}

void ReadTags(TomlReader& simulator, SimulatorSpec* spec) {
  std::set<std::string> used;
  for (TomlReader& reader : simulator.Tables("tag")) {
    SimulatedTag tag;
    reader.String("tag", &tag.tag, Need::kRequired);
    CheckNew(reader, "tag", tag.tag, used);
    reader.Number("mean", &tag.mean, -kBig, kBig, Need::kRequired);
    reader.Number("sd", &tag.sd, 0, kBig, Need::kRequired);
    reader.Number("lag1", &tag.lag1, 0, 0.999);
    reader.Number("daily", &tag.daily, 0, kBig);
    reader.Number("daily_peak", &tag.daily_peak, 0, 24);
    reader.Number("jitter", &tag.jitter, 0, kBig);
    reader.Number("resolution", &tag.resolution, 1e-9, kBig);
    reader.Number("readings", &tag.readings, 1, 3600);
    reader.Number("low", &tag.low, -kBig, kBig);
    reader.Number("high", &tag.high, -kBig, kBig);
    if (tag.low >= tag.high) reader.AddProblem("high", fmt::format("must be above low, {}", tag.low));
    spec->tags.push_back(std::move(tag));
  }
}

void ReadLoops(TomlReader& simulator, SimulatorSpec* spec) {
  const std::vector<std::string> names = SimulatedNames(*spec);
  std::set<std::string> used;
  for (TomlReader& reader : simulator.Tables("loop")) {
    SimulatedLoop loop;
    reader.String("controller", &loop.controller, Need::kRequired);
    CheckNew(reader, "controller", loop.controller, used);
    if (!loop.controller.empty()) {
      CheckKnown(reader, "controller", "simulated series", loop.controller + "_pv", names);
    }
    reader.Number("lag_hours", &loop.lag_hours, 0, kMaxHours);
    reader.Number("gain", &loop.gain, -kBig, kBig);
    for (TomlReader& item : reader.Tables("setpoints", Need::kRequired)) {
      SimulatedSetpoint setpoint;
      item.Number("value", &setpoint.value, -kBig, kBig, Need::kRequired);
      item.Number("weight", &setpoint.weight, 1e-9, kBig);
      ReadRange(item, "hours", 1, kMaxHours, &setpoint.hours);
      loop.setpoints.push_back(setpoint);
    }
    if (loop.setpoints.empty() && reader.Has("setpoints")) {
      reader.AddProblem("setpoints", "a loop needs at least one setpoint");
    }
    spec->loops.push_back(std::move(loop));
  }
}

void ReadCouplings(TomlReader& simulator, SimulatorSpec* spec) {
  const std::vector<std::string> names = SimulatedNames(*spec);
  for (TomlReader& reader : simulator.Tables("coupling")) {
    std::vector<std::string> between;
    SimulatedCoupling coupling;
    reader.Number("correlation", &coupling.correlation, -0.99, 0.99, Need::kRequired);
    if (!reader.Strings("between", &between, Need::kRequired)) continue;
    if (between.size() != 2 || between[0] == between[1]) {
      reader.AddProblem("between", "wanted two different series");
      continue;
    }
    for (const std::string& name : between) CheckKnown(reader, "between", "simulated series", name, names);
    coupling.a = between[0];
    coupling.b = between[1];
    spec->couplings.push_back(std::move(coupling));
  }
  if (!spec->tags.empty() && CouplingFactor(*spec).empty()) {
    simulator.AddProblem("coupling", "the couplings contradict each other; make some correlations smaller");
  }
}

void ReadPrecursor(TomlReader& episode, const std::vector<std::string>& names, SimulatedEpisode* out) {
  std::set<std::string> used;
  for (TomlReader& reader : episode.Tables("precursor", Need::kRequired)) {
    PrecursorEffect effect;
    reader.String("tag", &effect.tag, Need::kRequired);
    CheckKnown(reader, "tag", "simulated series", effect.tag, names);
    CheckNew(reader, "tag", effect.tag, used);
    reader.Number("shift", &effect.shift, -100, 100);
    reader.Number("noise", &effect.noise, -1, 100);
    out->precursor.push_back(std::move(effect));
  }
}

void ReadEvent(TomlReader& episode, const std::vector<std::string>& names, SimulatedEpisode* out) {
  for (TomlReader& reader : episode.Tables("event", Need::kRequired)) {
    EventEffect effect;
    reader.String("tag", &effect.tag, Need::kRequired);
    CheckKnown(reader, "tag", "simulated series", effect.tag, names);
    ReadRange(reader, "size", -kBig, kBig, &effect.size, Need::kRequired);
    reader.Number("period_hours", &effect.period_hours, 0, kMaxHours);
    out->event.push_back(std::move(effect));
  }
}

void ReadEpisodes(TomlReader& simulator, std::string_view key, bool decoy,
                  const std::vector<std::string>& names, std::vector<SimulatedEpisode>* out) {
  std::set<std::string> used;
  for (TomlReader& reader : simulator.Tables(key)) {
    SimulatedEpisode episode;
    reader.String("name", &episode.name, Need::kRequired);
    CheckNew(reader, "name", episode.name, used);
    reader.Number("weight", &episode.weight, 1e-9, kBig);
    ReadRange(reader, "precursor_hours", 1, kMaxHours, &episode.precursor_hours);
    ReadRange(reader, "recovery_hours", 1, kMaxHours, &episode.recovery_hours);
    ReadPrecursor(reader, names, &episode);
    if (decoy) {
      ReadRange(reader, "peak", 0, 10, &episode.peak);
      episode.event_hours = {0, 0};
    } else {
      ReadRange(reader, "event_hours", 1, kMaxHours, &episode.event_hours);
      ReadEvent(reader, names, &episode);
    }
    out->push_back(std::move(episode));
  }
}

void CheckRates(TomlReader& simulator, const SimulatorSpec& spec) {
  if (spec.events_per_30_days > 0 && spec.episodes.empty()) {
    simulator.AddProblem("events_per_30_days", "there is no [[simulator.episode]] to draw them from");
  }
  if (spec.decoys_per_30_days > 0 && spec.decoys.empty()) {
    simulator.AddProblem("decoys_per_30_days", "there is no [[simulator.decoy]] to draw them from");
  }
  const double hours = spec.events_per_30_days *
                           (MeanEpisodeHours(spec.episodes, spec.no_precursor_share) + spec.min_gap_hours) +
                       spec.decoys_per_30_days * (MeanEpisodeHours(spec.decoys, 0) + spec.min_gap_hours);
  if (hours >= kMonthHours) {
    simulator.AddProblem(
        "events_per_30_days",
        fmt::format(
            "events and decoys take {:.0f} of the {:.0f} hours of 30 days; make them fewer or shorter", hours,
            kMonthHours));
  }
}

void ReadSimulator(TomlReader& simulator, SimulatorSpec* spec) {
  simulator.Time("start", &spec->start, Need::kRequired);
  if (spec->start % kHour != 0) simulator.AddProblem("start", "must be a full hour");
  simulator.Number("events_per_30_days", &spec->events_per_30_days, 0, kMonthHours);
  simulator.Number("decoys_per_30_days", &spec->decoys_per_30_days, 0, kMonthHours);
  simulator.Number("no_precursor_share", &spec->no_precursor_share, 0, 1);
  simulator.Number("precursor_power", &spec->precursor_power, 0.01, 10);
  simulator.Number("min_gap_hours", &spec->min_gap_hours, 0, kMaxHours);
  simulator.Number("spread", &spec->spread, 0, 10);
  simulator.Number("clip", &spec->clip, 0.1, 100);
  ReadTags(simulator, spec);
  ReadLoops(simulator, spec);
  ReadCouplings(simulator, spec);
  const std::vector<std::string> names = SimulatedNames(*spec);
  ReadEpisodes(simulator, "episode", false, names, &spec->episodes);
  ReadEpisodes(simulator, "decoy", true, names, &spec->decoys);
  if (spec->tags.empty()) simulator.AddProblem("tag", "missing; a simulated plant needs [[simulator.tag]]");
  CheckRates(simulator, *spec);
}

void ReadEffects(TomlReader& scenario, const SimulatorSpec& spec, Scenario* out) {
  const std::vector<std::string> names = SimulatedNames(spec);
  std::set<std::string> used;
  for (TomlReader& reader : scenario.Tables("effects", Need::kRequired)) {
    ScenarioEffect effect;
    reader.String("tag", &effect.tag, Need::kRequired);
    CheckKnown(reader, "tag", "simulated series", effect.tag, names);
    CheckNew(reader, "tag", effect.tag, used);
    reader.Number("drift", &effect.drift, -kBig, kBig);
    reader.Number("amplitude", &effect.amplitude, 0, kBig);
    reader.Number("period_hours", &effect.period_hours, 0, kMaxHours);
    reader.Number("noise", &effect.noise, 0, 100);
    if (effect.amplitude > 0 && effect.period_hours <= 0) {
      reader.AddProblem("amplitude", "an oscillation needs period_hours");
    }
    out->effects.push_back(std::move(effect));
  }
}

void ReadScenarios(TomlReader& root, SimulatorSpec* spec) {
  std::vector<std::string> episodes;
  for (const SimulatedEpisode& episode : spec->episodes) episodes.push_back(episode.name);
  std::set<std::string> used;
  for (TomlReader& reader : root.Tables("scenario")) {
    Scenario scenario;
    reader.String("name", &scenario.name, Need::kRequired);
    CheckNew(reader, "name", scenario.name, used);
    reader.OneOf("color", {"green", "amber", "red"}, &scenario.color, Need::kRequired);
    reader.String("description", &scenario.description);
    reader.String("episode", &scenario.episode);
    CheckKnown(reader, "episode", "episode", scenario.episode, episodes);
    Range ramp{scenario.ramp_hours_min, scenario.ramp_hours_max};
    ReadRange(reader, "ramp_hours", 1, kMaxHours, &ramp);
    scenario.ramp_hours_min = ramp.low;
    scenario.ramp_hours_max = ramp.high;
    reader.Number("ramp_power", &scenario.ramp_power, 0.1, 10);
    ReadEffects(reader, *spec, &scenario);
    spec->scenarios.push_back(std::move(scenario));
  }
  if (spec->scenarios.empty()) {
    root.AddProblem("simulator",
                    "a simulated plant needs at least one [[scenario]], the first being its normal state");
  }
}

}  // namespace

const Scenario* SimulatorSpec::FindScenario(std::string_view name) const {
  const auto it =
      std::find_if(scenarios.begin(), scenarios.end(), [&](const Scenario& s) { return s.name == name; });
  return it == scenarios.end() ? nullptr : &*it;
}

std::vector<std::string> SimulatorSpec::ScenarioNames() const {
  std::vector<std::string> names;
  for (const Scenario& scenario : scenarios) names.push_back(scenario.name);
  return names;
}

std::vector<double> CouplingFactor(const SimulatorSpec& spec) {
  const size_t n = spec.tags.size();
  const auto index = [&](const std::string& name) {
    size_t i = 0;
    while (i < n && spec.tags[i].tag != name) ++i;
    return i;
  };
  std::vector<double> c(n * n, 0);
  for (size_t i = 0; i < n; ++i) c[i * n + i] = 1;
  for (const SimulatedCoupling& coupling : spec.couplings) {
    const size_t a = index(coupling.a);
    const size_t b = index(coupling.b);
    if (a < n && b < n) c[a * n + b] = c[b * n + a] = coupling.correlation;
  }
  std::vector<double> lower(n * n, 0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double rest = c[i * n + j];
      for (size_t k = 0; k < j; ++k) rest -= lower[i * n + k] * lower[j * n + k];
      if (i != j) {
        lower[i * n + j] = rest / lower[j * n + j];
      } else if (rest > 1e-6) {
        lower[i * n + i] = std::sqrt(rest);
      } else {
        return {};
      }
    }
  }
  return lower;
}

double MeanEpisodeHours(const std::vector<SimulatedEpisode>& kinds, double no_precursor_share) {
  double hours = 0;
  double weights = 0;
  const auto mean = [](const Range& range) { return (range.low + range.high) / 2; };
  for (const SimulatedEpisode& kind : kinds) {
    hours += kind.weight * ((1 - no_precursor_share) * mean(kind.precursor_hours) + mean(kind.event_hours) +
                            mean(kind.recovery_hours));
    weights += kind.weight;
  }
  return weights > 0 ? hours / weights : 0;
}

void ReadSimulatorSpec(TomlReader& root, SimulatorSpec* spec) {
  auto simulator = root.Table("simulator");
  if (!simulator) {
    if (root.Has("scenario")) {
      root.AddProblem("scenario", "scenarios need a [simulator] section, which this file lacks");
    }
    return;
  }
  ReadSimulator(*simulator, spec);
  ReadScenarios(root, spec);
}

}  // namespace forewarn
