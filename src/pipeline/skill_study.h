// The honesty check on the simulated plant (models.md, "Honesty: skill"): train the forecasters on the first
// days of a seed's history with the product's own code, judge their warnings on the days after, and put
// beside them, on the same rows with thresholds chosen the same way, the level of the leading sensor and
// every single-tag rule. A study of the whole product, not a part of it: run by bench/skill_study and, in
// small, by the tests. Pure but for the time it takes; the same options give the same figures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"
#include "plant/plant.h"
#include "train/event_metrics.h"

namespace forewarn {

struct SkillStudyOptions {
  uint64_t seed = 1;
  int train_days = 180;
  int judge_days = 60;
  double budget = 0.35;  // false alarms a day on the training part's walk-forward scores
  int threads = 0;       // 0 = one a core
};

// One way of warning, judged on the unseen days.
struct StudyEntry {
  std::string name;
  double training_recall = 0;  // at the chosen threshold, on the rows it was chosen on
  EventMetrics judged;
};

struct SkillStudy {
  uint64_t seed = 0;
  StudyEntry pooled;                 // mean of the horizons' probabilities
  std::vector<StudyEntry> horizons;  // each by itself
  StudyEntry level;                  // of the leading sensor (highest average precision on the training part)
  std::vector<StudyEntry> rules;  // every single-tag rule: latest value, 3 h mean, 12 h spread, high and low
  size_t best_rule = 0;           // of rules: the best recall on the training part
  std::vector<double> calibration;  // ECE by horizon: 10 bins, onset rows of the unseen days
};

// Fails where the plant cannot be simulated, has no labels, or no forecaster could be fitted.
Result<SkillStudy> RunSkillStudy(const Plant& plant, const SkillStudyOptions& options);

// A table of all seeds and their means, for people; for rules the best of all by mean recall, in hindsight.
std::string SkillStudyText(const std::vector<SkillStudy>& studies);

}  // namespace forewarn
