// Trivial baselines: what a model must beat to have skill. Each is a score on the same rows as the model's:
// always-alarm, the training prevalence, persistence of the rule state (the plant's own alarms;
// operator-marked periods are not known live) and the level of the leading sensor. Pure; safe from any
// thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "train/matrix.h"
#include "train/metrics.h"

namespace forewarn {

struct Baseline {
  std::string name;           // "always", "prevalence", "persistence", "level"
  std::vector<double> score;  // one a row
  double threshold = 0.5;     // predicted 1 at or above; level's is the best F1 of the training rows
};

// The sensor whose level alone ranks the training rows best, by average precision; high or low.
struct LeadingSensor {
  size_t column = 0;
  double sign = 1;
  double threshold = 0;  // of sign × level: best F1 on the training rows
};
// sensors: training rows × sensors; only: a column to judge alone (npos: all).
LeadingSensor FindLeadingSensor(const Matrix& sensors, Labels y, size_t only = static_cast<size_t>(-1));

// rule_before: the rule state known at the row; sensors: the readings known at the row; prevalence: of
// training.
std::vector<Baseline> MakeBaselines(const std::vector<uint8_t>& rule_before, const Matrix& sensors,
                                    const LeadingSensor& leading, double prevalence);

// baseline_<name>_{f1,roc_auc,average_precision,brier}; those that say something about the baseline.
std::map<std::string, double> BaselineMetrics(const std::vector<Baseline>& baselines, Labels y);

}  // namespace forewarn
