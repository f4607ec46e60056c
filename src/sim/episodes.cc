#include "sim/episodes.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/random.h"

namespace forewarn {
namespace {

constexpr double kMonthHours = 24 * 30;
// No episode lasts longer, no rest between two either.
constexpr int64_t kLongest = 1'000'000;
// The part of a scenario's ramp in which the precursor of its episode builds up.
constexpr double kForcedPrecursor = 1.0 / 3;

int64_t WholeHours(Random& random, const Range& range) {
  const auto low = static_cast<int64_t>(std::ceil(range.low));
  const auto high = static_cast<int64_t>(std::floor(range.high));
  return high <= low ? low : low + static_cast<int64_t>(random.Below(static_cast<uint64_t>(high - low + 1)));
}

size_t PickByWeight(Random& random, const std::vector<SimulatedEpisode>& kinds) {
  double all = 0;
  for (const SimulatedEpisode& kind : kinds) all += kind.weight;
  double at = random.Uniform() * all;
  size_t i = 0;
  while (i + 1 < kinds.size() && at >= kinds[i].weight) at -= kinds[i++].weight;
  return i;
}

}  // namespace

Episodes::Episodes(const SimulatorSpec& spec, uint64_t seed) : spec_(spec), seed_(seed) {
  any_ = spec.events_per_30_days + spec.decoys_per_30_days > 0;
  if (!any_) return;
  start_ = GapHours();
  Draw();
}

const SimulatedEpisode& Episodes::Kind() const {
  return running_.decoy ? spec_.decoys[running_.kind] : spec_.episodes[running_.kind];
}

size_t Episodes::Index(const std::string& tag) const {
  size_t i = 0;
  while (spec_.tags[i].tag != tag) ++i;
  return i;
}

// Rest before episode number_: what the rates leave beside the episodes' own length, at random.
int64_t Episodes::GapHours() const {
  const double events = spec_.events_per_30_days;
  const double decoys = spec_.decoys_per_30_days;
  const double busy = events * MeanEpisodeHours(spec_.episodes, spec_.no_precursor_share) +
                      decoys * MeanEpisodeHours(spec_.decoys, 0);
  const double mean = (kMonthHours - busy) / (events + decoys) - spec_.min_gap_hours;
  Random random(DeriveSeed(seed_, "gap", number_));
  const double gap = spec_.min_gap_hours + random.Exponential(std::max(mean, 0.0));
  return std::min(kLongest, static_cast<int64_t>(std::llround(gap)));
}

void Episodes::Draw() {
  Random random(DeriveSeed(seed_, "episode", number_));
  const double events = spec_.events_per_30_days;
  running_ = {};
  running_.decoy = random.Uniform() * (events + spec_.decoys_per_30_days) >= events;
  running_.kind = PickByWeight(random, running_.decoy ? spec_.decoys : spec_.episodes);
  const SimulatedEpisode& kind = Kind();
  const bool sudden = random.Uniform() < spec_.no_precursor_share;
  running_.precursor = WholeHours(random, kind.precursor_hours);
  running_.event = WholeHours(random, kind.event_hours);
  running_.recovery = WholeHours(random, kind.recovery_hours);
  running_.peak = random.Uniform(kind.peak.low, kind.peak.high);
  if (sudden && !running_.decoy) running_.precursor = 0;
  for (const EventEffect& effect : kind.event) {
    const double size = random.Uniform(effect.size.low, effect.size.high);
    const bool other_side = random.Uniform() < 0.5;
    running_.sizes.push_back(effect.period_hours > 0 && other_side ? -size : size);
  }
}

void Episodes::ApplyPrecursor(const SimulatedEpisode& kind, double f, const std::vector<double>& share,
                              std::vector<Displacement>& out) const {
  for (const PrecursorEffect& effect : kind.precursor) {
    const size_t i = Index(effect.tag);
    out[i].shift += effect.shift * f * share[i];
    out[i].noise *= 1 + effect.noise * f * share[i];
  }
}

void Episodes::ApplyRunning(int64_t hour, std::vector<Displacement>& out) {
  const int64_t at = hour - start_;
  if (at < 0) return;
  const auto part = [](int64_t a, int64_t b) { return static_cast<double>(a) / static_cast<double>(b); };
  double f = 1;      // of the precursor's movements
  double level = 0;  // of the event's
  const int64_t in_event = at - running_.precursor;
  if (in_event < 0) {
    f = std::pow(part(at + 1, running_.precursor), spec_.precursor_power);
    phase_ = SimulatedPhase::kPrecursor;
  } else if (in_event < running_.event) {
    level = 1;
    phase_ = SimulatedPhase::kEvent;
  } else {
    f = 1 - part(in_event - running_.event + 1, running_.recovery);
    level = f * f;
    phase_ = SimulatedPhase::kRecovery;
  }
  if (running_.decoy) phase_ = SimulatedPhase::kDecoy;
  const SimulatedEpisode& kind = Kind();
  ApplyPrecursor(kind, running_.peak * f, std::vector<double>(out.size(), 1), out);
  for (size_t e = 0; e < kind.event.size(); ++e) {
    const EventEffect& effect = kind.event[e];
    const double wave =
        effect.period_hours > 0
            ? std::cos(2 * std::numbers::pi * static_cast<double>(in_event) / effect.period_hours)
            : 1;
    out[Index(effect.tag)].drift += running_.sizes[e] * level * wave;
  }
  if (in_event + 1 >= running_.event + running_.recovery) {
    ++number_;
    start_ = hour + 1 + GapHours();
    Draw();
  }
}

void Episodes::ApplyForced(int64_t hour, std::vector<Displacement>& out) {
  for (Forced& forced : forced_) {
    const Scenario& scenario = spec_.scenarios[forced.scenario];
    forced.strength = forced.rising ? std::min(1.0, forced.strength + forced.rate)
                                    : std::max(0.0, forced.strength - 2 * forced.rate);
    const double strength = std::pow(forced.strength, scenario.ramp_power);
    std::vector<double> share(out.size(), 1);  // of the precursor: what a series' own effect leaves of it
    for (const ScenarioEffect& effect : scenario.effects) {
      const size_t i = Index(effect.tag);
      share[i] = 1 - strength;
      const double turns =
          effect.period_hours > 0 ? static_cast<double>(hour - forced.since + 1) / effect.period_hours : 0;
      out[i].drift += strength * (effect.drift + effect.amplitude * std::sin(2 * std::numbers::pi * turns));
      out[i].noise *= 1 + (effect.noise - 1) * strength;
    }
    const double f = std::pow(std::min(1.0, forced.strength / kForcedPrecursor), spec_.precursor_power);
    for (const SimulatedEpisode& kind : spec_.episodes) {
      if (kind.name == scenario.episode) ApplyPrecursor(kind, f, share, out);
    }
  }
  std::erase_if(forced_, [](const Forced& forced) { return !forced.rising && forced.strength <= 0; });
}

std::vector<Displacement> Episodes::Step(int64_t hour) {
  std::vector<Displacement> out(spec_.tags.size());
  phase_ = SimulatedPhase::kNormal;
  // a scenario has the plant to itself: what would come by chance waits until it has died away
  if (any_ && start_ == hour && !forced_.empty()) ++start_;
  if (any_) ApplyRunning(hour, out);
  ApplyForced(hour, out);
  return out;
}

void Episodes::Activate(size_t scenario, int64_t hour) {
  if (scenario == scenario_) return;
  scenario_ = scenario;
  for (Forced& forced : forced_) forced.rising = forced.scenario == scenario;
  const bool known = std::any_of(forced_.begin(), forced_.end(), [](const Forced& f) { return f.rising; });
  const Scenario& chosen = spec_.scenarios[scenario];
  if (known || chosen.effects.empty()) return;
  Random random(DeriveSeed(seed_, "scenario/" + chosen.name, static_cast<uint64_t>(hour)));
  const double ramp = random.Uniform(chosen.ramp_hours_min, chosen.ramp_hours_max);
  forced_.push_back({scenario, hour, 0, 1 / ramp, true});
}

nlohmann::ordered_json Episodes::Save() const {
  nlohmann::ordered_json forced = nlohmann::ordered_json::array();
  for (const Forced& f : forced_) {
    forced.push_back({{"scenario", spec_.scenarios[f.scenario].name},
                      {"since", f.since},
                      {"strength", f.strength},
                      {"rate", f.rate},
                      {"rising", f.rising}});
  }
  return {{"number", number_},
          {"start", start_},
          {"scenario", spec_.scenarios[scenario_].name},
          {"forced", forced}};
}

Status Episodes::Restore(const nlohmann::ordered_json& state, int64_t hour) {
  const auto index = [&](const std::string& name) {
    const Scenario* found = spec_.FindScenario(name);
    return found == nullptr ? spec_.scenarios.size() : static_cast<size_t>(found - spec_.scenarios.data());
  };
  number_ = state.at("number").get<uint64_t>();
  start_ = state.at("start").get<int64_t>();
  scenario_ = index(state.at("scenario").get<std::string>());
  bool known = scenario_ < spec_.scenarios.size();
  bool sound = start_ >= hour - kLongest && start_ <= hour + kLongest;
  forced_.clear();
  for (const auto& item : state.at("forced")) {
    Forced forced;
    forced.scenario = index(item.at("scenario").get<std::string>());
    forced.since = item.at("since").get<int64_t>();
    forced.strength = item.at("strength").get<double>();
    forced.rate = item.at("rate").get<double>();
    forced.rising = item.at("rising").get<bool>();
    known = known && forced.scenario < spec_.scenarios.size();
    sound = sound && forced.since >= 0 && forced.since <= hour && forced.strength >= 0 &&
            forced.strength <= 1 && forced.rate > 0 && forced.rate <= 1;
    forced_.push_back(forced);
  }
  if (!known) return Status::Invalid("it names a scenario the plant file does not have");
  if (!sound) return Status::Invalid("its episodes are out of range");
  if (any_) Draw();
  return Status::Ok();
}

}  // namespace forewarn
