#include "train/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/random.h"
#include "core/thread_pool.h"
#include "core/version.h"
#include "model/blend.h"
#include "train/fit_run.h"
#include "train/judge_run.h"
#include "train/pooled_warnings.h"
#include "train/run_spec.h"
#include "train/training_data.h"

namespace forewarn {
namespace {

using Learner = RunSpec::Learner;

// One fit: a run's final model (fold == 0) or that of a walk-forward fold (1 …).
struct Job {
  size_t run = 0;
  size_t fold = 0;
  FitRequest request;
  double cost = 0;  // relative; the dearest are started first
  FitOutcome outcome;
  Status status;
  double seconds = 0;
};

bool WantsFold(const RunSpec& spec, const TrainingData& data, const TimeFold& fold, bool verdicts) {
  if (spec.learner == Learner::kPca || !data.labelled) return false;
  if (verdicts) return true;
  const bool threshold_from_scores =
      spec.kind == ModelKind::kClassifier || spec.kind == ModelKind::kForecaster;
  return threshold_from_scores && fold.test_begin < data.train_rows;
}

size_t FinalEnd(const RunSpec& spec, const TrainingData& data) {
  return spec.learner == Learner::kRidge ? DeviationTrainRows(data.rows) : data.train_rows;
}

double Cost(const RunSpec& spec, const TrainingData& data, size_t end) {
  double unit = 1;
  if (spec.learner == Learner::kForecaster) unit = 15;
  if (spec.learner == Learner::kCalibrated) unit = spec.boost.forest ? 9 : 6;
  if (spec.learner == Learner::kBoosting || spec.learner == Learner::kIsolation) unit = 3;
  return unit * static_cast<double>(end) / static_cast<double>(data.rows);
}

std::vector<Job> PlanJobs(const std::vector<RunSpec>& specs, const TrainingData& data,
                          const TrainOptions& options) {
  const std::vector<TimeFold> folds = data.WalkForward();
  std::vector<Job> out;
  for (size_t i = 0; i < specs.size(); ++i) {
    const auto add = [&](size_t fold, size_t end) {
      Job job;
      job.run = i;
      job.fold = fold;
      job.request = {end, fold == 0, DeriveSeed(options.seed, specs[i].name, fold)};
      job.cost = Cost(specs[i], data, end);
      out.push_back(std::move(job));
    };
    add(0, FinalEnd(specs[i], data));
    for (size_t k = 0; k < folds.size(); ++k) {
      if (WantsFold(specs[i], data, folds[k], options.verdicts)) add(k + 1, folds[k].train_end);
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Job& a, const Job& b) { return a.cost > b.cost; });
  return out;
}

double Now(const TrainOptions& options) { return options.clock ? options.clock() : 0; }

void RunJobs(const std::vector<RunSpec>& specs, const TrainingData& data, const TrainOptions& options,
             std::vector<Job>* jobs) {
  std::atomic<size_t> done{0};
  ParallelFor(jobs->size(), options.threads, [&](size_t i) {
    Job& job = (*jobs)[i];
    const double start = Now(options);
    Result<FitOutcome> outcome = FitRun(specs[job.run], data, job.request);
    job.seconds = Now(options) - start;
    if (outcome.ok()) {
      job.outcome = std::move(*outcome);
    } else {
      job.status = outcome.status();
    }
    Report(options.progress, "train: fitting", done.fetch_add(1) + 1, jobs->size());
  });
}

// Puts a finished job's model or scores where they belong.
Status Collect(const RunSpec& spec, const TrainingData& data, Job& job, TrainedRun* run) {
  if (!job.status.ok()) return job.status.WithPrefix(spec.name);
  run->seconds += job.seconds;
  if (job.fold == 0) {
    run->not_fitted = job.outcome.not_fitted;
    if (!job.outcome.body) return {};
    Model model;
    model.body = std::move(*job.outcome.body);
    model.info.gains = std::move(job.outcome.gains);
    model.info.notes = std::move(job.outcome.notes);
    run->model = std::move(model);
    return {};
  }
  const TimeFold fold = data.WalkForward()[job.fold - 1];
  if (job.outcome.body) {
    FW_RETURN_IF_ERROR(ScoreTimeline(spec, data, *job.outcome.body, fold.test_begin, fold.test_end,
                                     &run->walk_forward_scores));
  }
  return {};
}

// What a version knows about itself: names, medians, origin. Metrics and threshold come with the judgement.
void DescribeModel(const Plant& plant, const FeatureDataset& dataset, const RunSpec& spec,
                   const TrainingData& data, ModelInfo* info) {
  info->run = spec.name;
  info->kind = spec.kind;
  info->plant = dataset.plant;
  info->params = RunParams(spec);
  info->data_digest = dataset.digest;
  info->code_version = kVersion;
  if (spec.learner == Learner::kForecaster) {
    const WindowSamples& windows = data.windows[spec.horizon];
    info->features = windows.names;
    info->medians = ColumnMedians(windows.samples.x.Slice(0, windows.train_windows));
    info->horizon = windows.steps;
    info->horizon_name = windows.name;
    info->sensors = plant.Sensors();
    info->window = plant.features.window;
  } else if (spec.learner == Learner::kPca) {
    info->features = plant.Sensors();
    info->medians = ColumnMedians(data.sensors.Slice(0, data.train_rows));
  } else {
    info->features = plant.features.point;
    info->medians = ColumnMedians(data.point.Slice(0, data.train_rows));
  }
}

void FinishModel(TrainedRun* run) {
  std::erase_if(run->metrics, [](const auto& metric) { return !std::isfinite(metric.second); });
  ModelInfo& info = run->model->info;
  run->metrics["threshold"] = info.threshold;
  info.metrics.assign(run->metrics.begin(), run->metrics.end());
  info.skill = run->skill.text;
}

}  // namespace

Result<TrainResult> Train(const Plant& plant, const FeatureDataset& dataset, const TrainOptions& options) {
  FW_ASSIGN_OR_RETURN(const std::vector<RunSpec> specs, SelectRuns(plant, options.only));
  FW_ASSIGN_OR_RETURN(const TrainingData data, MakeTrainingData(plant, dataset));
  std::vector<Job> jobs = PlanJobs(specs, data, options);
  RunJobs(specs, data, options, &jobs);
  std::stable_sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) {
    return a.run != b.run ? a.run < b.run : a.fold < b.fold;
  });

  TrainResult out;
  out.runs.resize(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    out.runs[i].name = specs[i].name;
    out.runs[i].registered = specs[i].registered;
    out.runs[i].walk_forward_scores.assign(data.rows, kNull);
  }
  std::vector<Status> status(specs.size());
  ParallelFor(specs.size(), options.threads, [&](size_t i) {
    TrainedRun& run = out.runs[i];
    const double start = Now(options);
    for (Job& job : jobs) {
      if (job.run != i || !status[i].ok()) continue;
      status[i] = Collect(specs[i], data, job, &run);
      if (job.fold == 0 || !status[i].ok()) continue;
      run.walk_forward.push_back(
          JudgeFold(specs[i], data, run.walk_forward_scores, data.WalkForward()[job.fold - 1]));
      run.walk_forward.back().not_fitted = job.outcome.not_fitted;
    }
    if (!status[i].ok() || !run.model) return;
    DescribeModel(plant, dataset, specs[i], data, &run.model->info);
    status[i] = JudgeRun(plant, specs[i], data, options, &run);
    FinishModel(&run);
    run.seconds += Now(options) - start;
  });
  for (const Status& s : status) FW_RETURN_IF_ERROR(s);
  ChooseWarningThreshold(plant, specs, data, &out.runs);
  return out;
}

std::vector<double> SmoothedBlend(const std::vector<double>& lr, const std::vector<double>& rf) {
  std::vector<double> out;
  out.reserve(lr.size());
  for (size_t i = 0; i < lr.size() && i < rf.size(); ++i) {
    const double blend = Blend(lr[i], rf[i]);
    out.push_back(i == 0 ? blend : SmoothBlend(out.back(), blend));
  }
  return out;
}

}  // namespace forewarn
