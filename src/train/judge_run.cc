#include "train/judge_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/random.h"
#include "model/predictor.h"
#include "train/judge_ranking.h"
#include "train/metrics.h"
#include "train/pca.h"

namespace forewarn {
namespace {

using Learner = RunSpec::Learner;

Status ScoreWindows(const WindowSamples& windows, const Predictor& predictor, size_t begin, size_t end,
                    std::vector<double>* by_row) {
  for (size_t w = 0; w < windows.now.size(); ++w) {
    if (windows.now[w] < begin || windows.now[w] >= end) continue;
    (*by_row)[windows.now[w]] = predictor.Score(windows.samples.x.row(w));
  }
  return {};
}

int MostProbable(const Predictor& predictor, const double* row) {
  std::vector<double> p(predictor.outputs());
  predictor.Score(row, p.data());
  return static_cast<int>(std::max_element(p.begin(), p.end()) - p.begin());
}

SkillOptions SkillOptionsFor(const TrainingData& data, const TrainOptions& options, const std::string& run) {
  SkillOptions out;
  out.block = data.day_rows;
  out.resamples = options.resamples;
  out.seed = DeriveSeed(options.seed, run + " verdict");
  return out;
}

// Class or value by row with its walk-forward prediction, over the scored rows only.
struct Pooled {
  std::vector<size_t> rows;
  std::vector<uint8_t> judged;  // one a row of `rows`
};

Pooled PooledRows(const std::vector<double>& scores) {
  Pooled out;
  for (size_t r = 0; r < scores.size(); ++r) {
    if (!std::isnan(scores[r])) out.rows.push_back(r);
  }
  out.judged.assign(out.rows.size(), 1);
  return out;
}

size_t EventsWithin(const TrainingData& data, const std::vector<size_t>& rows) {
  return static_cast<size_t>(std::count_if(data.events.begin(), data.events.end(), [&](const Event& e) {
    return e.onset_seen && std::binary_search(rows.begin(), rows.end(), e.begin);
  }));
}

int MajorityClass(const std::vector<int>& classes, size_t end) {
  std::vector<size_t> counts(kRegimes, 0);
  for (size_t r = 0; r < end; ++r) ++counts[static_cast<size_t>(classes[r])];
  return static_cast<int>(std::max_element(counts.begin(), counts.end()) - counts.begin());
}

Status JudgeRegime(const RunSpec& spec, const TrainingData& data, const TrainOptions& options,
                   TrainedRun* run) {
  std::vector<double> by_row(data.rows, kNull);
  FW_RETURN_IF_ERROR(ScoreTimeline(spec, data, run->model->body, data.train_rows, data.rows, &by_row));
  std::vector<int> y;
  std::vector<int> predicted;
  for (size_t r = data.train_rows; r < data.rows; ++r) {
    y.push_back(data.regime[r]);
    predicted.push_back(static_cast<int>(by_row[r]));
  }
  const int majority = MajorityClass(data.regime, data.train_rows);
  const std::vector<int> constant(y.size(), majority);
  run->metrics["accuracy"] = Accuracy(y, predicted);
  run->metrics["f1_macro"] = MacroF1(y, predicted, kRegimes);
  run->metrics["baseline_majority_accuracy"] = Accuracy(y, constant);
  run->metrics["baseline_majority_f1_macro"] = MacroF1(y, constant, kRegimes);
  if (!options.verdicts) return {};
  const Pooled pooled = PooledRows(run->walk_forward_scores);
  y.clear();
  predicted.clear();
  for (const size_t r : pooled.rows) {
    y.push_back(data.regime[r]);
    predicted.push_back(static_cast<int>(run->walk_forward_scores[r]));
  }
  run->skill = JudgeClasses(pooled.judged, y, predicted, majority, kRegimes, EventsWithin(data, pooled.rows),
                            SkillOptionsFor(data, options, spec.name));
  return {};
}

// True where row r has a next row one interval later.
bool HasNext(const TrainingData& data, size_t r) {
  return r + 1 < data.rows && data.times[r + 1] - data.times[r] == data.event_options.interval;
}

Status JudgeDeviation(const RunSpec& spec, const TrainingData& data, const TrainOptions& options,
                      TrainedRun* run) {
  const size_t begin = DeviationTrainRows(data.rows);
  std::vector<double> by_row(data.rows, kNull);
  FW_RETURN_IF_ERROR(ScoreTimeline(spec, data, run->model->body, begin, data.rows, &by_row));
  std::vector<double> y;
  std::vector<double> predicted;
  std::vector<double> now;
  for (size_t r = begin; r < data.rows; ++r) {
    if (!HasNext(data, r)) continue;
    y.push_back(data.deviation[r + 1]);
    predicted.push_back(by_row[r]);
    now.push_back(data.deviation[r]);
  }
  if (y.empty()) return {};
  run->metrics["mae"] = MeanAbsoluteError(y, predicted);
  run->metrics["r2"] = R2(y, predicted);
  run->metrics["baseline_persistence_mae"] = MeanAbsoluteError(y, now);
  run->metrics["baseline_persistence_r2"] = R2(y, now);
  if (!options.verdicts || !data.labelled) return {};
  const Pooled pooled = PooledRows(run->walk_forward_scores);
  std::vector<double> model_error;
  std::vector<double> trivial_error;
  std::vector<uint8_t> judged;
  for (const size_t r : pooled.rows) {
    const bool has = HasNext(data, r);
    judged.push_back(has ? 1 : 0);
    model_error.push_back(has ? std::fabs(data.deviation[r + 1] - run->walk_forward_scores[r]) : 0);
    trivial_error.push_back(has ? std::fabs(data.deviation[r + 1] - data.deviation[r]) : 0);
  }
  run->skill = JudgeErrors(judged, model_error, trivial_error, "persistence", EventsWithin(data, pooled.rows),
                           SkillOptionsFor(data, options, spec.name));
  return {};
}

void JudgeMonitor(TrainedRun* run) {
  const auto& pca = std::get<PcaModel>(run->model->body);
  for (size_t k = 0; k < pca.explained.size(); ++k) {
    run->metrics[fmt::format("explained_var_pc{}", k + 1)] = pca.explained[k];
  }
  run->metrics["n_components_90pct"] = pca.kept;
  run->metrics["t2_limit95"] = pca.t2_limit95;
  run->metrics["t2_limit99"] = pca.t2_limit99;
  run->metrics["spe_limit95"] = pca.spe_limit95;
  run->metrics["spe_limit99"] = pca.spe_limit99;
}

// Alarm above the (1 − contamination) quantile of the training scores.
Status SetIsolationThreshold(const RunSpec& spec, const TrainingData& data, TrainedRun* run) {
  std::vector<double> by_row(data.rows, kNull);
  FW_RETURN_IF_ERROR(ScoreTimeline(spec, data, run->model->body, 0, data.train_rows, &by_row));
  by_row.resize(data.train_rows);
  double contamination = kDefaultContamination;
  if (data.labelled) {
    const auto ones = std::count(
        data.label.begin(), data.label.begin() + static_cast<std::ptrdiff_t>(data.train_rows), uint8_t{1});
    contamination = static_cast<double>(ones) / static_cast<double>(data.train_rows);
  }
  run->metrics["contamination"] = contamination;
  run->model->info.threshold = Quantile(std::move(by_row), 1 - contamination);
  return {};
}

}  // namespace

Status ScoreTimeline(const RunSpec& spec, const TrainingData& data, const ModelBody& body, size_t begin,
                     size_t end, std::vector<double>* by_row) {
  FW_ASSIGN_OR_RETURN(const Predictor predictor, Predictor::Build(body));
  switch (spec.learner) {
    case Learner::kForecaster:
      return ScoreWindows(data.windows[spec.horizon], predictor, begin, end, by_row);
    case Learner::kRegime:
      for (size_t r = begin; r < end; ++r) (*by_row)[r] = MostProbable(predictor, data.point.row(r));
      return {};
    case Learner::kPca:
      return {};
    default:
      predictor.ScoreBatch(data.point.row(begin), end - begin, by_row->data() + begin);
      return {};
  }
}

WalkForwardFold JudgeFold(const RunSpec& spec, const TrainingData& data, const std::vector<double>& by_row,
                          const TimeFold& fold) {
  WalkForwardFold out;
  out.train_rows = fold.train_end;
  std::vector<size_t> rows;
  for (size_t r = fold.test_begin; r < fold.test_end; ++r) {
    if (!std::isnan(by_row[r])) rows.push_back(r);
  }
  out.test_rows = rows.size();
  if (rows.empty()) return out;
  if (spec.learner == Learner::kRegime) {
    std::vector<int> y;
    std::vector<int> predicted;
    for (const size_t r : rows) {
      y.push_back(data.regime[r]);
      predicted.push_back(static_cast<int>(by_row[r]));
    }
    out.metrics = {{"accuracy", Accuracy(y, predicted)}, {"f1_macro", MacroF1(y, predicted, kRegimes)}};
  } else if (spec.learner == Learner::kRidge) {
    std::vector<double> y;
    std::vector<double> predicted;
    for (const size_t r : rows) {
      if (!HasNext(data, r)) continue;
      y.push_back(data.deviation[r + 1]);
      predicted.push_back(by_row[r]);
    }
    if (!y.empty()) out.metrics = {{"mae", MeanAbsoluteError(y, predicted)}, {"r2", R2(y, predicted)}};
  } else if (data.labelled) {
    out.metrics = RankingFoldMetrics(spec, data, by_row, rows);
  }
  return out;
}

Status JudgeRun(const Plant& plant, const RunSpec& spec, const TrainingData& data,
                const TrainOptions& options, TrainedRun* run) {
  switch (spec.learner) {
    case Learner::kPca:
      JudgeMonitor(run);
      return {};
    case Learner::kRegime:
      return JudgeRegime(spec, data, options, run);
    case Learner::kRidge:
      return JudgeDeviation(spec, data, options, run);
    case Learner::kIsolation:
      FW_RETURN_IF_ERROR(SetIsolationThreshold(spec, data, run));
      if (!data.labelled) return {};
      break;
    default:
      break;
  }
  return JudgeRankingRun(plant, spec, data, options, SkillOptionsFor(data, options, spec.name), run);
}

}  // namespace forewarn
