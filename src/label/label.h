// The label step: which rows of a cleaned table are anomalies, by operator-marked periods and the plant
// file's rules, and each row's regime. Stands between ingest and quality. Pure functions; safe from any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/status.h"
#include "frame/frame.h"
#include "plant/plant.h"

namespace forewarn {

enum Regime { kRegimeNormal = 0, kRegimeTransition = 1, kRegimeAlarm = 2 };

// One reason for a label and what it did.
struct LabelReason {
  std::string text;      // the rule, or "2014-12-25 22:00:00 to 2014-12-26 02:00:00"
  std::string note;      // of a period
  size_t rows = 0;       // rows it holds for
  size_t alone = 0;      // of these, rows no other reason of its kind holds for
  size_t undecided = 0;  // rows where a column it reads is null: counted as "does not hold"
};

struct LabelReport {
  bool labelled = false;  // false: the plant file has no [label]
  size_t rows = 0;
  size_t anomalies = 0;
  size_t rule_alarms = 0;  // rows the rules alone mark
  size_t events = 0;       // runs of anomalies
  std::array<size_t, 3> regimes = {0, 0, 0};
  std::vector<LabelReason> periods;
  std::vector<LabelReason> alarm;
  std::vector<LabelReason> transition;
  std::vector<std::string> computed;  // columns the rules read and the table lacked
  bool replaced = false;              // the table had labels before
};

struct LabelResult {
  Frame table;  // the input with anomaly_label (0/1) and regime (0/1/2) as its last columns
  std::vector<uint8_t> rule_alarm;  // 0/1 a row: the rules alone, without periods; what is known live
  LabelReport report;
};

// The table unchanged where the plant has no labels. NotFound, naming the rule, where it reads a column the
// table lacks and that cannot be computed.
Result<LabelResult> LabelTable(const Plant& plant, const Frame& table);

std::string LabelReportText(const LabelReport& report);
nlohmann::ordered_json LabelReportJson(const LabelReport& report);

}  // namespace forewarn
