#include "accounts/writes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string_view>

#include "core/names.h"

namespace forewarn {
namespace {

constexpr size_t kNameBytes = 512;
constexpr size_t kNoteBytes = 16 << 10;
constexpr size_t kJsonBytes = 4 << 20;

// Collects the first fault of a write's fields.
class Checker {
 public:
  explicit Checker(const char* what) : what_(what) {}

  Checker& Text(const char* field, std::string_view text, size_t max_bytes = kNameBytes) {
    if (text.size() > max_bytes) return Fail(field, fmt::format("is longer than {} bytes", max_bytes));
    if (text.find('\0') != std::string_view::npos) return Fail(field, "holds a NUL character");
    if (!IsValidUtf8(text)) return Fail(field, "is not UTF-8");
    return *this;
  }
  Checker& Named(const char* field, std::string_view text) {
    return text.empty() ? Fail(field, "is empty") : Text(field, text);
  }
  Checker& Number(const char* field, std::optional<double> number) {
    return !number.has_value() || std::isfinite(*number) ? *this : Fail(field, "is no finite number");
  }
  Checker& Require(bool good, const char* field, const char* fault) {
    return good ? *this : Fail(field, fault);
  }
  Status status() const { return status_; }

 private:
  Checker& Fail(const char* field, std::string_view fault) {
    if (status_.ok()) status_ = Status::Invalid(fmt::format("{}: {} {}", what_, field, fault));
    return *this;
  }

  const char* what_;
  Status status_;
};

bool IsHistoryType(std::string_view type) {
  return !type.empty() && type.size() <= 64 &&
         type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

bool IsOneOf(std::string_view text, std::initializer_list<std::string_view> known) {
  return std::find(known.begin(), known.end(), text) != known.end();
}

Status CheckWarning(const Warning& w) {
  return Checker("warning")
      .Named("horizon", w.horizon)
      .Number("horizon_hours", w.horizon_hours)
      .Number("lead_hours", w.lead_hours)
      .Require(IsOneOf(w.outcome, {"pending", "true", "false", "repeated"}), "outcome",
               "is not one of pending, true, false, repeated")
      .Number("probability", w.probability)
      .Number("peak_probability", w.peak_probability)
      .Number("threshold", w.threshold)
      .Text("drivers", w.drivers, kJsonBytes)
      .Text("model", w.model)
      .Text("skill", w.skill, kNoteBytes)
      .status();
}

Status CheckAlarm(const Alarm& a) {
  return Checker("alarm").Text("rules", a.rules, kJsonBytes).Number("lead_hours", a.lead_hours).status();
}

struct Validate {
  Status operator()(const AddUser& w) const {
    return Checker("user").Named("name", w.username).Named("password hash", w.password_hash).status();
  }
  Status operator()(const SetPassword& w) const {
    return Checker("password").Named("hash", w.password_hash).Text("session", w.keep_session).status();
  }
  Status operator()(const UpgradePasswordHash& w) const {
    return Checker("password").Named("hash", w.password_hash).Named("old hash", w.old_hash).status();
  }
  Status operator()(const SetRole&) const { return {}; }
  Status operator()(const RemoveUser&) const { return {}; }
  Status operator()(const AddSession& w) const {
    return Checker("session").Named("id", w.session.id_hash).status();
  }
  Status operator()(const TouchSession& w) const {
    return Checker("session").Named("id", w.id_hash).status();
  }
  Status operator()(const RemoveSession& w) const {
    return Checker("session").Named("id", w.id_hash).status();
  }
  Status operator()(const RevokeToken& w) const { return Checker("token").Named("id", w.token_id).status(); }
  Status operator()(const AddHistory& w) const {
    return Checker("history row")
        .Require(IsHistoryType(w.row.type), "type", "is not 1 to 64 of a-z, 0-9 and _")
        .Text("input", w.row.input, kJsonBytes)
        .Text("result", w.row.result, kJsonBytes)
        .status();
  }
  Status operator()(const DeleteHistory&) const { return {}; }
  Status operator()(const DeleteAllHistory&) const { return {}; }
  Status operator()(const RestoreHistory&) const { return {}; }
  Status operator()(const RecordWatch& w) const {
    for (const Warning& warning : w.warnings) FW_RETURN_IF_ERROR(CheckWarning(warning));
    for (const Alarm& alarm : w.alarms) FW_RETURN_IF_ERROR(CheckAlarm(alarm));
    Checker check("watch");
    for (const RiskHour& hour : w.hours) check.Text("hour", hour.body, kJsonBytes);
    return check.Text("state", w.state.has_value() ? w.state->state : "", kJsonBytes).status();
  }
  Status operator()(const AcknowledgeWarning& w) const {
    return Checker("acknowledgement").Named("name", w.by).Text("note", w.note, kNoteBytes).status();
  }
  Status operator()(const JudgeWarning& w) const {
    return Checker("verdict")
        .Require(IsOneOf(w.verdict, {"true", "false", "known"}), "value", "is not one of true, false, known")
        .Named("name", w.by)
        .Text("note", w.note, kNoteBytes)
        .status();
  }
  Status operator()(const AddAudit& w) const {
    return Checker("audit row")
        .Text("who", w.row.who)
        .Named("action", w.row.action)
        .Text("address", w.row.address)
        .Text("detail", w.row.detail, kNoteBytes)
        .status();
  }
  Status operator()(const SetRetention& w) const {
    const Retention& r = w.retention;
    Checker check("retention");
    for (const int days : {r.history_days, r.warning_days, r.alarm_days, r.risk_days, r.audit_days}) {
      check.Require(days >= 0 && days <= 36500, "days", "are not between 0 (for ever) and 36500");
    }
    return check
        .Require(r.undo_minutes >= 0 && r.undo_minutes <= 525600, "undo_minutes",
                 "are not between 0 and 525600")
        .status();
  }
  Status operator()(const Purge& w) const {
    return Checker("purge").Require(w.limit > 0, "limit", "is not above 0").status();
  }
};

}  // namespace

Status ValidateWrite(const Write& write) { return std::visit(Validate{}, write); }

size_t WriteBytes(const Write& write) {
  size_t text = 0;
  if (const auto* history = std::get_if<AddHistory>(&write)) {
    text = history->row.input.size() + history->row.result.size();
  } else if (const auto* watch = std::get_if<RecordWatch>(&write)) {
    for (const Warning& warning : watch->warnings) text += sizeof(Warning) + warning.drivers.size();
    for (const RiskHour& hour : watch->hours) text += sizeof(RiskHour) + hour.body.size();
  }
  return sizeof(Write) + 256 + text;
}

}  // namespace forewarn
