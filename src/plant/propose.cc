#include "plant/propose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/names.h"
#include "frame/statistics.h"
#include "plant/columns.h"

namespace forewarn {
namespace {

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

bool IsIdentifier(std::string_view text) {
  return !text.empty() && text.size() <= 64 && ((text[0] >= 'a' && text[0] <= 'z') || text[0] == '_') &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// A column the product makes itself: ingest's extremes and derived ones, label's, the ETL's.
bool IsDerived(const std::string& column, const Frame& table) {
  static const std::set<std::string> kNames = {kLabelColumn,  kRegimeColumn, kRuleAlarmColumn, kWithinColumn,
                                               kFilledColumn, kHourColumn,   kDayColumn};
  if (kNames.count(column) > 0 || column.rfind("filled_", 0) == 0) return true;
  for (const std::string_view end : {"_max", "_min", "_saturated", "_delta", "_roll_mean", "_roll_std"}) {
    if (EndsWith(column, end) && table.Has(column.substr(0, column.size() - end.size()))) return true;
  }
  for (const std::string_view end : {"_deviation", "_deviation_max"}) {
    if (EndsWith(column, end) && table.Has(column.substr(0, column.size() - end.size()) + "_pv")) return true;
  }
  const size_t roll = column.find("_roll");
  return roll != std::string::npos && roll > 0 && table.Has(column.substr(0, roll)) &&
         (EndsWith(column, "_mean") || EndsWith(column, "_std"));
}

// The usual distance of two rows, brought to one that divides a day.
PlantTime UsualInterval(const std::vector<PlantTime>& times) {
  std::map<PlantTime, size_t> counts;
  for (size_t r = 1; r < times.size(); ++r) {
    if (times[r] > times[r - 1] && times[r - 1] != kNoTime) ++counts[times[r] - times[r - 1]];
  }
  PlantTime usual = kHour;
  size_t most = 0;
  for (const auto& [gap, count] : counts) {
    if (count > most) {
      usual = gap;
      most = count;
    }
  }
  PlantTime best = kDay;
  for (const PlantTime step :
       {kSecond,     2 * kSecond, 5 * kSecond, 10 * kSecond, 15 * kSecond, 30 * kSecond, kMinute,
        2 * kMinute, 3 * kMinute, 5 * kMinute, 10 * kMinute, 15 * kMinute, 20 * kMinute, 30 * kMinute,
        kHour,       2 * kHour,   3 * kHour,   4 * kHour,    6 * kHour,    8 * kHour,    12 * kHour}) {
    if (std::abs(step - usual) < std::abs(best - usual)) best = step;
  }
  return best;
}

std::string PlantName(const std::string& wanted) {
  std::string out;
  for (const char c : ToLower(wanted)) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (good) out += c;
    if (!good && !out.empty() && out.back() != '-') out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "plant" : out.substr(0, 64);
}

// Text that is safe inside a TOML comment.
std::string Comment(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, 120)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  return IsValidUtf8(out) ? out : "?";
}

std::string Quoted(const std::vector<std::string>& names, const char* indent) {
  std::string out = "[";
  std::string line;
  for (const std::string& name : names) {
    const std::string item = fmt::format("\"{}\",", name);
    if (line.empty() || line.size() + item.size() > 104) {
      out += line + "\n";
      line = indent + item;
    } else {
      line += " " + item;
    }
  }
  return names.empty() ? "[]" : out + line + "\n]";
}

// `low = …` and `high = …`, the 1 and 99 % quantiles; nothing where they are not apart.
std::string Band(const std::vector<double>& cells) {
  const double low = Quantile(cells, 0.01);
  const double high = Quantile(cells, 0.99);
  const std::string from = fmt::format("{:.5g}", low);
  const std::string to = fmt::format("{:.5g}", high);
  if (!IsValid(low) || !(std::stod(from) < std::stod(to))) return "";
  return fmt::format("low = {}\nhigh = {}\n", from, to);
}

struct Columns {
  std::vector<std::string> tags, controllers, sensors, outputs, deviations;
};

std::string TagText(const Frame& table, const std::string& id, const SensorVerdict& verdict) {
  std::string out =
      fmt::format("\n[[tag]]\nid = \"{}\"\nlabel = \"{}\"    # what it measures\nunit = \"\"\n", id, id);
  if (verdict.kind == SensorVerdict::Kind::kFine) return out + Band(table[id]);
  out += fmt::format("sensor = false    # {}\n", verdict.reason);
  if (verdict.kind == SensorVerdict::Kind::kSaturated)
    out += fmt::format("saturated_above = {}\n", verdict.value);
  return out;
}

std::string ControllerText(const Frame& table, const std::string& id, const SensorVerdict& verdict) {
  std::string out = fmt::format(
      "\n[[controller]]\nid = \"{}\"\nlabel = \"{}\"    # what it controls\nunit = \"\"\n", id, id);
  if (verdict.kind == SensorVerdict::Kind::kFine) {
    out += Band(table[id + "_pv"]);
  } else {
    out += fmt::format("sensor = false    # {}\n", verdict.reason);
  }
  if (!table.Has(id + "_sp")) return out;
  const double low = Minimum(table[id + "_sp"]);
  if (IsValid(low) && low == Maximum(table[id + "_sp"])) {
    out += fmt::format("sp_fixed = {}    # it never changed; taken wherever the setpoint is missing\n", low);
  }
  return out;
}

std::string FeatureText(const Columns& columns, PlantTime interval) {
  std::vector<std::string> point = columns.sensors;
  point.insert(point.end(), columns.outputs.begin(), columns.outputs.end());
  point.insert(point.end(), columns.deviations.begin(), columns.deviations.end());
  if (interval < kDay) point.push_back(kHourColumn);
  point.push_back(kDayColumn);
  for (const std::string& sensor : columns.sensors) {
    point.push_back(sensor + "_roll_mean");
    point.push_back(sensor + "_roll_std");
  }
  for (const std::string& sensor : columns.sensors) point.push_back(sensor + "_delta");
  std::string out = fmt::format(
      "\n[features]\nwindow = 12          # rows a forecast looks back over\nhorizons = [\"{}\", \"{}\", "
      "\"{}\"]\n",
      FormatDuration(interval), FormatDuration(3 * interval), FormatDuration(6 * interval));
  out +=
      "# An inline table stands on one line. rolling makes <column>_roll_mean and _roll_std, delta "
      "<column>_delta.\n";
  out += fmt::format("rolling = {{ rows = 13, of = [\"{}\"] }}\n", fmt::join(columns.sensors, "\", \""));
  out += fmt::format("volatility = {{ rows = 3, of = [\"{}\"] }}\n", fmt::join(columns.sensors, "\", \""));
  out += "delta = " + Quoted(columns.sensors, "  ") + "\n";
  out += "# The point models' inputs, in order.\npoint = " + Quoted(point, "  ") + "\n";
  return out;
}

// Arguments: a sensor, its highest value, the prefix of model names.
constexpr char kTail[] = R"toml(
# What an alarm is: rules, of which any may hold, and periods known from the logbook (both ends included).
# Without it only models that need no labels are trained.
# [label]
# alarm = ["{0} > {1:.5g}"]
# transition = ["{0} > quantile({0}, 0.9)"]
# [[label.period]]
# from = "2024-01-01 00:00"
# to = "2024-01-01 06:00"
# note = "what happened"

[models]
train = ["pca", "isolation_forest"]
prefix = "{2}"
# false_alarms_per_day = 1.0     # that each forecaster's threshold may raise
# false_warnings_per_day = 0.35  # that the warnings may raise: all horizons pooled
# warning_release = 0.7          # a warning ends below this part of its threshold

# A Great Expectations suite that a table must pass before training.
# [quality]
# suite = "suites/{2}_suite.json"
)toml";

}  // namespace

SensorVerdict JudgeSensor(const std::vector<double>& cells) {
  using Kind = SensorVerdict::Kind;
  const double low = Minimum(cells);
  const double high = Maximum(cells);
  if (!IsValid(low)) return {Kind::kEmpty, 0, "it has no value in the table"};
  if (low == high) return {Kind::kStuck, low, fmt::format("stuck at {} throughout", low)};
  size_t valid = 0;
  size_t at_top = 0;
  for (const double x : cells) {
    valid += IsValid(x) ? 1 : 0;
    at_top += x == high ? 1 : 0;
  }
  if (valid >= 10 && at_top * 2 > valid) {
    return {Kind::kSaturated, high,
            fmt::format("at its highest value, {}, in {} of {} rows", high, at_top, valid)};
  }
  // transmitters drive a little over full scale when they fail: 20.8 mA is 105 % of a 4-20 mA signal
  if (valid >= 10 && low > 100 && high < 110 && high - low < 2) {
    return {Kind::kSaturated, 100,
            fmt::format("between {} and {} throughout: over the end of a percent scale", low, high)};
  }
  return {};
}

Result<PlantProposal> ProposePlant(const Frame& table, const std::string& name, const std::string& source) {
  PlantProposal out;
  Columns columns;
  std::vector<std::string> loops;
  for (const std::string& column : table.names()) {
    if (!EndsWith(column, "_pv")) continue;
    const std::string id = column.substr(0, column.size() - 3);
    if (IsIdentifier(id) && (table.Has(id + "_sp") || table.Has(id + "_op"))) out.controllers.push_back(id);
  }
  const auto in_loop = [&](const std::string& column) {
    return std::any_of(out.controllers.begin(), out.controllers.end(), [&](const std::string& id) {
      return column == id + "_pv" || column == id + "_op" || column == id + "_sp";
    });
  };
  std::string body;
  for (const std::string& column : table.names()) {
    if (in_loop(column)) continue;
    if (IsDerived(column, table)) {
      out.derived.push_back(column);
    } else if (!IsIdentifier(column)) {
      out.unusable.push_back(column);
    } else {
      const SensorVerdict verdict = JudgeSensor(table[column]);
      if (verdict.kind == SensorVerdict::Kind::kFine) columns.sensors.push_back(column);
      if (verdict.kind != SensorVerdict::Kind::kFine) out.doubtful.emplace_back(column, verdict.reason);
      out.tags.push_back(column);
      body += TagText(table, column, verdict);
    }
  }
  for (const std::string& id : out.controllers) {
    const SensorVerdict verdict = JudgeSensor(table[id + "_pv"]);
    if (verdict.kind == SensorVerdict::Kind::kFine) columns.sensors.push_back(id + "_pv");
    if (verdict.kind != SensorVerdict::Kind::kFine) out.doubtful.emplace_back(id + "_pv", verdict.reason);
    if (table.Has(id + "_op")) columns.outputs.push_back(id + "_op");
    if (table.Has(id + "_sp")) columns.deviations.push_back(id + "_deviation");
    body += ControllerText(table, id, verdict);
  }
  if (columns.sensors.empty()) {
    return Status::Invalid(
        fmt::format("no column of '{}' can be a sensor; a tag's name has letters, digits and _, and its "
                    "cells are numbers that change",
                    source));
  }
  const std::string plant = PlantName(name);
  const PlantTime interval = UsualInterval(table.times());
  out.toml = fmt::format(
      "# A draft from {}: {} rows. Labels, units, zone and alarm rules are yours to fill in.\n"
      "# `forewarn plant check FILE` tells what is wrong with it.\n\n"
      "[plant]\nname = \"{}\"\ntitle = \"{}\"\nzone = \"UTC\"         # the plant's own time, for example "
      "Europe/Berlin\n"
      "interval = \"{}\"\n\n# low and high are the normal band: 1 and 99 % of the table's rows.\n",
      Comment(source), table.rows(), plant, plant, FormatDuration(interval));
  for (const std::string& column : out.unusable) {
    out.toml += fmt::format("# left out: '{}' cannot be a tag's name (a-z, 0-9 and _)\n", Comment(column));
  }
  std::string prefix = plant;
  std::replace(prefix.begin(), prefix.end(), '-', '_');
  if (prefix[0] >= '0' && prefix[0] <= '9') prefix = "p" + prefix.substr(0, 63);
  out.toml += body + FeatureText(columns, interval) +
              fmt::format(kTail, columns.sensors[0], Maximum(table[columns.sensors[0]]), prefix);
  return out;
}

}  // namespace forewarn
