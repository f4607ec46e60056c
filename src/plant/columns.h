// Names of the columns every step shares. Which columns a plant has is the plant file's business (plant.h,
// derived.h).
#pragma once

namespace forewarn {

inline constexpr char kTimeColumn[] = "timestamp";
inline constexpr char kLabelColumn[] = "anomaly_label";
inline constexpr char kRegimeColumn[] = "regime";
inline constexpr char kRuleAlarmColumn[] =
    "rule_alarm";  // the rules alone, without operator-marked periods (0/1)
inline constexpr char kWithinColumn[] = "anomaly_within";  // any label in the next h rows
inline constexpr char kFilledColumn[] = "filled";          // not 0: the row holds cells that look ahead
inline constexpr char kHourColumn[] = "hour_of_day";
inline constexpr char kDayColumn[] = "day_of_week";  // Monday 0

}  // namespace forewarn
