#include "live/warning.h"

namespace forewarn {

const char* WarningOutcomeName(WarningOutcome outcome) {
  switch (outcome) {
    case WarningOutcome::kPending:
      return "pending";
    case WarningOutcome::kTrue:
      return "true";
    case WarningOutcome::kFalse:
      return "false";
    case WarningOutcome::kRepeated:
      return "repeated";
  }
  return "unknown";
}

Result<WatchRecord> MemoryWarningLog::Load() {
  const std::lock_guard lock(mutex_);
  return record_;
}

Status MemoryWarningLog::Commit(const WatchStep& step) {
  const std::lock_guard lock(mutex_);
  for (const LiveWarning& warning : step.warnings) warnings_[{warning.rise, warning.horizon}] = warning;
  for (const LiveAlarm& alarm : step.alarms) alarms_[alarm.began] = alarm;
  record_ = step.record;
  return Status::Ok();
}

std::vector<LiveWarning> MemoryWarningLog::warnings() const {
  const std::lock_guard lock(mutex_);
  std::vector<LiveWarning> out;
  for (const auto& [key, warning] : warnings_) out.push_back(warning);
  return out;
}

std::vector<LiveAlarm> MemoryWarningLog::alarms() const {
  const std::lock_guard lock(mutex_);
  std::vector<LiveAlarm> out;
  for (const auto& [began, alarm] : alarms_) out.push_back(alarm);
  return out;
}

}  // namespace forewarn
