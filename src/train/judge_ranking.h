// The part of judge_run.h for runs that score rows against the labels: classifiers, isolation forest,
// forecasters.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "train/fit_run.h"
#include "train/trainer.h"

namespace forewarn {

// f1, precision, recall (at .5; isolation forest: none), roc_auc and average precision over the given scored
// rows.
std::map<std::string, double> RankingFoldMetrics(const RunSpec& spec, const TrainingData& data,
                                                 const std::vector<double>& by_row,
                                                 const std::vector<size_t>& rows);

// As JudgeRun; the isolation forest's threshold is there already and stays.
Status JudgeRankingRun(const Plant& plant, const RunSpec& spec, const TrainingData& data,
                       const TrainOptions& options, const SkillOptions& skill, TrainedRun* run);

}  // namespace forewarn
