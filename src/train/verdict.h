// The skill verdict of models.md ("Honesty: skill"): is the model better than the best trivial baseline,
// beyond what chance in 24-hour stretches of the plant's life explains? Moving-block bootstrap (Künsch 1989)
// of the difference on pooled walk-forward scores. Pure; the same for a seed; safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "train/baselines.h"
#include "train/metrics.h"

namespace forewarn {

inline constexpr char kSkill[] = "skill";
inline constexpr char kWorseThanTrivial[] = "worse than trivial";
inline constexpr char kNoSkillShown[] = "no skill shown";
inline constexpr char kNotJudged[] = "not judged";

struct SkillOptions {
  size_t block = 24;  // rows of 24 hours
  int resamples = 2000;
  size_t fewest_events = 8;
  uint64_t seed = 42;
};

struct SkillVerdict {
  std::string text = kNotJudged;
  std::string baseline;  // the best one
  double model = 0;      // the figure compared, of the model and of the best baseline
  double best = 0;
  double low = 0;  // 5 % and 95 % quantiles of the difference (model better: positive)
  double high = 0;
  size_t events = 0;
};

// The rows are consecutive grid rows; those not judged (no score, not an onset row) have judged[r] == 0 and
// fill their place in the blocks. Average precision, higher is better.
SkillVerdict JudgeRanking(std::span<const uint8_t> judged, Labels y, Scores score,
                          const std::vector<Baseline>& baselines, size_t events, const SkillOptions& options);
// Absolute errors a row, lower is better.
SkillVerdict JudgeErrors(std::span<const uint8_t> judged, Scores model_error, Scores baseline_error,
                         const std::string& baseline, size_t events, const SkillOptions& options);
// Macro F1 against a constant class, higher is better.
SkillVerdict JudgeClasses(std::span<const uint8_t> judged, const std::vector<int>& y,
                          const std::vector<int>& predicted, int constant, int classes, size_t events,
                          const SkillOptions& options);

}  // namespace forewarn
