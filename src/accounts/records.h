// What the store keeps, as plain values. Times named *_us are wall time, microseconds since 1970 UTC; times
// named plant_* are plant time (core/plant_time.h). An absent number is nullopt, never NaN: the writes refuse
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/plant_time.h"
#include "core/status.h"

namespace forewarn {

enum class Role { kOperator, kAdministrator };
const char* RoleName(Role role);                // "operator", "administrator"
Result<Role> ParseRole(std::string_view name);  // an unknown name's error lists both

struct User {
  int64_t id = 0;
  std::string username;
  Role role = Role::kOperator;
  int64_t created_us = 0;
  std::string password_hash;     // as accounts/password.h wrote it; never leaves the process
  int64_t token_generation = 0;  // tokens of an earlier generation are void: raised by a password change
};

struct Session {
  std::string id_hash;  // SHA-256 in hex of the opaque id, which is not kept
  int64_t user_id = 0;
  int64_t created_us = 0;
  int64_t last_used_us = 0;
  int64_t expires_us = 0;
};

// One past inference of a user.
struct HistoryRow {
  int64_t id = 0;
  int64_t user_id = 0;
  std::string type;    // predict, forecast_1h, auto_1h
  std::string input;   // JSON text
  std::string result;  // JSON text
  int64_t ts_us = 0;
};

// Our announcement that an alarm is near: rises, may meet an alarm, ends; people acknowledge and judge it.
// Horizon and rise are its key: no two warnings share them.
struct Warning {
  int64_t id = 0;
  std::string horizon;  // as the plant file has it: "6h"
  double horizon_hours = 0;
  PlantTime plant_rise = 0;              // start of the hour that raised it
  PlantTime plant_told = 0;              // when it could be read
  int64_t rise_us = 0;                   // wall time of its first storing
  std::optional<PlantTime> plant_end;    // absent: it is on
  std::optional<PlantTime> plant_alarm;  // start of the alarm it came before
  std::optional<double> lead_hours;      // from plant_told to that alarm
  std::string outcome;                   // pending, true, false, repeated: by the plant's alarms alone
  double probability = 0;                // at the rise
  double peak_probability = 0;
  double threshold = 0;
  std::string drivers;  // JSON text: what raised it
  std::string model;
  int64_t version = 0;
  std::string skill;  // the model's verdict at the time
  // Acknowledged by (a name, kept when the account goes), when, with which note; empty: not yet.
  std::string ack_by;
  int64_t ack_us = 0;
  std::string ack_note;
  std::string verdict;  // "", true, false, known
  std::string verdict_by;
  int64_t verdict_us = 0;
  std::string verdict_note;
};

// A run of the plant's own alarms; its start is its key.
struct Alarm {
  int64_t id = 0;
  PlantTime plant_start = 0;
  std::optional<PlantTime> plant_end;  // absent: it is on
  std::string rules;                   // JSON text: that have held in it
  std::optional<double> lead_hours;    // of the warning before it
  int64_t start_us = 0;                // wall time of its first storing
};

// What the monitor knows of one plant hour, for the chart of risk over time. The hour is its key.
struct RiskHour {
  PlantTime plant_time = 0;   // start of the hour
  std::optional<bool> alarm;  // whether the plant was in alarm; absent: unknown
  std::string body;           // JSON text
  int64_t ts_us = 0;
};

// Where the monitor stands; what it needs to go on after a restart.
struct WatchState {
  std::optional<PlantTime> last_hour;  // absent: the plant was never watched
  std::string state;                   // the monitor's own text
};

// Who did what, from where, when. Kept as text: it outlives the account.
struct AuditRow {
  int64_t id = 0;
  int64_t ts_us = 0;
  std::string who;      // a user name as given, or "local" for the command line
  std::string action;   // sign_in, sign_in_failed, sign_out, register, password, role, remove, promote,
                        // scenario, delete
  std::string address;  // of the peer; empty for the command line
  std::string detail;
};

// How many days rows are kept; 0 = for ever. Deleted history can be restored for undo_minutes.
struct Retention {
  int history_days = 365;
  int warning_days = 0;
  int alarm_days = 0;
  int risk_days = 90;
  int audit_days = 365;
  int undo_minutes = 60;
};

}  // namespace forewarn
