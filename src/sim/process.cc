#include "sim/process.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/random.h"

namespace forewarn {
namespace {

int IndexOf(const SimulatorSpec& spec, const std::string& tag) {
  for (size_t i = 0; i < spec.tags.size(); ++i) {
    if (spec.tags[i].tag == tag) return static_cast<int>(i);
  }
  return -1;
}

double Clamp(const SimulatedTag& tag, double value) {
  if (IsValid(tag.low)) value = std::max(value, tag.low);
  if (IsValid(tag.high)) value = std::min(value, tag.high);
  return value;
}

}  // namespace

Process::Process(const SimulatorSpec& spec, uint64_t seed)
    : spec_(spec),
      seed_(seed),
      coupling_(CouplingFactor(spec)),
      deviation_(spec.tags.size(), 0),
      loops_(spec.loops.size()) {
  for (size_t l = 0; l < loops_.size(); ++l) {
    pv_of_.push_back(IndexOf(spec, spec.loops[l].controller + "_pv"));
    op_of_.push_back(IndexOf(spec, spec.loops[l].controller + "_op"));
    loops_[l].followed = spec.loops[l].setpoints[0].value;
    loops_[l].until = HoursAt(l);
  }
}

// How long the loop stays at the setpoint it has just chosen.
int64_t Process::HoursAt(size_t loop) const {
  const Loop& state = loops_[loop];
  const Range& hours = spec_.loops[loop].setpoints[state.at].hours;
  Random random(DeriveSeed(seed_, "stay/" + spec_.loops[loop].controller, state.changes));
  return std::max<int64_t>(1, std::llround(random.Uniform(hours.low, hours.high)));
}

void Process::StepLoops(int64_t hour) {
  for (size_t l = 0; l < loops_.size(); ++l) {
    const SimulatedLoop& loop = spec_.loops[l];
    Loop& state = loops_[l];
    if (hour >= state.until && loop.setpoints.size() > 1) {
      ++state.changes;
      Random random(DeriveSeed(seed_, "setpoint/" + loop.controller, state.changes));
      double all = 0;
      for (size_t i = 0; i < loop.setpoints.size(); ++i) all += i == state.at ? 0 : loop.setpoints[i].weight;
      double at = random.Uniform() * all;
      size_t next = state.at == 0 ? 1 : 0;
      for (size_t i = 0; i < loop.setpoints.size(); ++i) {
        if (i == state.at) continue;
        next = i;
        if ((at -= loop.setpoints[i].weight) < 0) break;
      }
      state.at = next;
      state.until = hour + HoursAt(l);
    }
    const double share = loop.lag_hours > 0 ? 1 - std::exp(-1 / loop.lag_hours) : 1;
    state.followed += share * (loop.setpoints[state.at].value - state.followed);
  }
}

void Process::Innovate(int64_t hour) {
  const size_t n = deviation_.size();
  Random random(DeriveSeed(seed_, "innovation", static_cast<uint64_t>(hour)));
  std::vector<double> z(n);
  for (double& value : z) value = random.Normal();
  for (size_t i = 0; i < n; ++i) {
    double e = 0;
    for (size_t k = 0; k <= i; ++k) e += coupling_[i * n + k] * z[k];
    e = std::clamp(e, -spec_.clip, spec_.clip);
    const double lag1 = spec_.tags[i].lag1;
    deviation_[i] = lag1 * deviation_[i] + std::sqrt(1 - lag1 * lag1) * e;
  }
}

std::vector<double> Process::Step(int64_t hour, const std::vector<Displacement>& displaced) {
  StepLoops(hour);
  Innovate(hour);
  const double hour_of_day = HourOfDay(spec_.start + hour * kHour);
  std::vector<double> level(deviation_.size());
  for (size_t i = 0; i < level.size(); ++i) {
    const SimulatedTag& tag = spec_.tags[i];
    const double rhythm = tag.daily * std::cos(2 * std::numbers::pi * (hour_of_day - tag.daily_peak) / 24);
    level[i] = tag.mean + rhythm + displaced[i].drift +
               tag.sd * spec_.spread * (deviation_[i] * displaced[i].noise + displaced[i].shift);
  }
  for (size_t l = 0; l < loops_.size(); ++l) {
    if (pv_of_[l] < 0) continue;
    double& pv = level[static_cast<size_t>(pv_of_[l])];
    pv += loops_[l].followed;
    if (op_of_[l] >= 0) level[static_cast<size_t>(op_of_[l])] += spec_.loops[l].gain * (Setpoint(l) - pv);
  }
  for (size_t i = 0; i < level.size(); ++i) level[i] = Clamp(spec_.tags[i], level[i]);
  return level;
}

nlohmann::ordered_json Process::Save() const {
  nlohmann::ordered_json loops = nlohmann::ordered_json::array();
  for (const Loop& l : loops_) {
    loops.push_back({{"at", l.at}, {"changes", l.changes}, {"until", l.until}, {"followed", l.followed}});
  }
  return {{"deviation", deviation_}, {"loops", loops}};
}

void Process::Restore(const nlohmann::ordered_json& state) {
  const auto deviation = state.at("deviation").get<std::vector<double>>();
  if (deviation.size() != deviation_.size() || state.at("loops").size() != loops_.size()) {
    throw nlohmann::json::out_of_range::create(401, "number of series or loops", nullptr);
  }
  deviation_ = deviation;
  for (size_t l = 0; l < loops_.size(); ++l) {
    const auto& item = state.at("loops")[l];
    loops_[l] = {item.at("at").get<size_t>(), item.at("changes").get<uint64_t>(),
                 item.at("until").get<int64_t>(), item.at("followed").get<double>()};
    if (loops_[l].at >= spec_.loops[l].setpoints.size()) {
      throw nlohmann::json::out_of_range::create(401, "setpoint", nullptr);
    }
  }
}

}  // namespace forewarn
