// Reads of what the monitor saw.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "accounts/queries.h"
#include "accounts/sql.h"

namespace forewarn {
namespace {

using soci::into;
using soci::use;

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kAlways = std::numeric_limits<int64_t>::min();

template <typename... Uses>
std::vector<Warning> Warnings(soci::session& session, const std::string& rest, Uses&&... uses) {
  std::vector<Warning> out;
  Warning w;
  EachRow(
      session,
      "SELECT id, horizon, horizon_hours, plant_rise, plant_told, rise_us, plant_end, plant_alarm, "
      "lead_hours, outcome,"
      " probability, peak_probability, threshold, drivers, model, version, skill, ack_by, ack_us, ack_note, "
      "verdict,"
      " verdict_by, verdict_us, verdict_note FROM warnings " +
          rest,
      [&] { out.push_back(w); }, into(w.id), into(w.horizon), into(w.horizon_hours), into(w.plant_rise),
      into(w.plant_told), into(w.rise_us), into(w.plant_end), into(w.plant_alarm), into(w.lead_hours),
      into(w.outcome), into(w.probability), into(w.peak_probability), into(w.threshold), into(w.drivers),
      into(w.model), into(w.version), into(w.skill), into(w.ack_by), into(w.ack_us), into(w.ack_note),
      into(w.verdict), into(w.verdict_by), into(w.verdict_us), into(w.verdict_note),
      std::forward<Uses>(uses)...);
  return out;
}

}  // namespace

Result<Warning> QueryWarning(soci::session& session, int64_t id) {
  std::vector<Warning> found = Warnings(session, "WHERE id = :id", use(id, "id"));
  if (found.empty()) return Status::NotFound(fmt::format("there is no warning {}", id));
  return std::move(found.front());
}

Result<Warning> QueryWarningByKey(soci::session& session, const std::string& horizon, PlantTime plant_rise) {
  std::vector<Warning> found = Warnings(session, "WHERE horizon = :horizon AND plant_rise = :rise",
                                        use(horizon, "horizon"), use(plant_rise, "rise"));
  if (found.empty()) return Status::NotFound(fmt::format("there is no warning of {} at that hour", horizon));
  return std::move(found.front());
}

std::vector<Warning> QueryWarnings(soci::session& session, const WarningQuery& query) {
  const int64_t before = query.before == 0 ? kNever : query.before;
  const int64_t from = query.from.value_or(kAlways);
  const int64_t to = query.to.value_or(kNever);
  return Warnings(session,
                  fmt::format("WHERE id < :before AND plant_rise >= :from AND plant_rise < :to{}"
                              " ORDER BY id DESC LIMIT :limit",
                              query.on_only ? " AND plant_end IS NULL" : ""),
                  use(before, "before"), use(from, "from"), use(to, "to"), use(query.limit, "limit"));
}

std::vector<Alarm> QueryAlarms(soci::session& session, const AlarmQuery& query) {
  const int64_t before = query.before == 0 ? kNever : query.before;
  const int64_t from = query.from.value_or(kAlways);
  const int64_t to = query.to.value_or(kNever);
  std::vector<Alarm> out;
  Alarm a;
  EachRow(
      session,
      fmt::format(
          "SELECT id, plant_start, plant_end, rules, lead_hours, start_us FROM alarms WHERE id < :before"
          " AND plant_start >= :from AND plant_start < :to{} ORDER BY id DESC LIMIT :limit",
          query.on_only ? " AND plant_end IS NULL" : ""),
      [&] { out.push_back(a); }, into(a.id), into(a.plant_start), into(a.plant_end), into(a.rules),
      into(a.lead_hours), into(a.start_us), use(before, "before"), use(from, "from"), use(to, "to"),
      use(query.limit, "limit"));
  return out;
}

int64_t QueryAlarmHours(soci::session& session, PlantTime from, PlantTime to) {
  int64_t count = 0;
  EachRow(
      session, "SELECT count(*) FROM risk_hours WHERE alarm = 1 AND plant_time >= :from AND plant_time < :to",
      [] {}, into(count), use(from, "from"), use(to, "to"));
  return count;
}

std::vector<RiskHour> QueryRisk(soci::session& session, const RiskQuery& query) {
  std::vector<RiskHour> out;
  RiskHour hour;
  std::optional<int> alarm;
  EachRow(
      session,
      "SELECT plant_time, alarm, body, ts_us FROM risk_hours WHERE plant_time >= :from AND plant_time < :to"
      " ORDER BY plant_time DESC LIMIT :limit",
      [&] {
        hour.alarm = alarm.has_value() ? std::optional<bool>(*alarm == 1) : std::nullopt;
        out.push_back(hour);
      },
      into(hour.plant_time), into(alarm), into(hour.body), into(hour.ts_us), use(query.from, "from"),
      use(query.to, "to"), use(query.limit, "limit"));
  std::reverse(out.begin(), out.end());
  return out;
}

WatchState QueryWatchState(soci::session& session) {
  WatchState out;
  EachRow(session, "SELECT last_hour, state FROM watch", [] {}, into(out.last_hour), into(out.state));
  return out;
}

}  // namespace forewarn
