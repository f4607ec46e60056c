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
struct Warning {
  int64_t id = 0;
  std::string model;
  int64_t version = 0;
  int horizon_hours = 0;
  PlantTime plant_rise = 0;
  int64_t rise_us = 0;
  std::optional<PlantTime> plant_end;    // absent: the warning stands
  std::optional<PlantTime> plant_alarm;  // when the plant's own alarm came
  std::optional<double> lead_hours;
  double peak_probability = 0;
  double threshold = 0;
  std::string drivers;  // JSON text: the features that raised it
  std::string skill;    // the model's verdict at the time
  std::string status;   // ok, stale, outside training range
  // Acknowledged by (a name, kept when the account goes), when, with which note; empty: not yet.
  std::string ack_by;
  int64_t ack_us = 0;
  std::string ack_note;
  std::string verdict;  // "", true, false, known
  std::string verdict_by;
  int64_t verdict_us = 0;
  std::string verdict_note;
};

// The plant's own alarm by one rule.
struct Alarm {
  int64_t id = 0;
  std::string rule;
  PlantTime plant_start = 0;
  std::optional<PlantTime> plant_end;  // absent: it stands
  int64_t start_us = 0;
  std::optional<double> peak_value;  // what the rule saw at its worst, where it is one number
};

// One forecast of the monitor, for the chart of risk over time. One row a plant hour and horizon; a second
// one replaces the first.
struct RiskPoint {
  PlantTime plant_time = 0;
  int horizon_hours = 0;  // 0: the blend of all horizons
  int64_t ts_us = 0;
  std::optional<double> probability;  // absent where the model abstained
  std::optional<double> smoothed;
  std::optional<double> threshold;
  std::string status;
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
