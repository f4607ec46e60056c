// What the monitor saw, what people said of its warnings, audit rows, retention.
#include <fmt/format.h>

#include <array>

#include "accounts/apply.h"
#include "accounts/sql.h"

namespace forewarn {
namespace {

using soci::into;
using soci::use;

Status NoWarning(int64_t id) { return Status::NotFound(fmt::format("there is no warning {}", id)); }

struct RetentionField {
  const char* name;
  int Retention::* value;
};
constexpr std::array<RetentionField, 6> kRetentionFields = {{
    {"history_days", &Retention::history_days},
    {"warning_days", &Retention::warning_days},
    {"alarm_days", &Retention::alarm_days},
    {"risk_days", &Retention::risk_days},
    {"audit_days", &Retention::audit_days},
    {"undo_minutes", &Retention::undo_minutes},
}};

// Deletes the oldest rows of a table with `column` before the time; at most limit. The key is what the
// table's rows are known by.
int64_t DeleteBefore(soci::session& session, const char* table, const char* key, const char* column,
                     int64_t before_us, int limit) {
  return Execute(session,
                 fmt::format("DELETE FROM {0} WHERE {1} IN"
                             " (SELECT {1} FROM {0} WHERE {2} < :before ORDER BY {2} LIMIT :limit)",
                             table, key, column),
                 use(before_us, "before"), use(limit, "limit"));
}

void Upsert(soci::session& session, const Warning& w) {
  Execute(
      session,
      "INSERT INTO warnings (horizon, horizon_hours, plant_rise, plant_told, rise_us, plant_end, plant_alarm,"
      " lead_hours, outcome, probability, peak_probability, threshold, drivers, model, version, skill)"
      " VALUES (:horizon, :hours, :rise, :told, :rise_us, :end, :alarm, :lead, :outcome, :probability, :peak,"
      " :threshold, :drivers, :model, :version, :skill)"
      " ON CONFLICT (horizon, plant_rise) DO UPDATE SET horizon_hours = excluded.horizon_hours,"
      " plant_told = excluded.plant_told, plant_end = excluded.plant_end, plant_alarm = excluded.plant_alarm,"
      " lead_hours = excluded.lead_hours, outcome = excluded.outcome, probability = excluded.probability,"
      " peak_probability = excluded.peak_probability, threshold = excluded.threshold,"
      " drivers = excluded.drivers, model = excluded.model, version = excluded.version, skill = "
      "excluded.skill",
      use(w.horizon, "horizon"), use(w.horizon_hours, "hours"), use(w.plant_rise, "rise"),
      use(w.plant_told, "told"), use(w.rise_us, "rise_us"), use(w.plant_end, "end"),
      use(w.plant_alarm, "alarm"), use(w.lead_hours, "lead"), use(w.outcome, "outcome"),
      use(w.probability, "probability"), use(w.peak_probability, "peak"), use(w.threshold, "threshold"),
      use(w.drivers, "drivers"), use(w.model, "model"), use(w.version, "version"), use(w.skill, "skill"));
}

void Upsert(soci::session& session, const Alarm& a) {
  Execute(session,
          "INSERT INTO alarms (plant_start, plant_end, rules, lead_hours, start_us)"
          " VALUES (:start, :end, :rules, :lead, :start_us)"
          " ON CONFLICT (plant_start) DO UPDATE SET plant_end = excluded.plant_end, rules = excluded.rules,"
          " lead_hours = excluded.lead_hours",
          use(a.plant_start, "start"), use(a.plant_end, "end"), use(a.rules, "rules"),
          use(a.lead_hours, "lead"), use(a.start_us, "start_us"));
}

void Upsert(soci::session& session, const RiskHour& h) {
  const auto alarm = h.alarm.has_value() ? std::optional<int>(*h.alarm ? 1 : 0) : std::nullopt;
  Execute(session,
          "INSERT INTO risk_hours (plant_time, alarm, body, ts_us) VALUES (:time, :alarm, :body, :ts)"
          " ON CONFLICT (plant_time) DO UPDATE SET alarm = excluded.alarm, body = excluded.body",
          use(h.plant_time, "time"), use(alarm, "alarm"), use(h.body, "body"), use(h.ts_us, "ts"));
}

void Upsert(soci::session& session, const WatchState& w) {
  Execute(session,
          "INSERT INTO watch (id, last_hour, state) VALUES (1, :last, :state)"
          " ON CONFLICT (id) DO UPDATE SET last_hour = excluded.last_hour, state = excluded.state",
          use(w.last_hour, "last"), use(w.state, "state"));
}

}  // namespace

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const RecordWatch& write) {
  for (const Warning& warning : write.warnings) Upsert(session, warning);
  for (const Alarm& alarm : write.alarms) Upsert(session, alarm);
  for (const RiskHour& hour : write.hours) Upsert(session, hour);
  if (write.state.has_value()) Upsert(session, *write.state);
  return static_cast<int64_t>(write.warnings.size() + write.alarms.size() + write.hours.size() +
                              (write.state.has_value() ? 1 : 0));
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const AcknowledgeWarning& write) {
  const int64_t changed =
      Execute(session, "UPDATE warnings SET ack_by = :by, ack_note = :note, ack_us = :now WHERE id = :id",
              use(write.by, "by"), use(write.note, "note"), use(write.now_us, "now"), use(write.id, "id"));
  if (changed == 0) return NoWarning(write.id);
  return changed;
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const JudgeWarning& write) {
  const int64_t changed = Execute(
      session,
      "UPDATE warnings SET verdict = :verdict, verdict_by = :by, verdict_note = :note, verdict_us = :now"
      " WHERE id = :id",
      use(write.verdict, "verdict"), use(write.by, "by"), use(write.note, "note"), use(write.now_us, "now"),
      use(write.id, "id"));
  if (changed == 0) return NoWarning(write.id);
  return changed;
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const AddAudit& write) {
  const AuditRow& a = write.row;
  int64_t id = 0;
  EachRow(
      session,
      "INSERT INTO audit (ts_us, who, action, address, detail) VALUES (:ts, :who, :action, :address, :detail)"
      " RETURNING id",
      [] {}, use(a.ts_us, "ts"), use(a.who, "who"), use(a.action, "action"), use(a.address, "address"),
      use(a.detail, "detail"), into(id));
  return id;
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const SetRetention& write) {
  for (const RetentionField& field : kRetentionFields) {
    const std::string name = field.name;
    const int64_t value = write.retention.*field.value;
    Execute(session,
            "INSERT INTO settings (name, value) VALUES (:name, :value)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            use(name, "name"), use(value, "value"));
  }
  return int64_t{1};
}

Retention ReadRetention(soci::session& session) {
  Retention out;
  std::string name;
  int64_t value = 0;
  EachRow(
      session, "SELECT name, value FROM settings",
      [&] {
        for (const RetentionField& field : kRetentionFields) {
          if (name == field.name) out.*field.value = static_cast<int>(value);
        }
      },
      into(name), into(value));
  return out;
}

Result<int64_t> ApplyTo(Engine /*engine*/, soci::session& session, const Purge& write) {
  const Retention keep = ReadRetention(session);
  const auto older = [&](const char* table, const char* key, const char* column, int days) {
    return days == 0 ? 0 : DeleteBefore(session, table, key, column, write.now_us - days * kDay, write.limit);
  };
  int64_t gone = DeleteBefore(session, "history", "id", "deleted_us",
                              write.now_us - keep.undo_minutes * kMinute, write.limit);
  gone += older("history", "id", "ts_us", keep.history_days);
  gone += older("warnings", "id", "rise_us", keep.warning_days);
  gone += older("alarms", "id", "start_us", keep.alarm_days);
  gone += older("risk_hours", "plant_time", "ts_us", keep.risk_days);
  gone += older("audit", "id", "ts_us", keep.audit_days);
  gone += DeleteBefore(session, "sessions", "id_hash", "expires_us", write.now_us, write.limit);
  gone += DeleteBefore(session, "revoked_tokens", "token_id", "expires_us", write.now_us, write.limit);
  return gone;
}

Result<int64_t> ApplyWrite(Engine engine, soci::session& session, const Write& write) {
  return std::visit([&](const auto& one) { return ApplyTo(engine, session, one); }, write);
}

}  // namespace forewarn
