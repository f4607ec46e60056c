#include "train/judge_ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/names.h"
#include "train/baselines.h"
#include "train/judge_run.h"
#include "train/metrics.h"

namespace forewarn {
namespace {

constexpr int kCalibrationBins = 10;

// What a run predicts, by row of the timeline. Classifiers: the label of the row itself. Forecasters: the
// target of the window that ends at the row.
struct Targets {
  std::vector<uint8_t> y;
  std::vector<uint8_t> onset;        // rows judged: forecasters those not already in alarm, else all
  std::vector<uint8_t> rule_known;   // the rule state known when the score is made
  std::vector<size_t> train, valid;  // rows with a target, by part
};

Targets MakeTargets(const RunSpec& spec, const TrainingData& data) {
  Targets out;
  if (spec.learner == RunSpec::Learner::kForecaster) {
    const WindowSamples& windows = data.windows[spec.horizon];
    out.y.assign(data.rows, 0);
    out.onset.assign(data.rows, 0);
    for (size_t w = 0; w < windows.now.size(); ++w) {
      const size_t r = windows.now[w];
      out.y[r] = windows.samples.y[w];
      out.onset[r] = data.label[r] == 0 ? 1 : 0;
      (w < windows.train_windows ? out.train : out.valid).push_back(r);
    }
    out.rule_known = data.rule;
    return out;
  }
  out.y = data.label;
  out.onset.assign(data.rows, 1);
  out.rule_known = data.RuleBefore();
  for (size_t r = 0; r < data.rows; ++r) (r < data.train_rows ? out.train : out.valid).push_back(r);
  return out;
}

template <typename T>
std::vector<T> At(const std::vector<T>& by_row, const std::vector<size_t>& rows) {
  std::vector<T> out;
  out.reserve(rows.size());
  for (const size_t r : rows) out.push_back(by_row[r]);
  return out;
}

std::vector<size_t> Filter(const std::vector<size_t>& rows, const std::vector<uint8_t>& keep) {
  std::vector<size_t> out;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(out), [&](size_t r) { return keep[r] != 0; });
  return out;
}

// Baselines by row of the timeline; the leading sensor is the plant file's, else chosen on the training part.
std::vector<Baseline> TimelineBaselines(const Plant& plant, const TrainingData& data,
                                        const Targets& targets) {
  const std::vector<size_t> rows = Filter(targets.train, targets.onset);
  const std::vector<uint8_t> y = At(targets.y, rows);
  const std::vector<std::string> sensors = plant.Sensors();
  const auto named = std::find(sensors.begin(), sensors.end(), plant.models.leading_sensor);
  const size_t only =
      named == sensors.end() ? static_cast<size_t>(-1) : static_cast<size_t>(named - sensors.begin());
  const LeadingSensor leading = FindLeadingSensor(data.sensors.Take(rows), y, only);
  const auto ones = static_cast<double>(std::count(y.begin(), y.end(), uint8_t{1}));
  return MakeBaselines(targets.rule_known, data.sensors, leading,
                       y.empty() ? 0 : ones / static_cast<double>(y.size()));
}

std::vector<Baseline> Restrict(const std::vector<Baseline>& baselines, const std::vector<size_t>& rows) {
  std::vector<Baseline> out;
  for (const Baseline& b : baselines) out.push_back({b.name, At(b.score, rows), b.threshold});
  return out;
}

void PointMetrics(const std::vector<uint8_t>& y, const std::vector<double>& score, double threshold,
                  std::map<std::string, double>* out) {
  const Confusion confusion = Confuse(y, score, threshold);
  (*out)["f1_anomaly"] = confusion.F1();
  (*out)["precision_anomaly"] = confusion.Precision();
  (*out)["recall_anomaly"] = confusion.Recall();
  (*out)["roc_auc_anomaly"] = RocAuc(y, score);
  (*out)["average_precision"] = AveragePrecision(y, score);
  (*out)["optimal_threshold"] = BestF1OnGrid(y, score).threshold;
}

// Event metrics of the served threshold over the rows from `begin`.
void EventMetricsFrom(const TrainingData& data, const std::vector<double>& by_row, size_t begin,
                      double threshold, std::map<std::string, double>* out) {
  const std::span<const PlantTime> times = std::span(data.times).subspan(begin);
  const std::span<const double> score = std::span(by_row).subspan(begin);
  const std::vector<Event> events =
      FindEvents(times, std::span(data.label).subspan(begin), data.event_options);
  const EventMetrics metrics = JudgeWarnings(times, events, score, threshold, data.event_options);
  (*out)["events"] = static_cast<double>(metrics.events);
  (*out)["event_recall"] = metrics.Recall();
  (*out)["false_alarms_per_day"] = metrics.FalsePerDay();
  (*out)["median_lead_h"] = metrics.MedianLeadHours();
}

// The best F1 on the grid .1 … .9. Where calling every row an alarm does as well, the scores say nothing
// about a threshold and ½ is as good as any.
double ClassifierThreshold(const std::vector<uint8_t>& y, const std::vector<double>& score, TrainedRun* run) {
  const BestF1 best = BestF1OnGrid(y, score);
  const double always = Confuse(y, std::vector<double>(y.size(), 1.0), 0.5).F1();
  if (best.f1 > always) return best.threshold;
  run->model->info.notes.push_back(fmt::format(
      "threshold .5: no other one beats always-alarm (F1 {:.3f}) on walk-forward scores", always));
  return 0.5;
}

// The served threshold, from the walk-forward scores of the training part.
double ServedThreshold(const Plant& plant, const RunSpec& spec, const TrainingData& data,
                       const Targets& targets, TrainedRun* run) {
  std::vector<double> pooled(data.train_rows, kNull);
  for (const size_t r : targets.train) {
    if (r < data.train_rows) pooled[r] = run->walk_forward_scores[r];
  }
  std::vector<size_t> scored;
  for (size_t r = 0; r < pooled.size(); ++r) {
    if (!std::isnan(pooled[r])) scored.push_back(r);
  }
  const std::vector<uint8_t> y = At(targets.y, scored);
  if (std::count(y.begin(), y.end(), uint8_t{1}) == 0) {
    run->model->info.notes.push_back(
        "threshold .5: no walk-forward scores of the training part hold an event");
    return 0.5;
  }
  if (spec.learner != RunSpec::Learner::kForecaster) return ClassifierThreshold(y, At(pooled, scored), run);
  const std::span<const PlantTime> times = std::span(data.times).first(data.train_rows);
  const std::vector<Event> events =
      FindEvents(times, std::span(data.label).first(data.train_rows), data.event_options);
  const BudgetThreshold best =
      ThresholdForBudget(times, events, pooled, plant.models.false_alarms_per_day, data.event_options);
  run->metrics["train_event_recall"] = best.metrics.Recall();
  run->metrics["train_false_alarms_per_day"] = best.metrics.FalsePerDay();
  return std::min(best.threshold, 1.0);
}

void JudgeSkill(const TrainingData& data, const Targets& targets, const std::vector<Baseline>& baselines,
                const SkillOptions& options, bool forecaster, TrainedRun* run) {
  const std::vector<double>& score = run->walk_forward_scores;
  std::vector<uint8_t> has_target(data.rows, 0);
  for (const auto* part : {&targets.train, &targets.valid}) {
    for (const size_t r : *part) has_target[r] = targets.onset[r];
  }
  std::vector<uint8_t> judged(data.rows, 0);
  size_t first = data.rows;
  size_t last = 0;
  for (size_t r = 0; r < data.rows; ++r) {
    judged[r] = has_target[r] != 0 && !std::isnan(score[r]) ? 1 : 0;
    if (judged[r] == 0) continue;
    first = std::min(first, r);
    last = r + 1;
  }
  if (first >= last) return;
  size_t events = 0;
  for (const Event& e : data.events) {
    const size_t seen_at = forecaster && e.begin > 0 ? e.begin - 1 : e.begin;
    events += e.onset_seen && judged[seen_at] != 0 ? 1 : 0;
  }
  std::vector<Baseline> pooled;
  for (const Baseline& b : baselines) {
    pooled.push_back({b.name,
                      {b.score.begin() + static_cast<std::ptrdiff_t>(first),
                       b.score.begin() + static_cast<std::ptrdiff_t>(last)},
                      b.threshold});
  }
  run->skill = JudgeRanking(std::span(judged).subspan(first, last - first),
                            Labels(targets.y).subspan(first, last - first),
                            Scores(score).subspan(first, last - first), pooled, events, options);
}

}  // namespace

std::map<std::string, double> RankingFoldMetrics(const RunSpec& spec, const TrainingData& data,
                                                 const std::vector<double>& by_row,
                                                 const std::vector<size_t>& rows) {
  const Targets targets = MakeTargets(spec, data);
  const std::vector<uint8_t> y = At(targets.y, rows);
  const std::vector<double> score = At(by_row, rows);
  std::map<std::string, double> out = {{"average_precision", AveragePrecision(y, score)}};
  const auto ones = static_cast<size_t>(std::count(y.begin(), y.end(), uint8_t{1}));
  out["positives"] = static_cast<double>(ones);
  if (ones > 0 && ones < y.size()) out["roc_auc"] = RocAuc(y, score);
  if (spec.learner == RunSpec::Learner::kIsolation) return out;
  const Confusion confusion = Confuse(y, score, 0.5);
  out["f1"] = confusion.F1();
  out["precision"] = confusion.Precision();
  out["recall"] = confusion.Recall();
  return out;
}

Status JudgeRankingRun(const Plant& plant, const RunSpec& spec, const TrainingData& data,
                       const TrainOptions& options, const SkillOptions& skill, TrainedRun* run) {
  const bool isolation = spec.learner == RunSpec::Learner::kIsolation;
  const bool forecaster = spec.learner == RunSpec::Learner::kForecaster;
  const Targets targets = MakeTargets(spec, data);
  if (!isolation) run->model->info.threshold = ServedThreshold(plant, spec, data, targets, run);
  const double threshold = run->model->info.threshold;
  const std::vector<Baseline> baselines = TimelineBaselines(plant, data, targets);
  if (options.verdicts) JudgeSkill(data, targets, baselines, skill, forecaster, run);
  if (targets.valid.empty()) return {};

  std::vector<double> by_row(data.rows, kNull);
  FW_RETURN_IF_ERROR(ScoreTimeline(spec, data, run->model->body, targets.valid.front(), data.rows, &by_row));
  const std::vector<uint8_t> y = At(targets.y, targets.valid);
  const std::vector<double> score = At(by_row, targets.valid);
  PointMetrics(y, score, isolation ? threshold : 0.5, &run->metrics);
  if (!isolation) {
    run->metrics["brier_score"] = BrierScore(y, score);
    run->metrics["f1_at_threshold"] = Confuse(y, score, threshold).F1();
  }
  run->metrics.merge(BaselineMetrics(Restrict(baselines, targets.valid), y));
  if (!forecaster) return {};

  const std::vector<size_t> onset = Filter(targets.valid, targets.onset);
  if (!onset.empty()) {
    const std::vector<uint8_t> onset_y = At(targets.y, onset);
    const std::vector<double> onset_score = At(by_row, onset);
    run->metrics["onset_roc_auc"] = RocAuc(onset_y, onset_score);
    run->metrics["onset_average_precision"] = AveragePrecision(onset_y, onset_score);
    run->metrics["onset_ece"] = CalibrationError(onset_y, onset_score, kCalibrationBins);
  }
  EventMetricsFrom(data, by_row, targets.valid.front(), threshold, &run->metrics);
  return {};
}

}  // namespace forewarn
