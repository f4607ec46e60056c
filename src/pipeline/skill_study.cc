#include "pipeline/skill_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <optional>

#include "features/dataset.h"
#include "label/label.h"
#include "pipeline/simulate_step.h"
#include "train/baselines.h"
#include "train/judge_run.h"
#include "train/metrics.h"
#include "train/pooled_warnings.h"
#include "train/run_spec.h"
#include "train/trainer.h"
#include "train/training_data.h"

namespace forewarn {
namespace {

constexpr size_t kMeanRows = 3;
constexpr size_t kSpreadRows = 12;
constexpr int kCalibrationBins = 10;

// A stretch of the timeline with its own events.
struct Part {
  std::span<const PlantTime> times;
  std::vector<Event> events;
  size_t begin = 0;
  Part(const TrainingData& data, size_t from, size_t to)
      : times(std::span(data.times).subspan(from, to - from)),
        events(FindEvents(times, std::span(data.rule).subspan(from, to - from), data.event_options)),
        begin(from) {}
  std::span<const double> Of(const std::vector<double>& by_row) const {
    return std::span(by_row).subspan(begin, times.size());
  }
};

// chosen_on: scores by row that the threshold is chosen on (the training part's); judged: those of the rest.
StudyEntry Judge(const TrainingData& data, const std::string& name, const std::vector<double>& chosen_on,
                 const std::vector<double>& judged, double budget) {
  const Part train(data, 0, data.train_rows);
  const Part rest(data, data.train_rows, data.rows);
  // events before the first score cannot be found: they say nothing about a threshold
  size_t first = 0;
  while (first < data.train_rows && std::isnan(chosen_on[first])) ++first;
  const Part scored(data, first, data.train_rows);
  const BudgetThreshold cut =
      ThresholdForBudget(scored.times, scored.events, scored.Of(chosen_on), budget, data.event_options);
  StudyEntry out;
  out.name = name;
  out.training_recall = cut.metrics.Recall();
  out.judged = JudgeWarnings(rest.times, rest.events, rest.Of(judged), cut.threshold, data.event_options);
  return out;
}

struct Scale {
  double middle = 0;
  double spread = 1;
};

Scale ScaleOf(const Matrix& sensors, size_t column, size_t rows) {
  std::vector<double> cells;
  for (size_t r = 0; r < rows; ++r) cells.push_back(sensors.at(r, column));
  Scale out;
  double mean = 0;
  for (const double cell : cells) mean += cell / static_cast<double>(rows);
  double square = 0;
  for (const double cell : cells) square += (cell - mean) * (cell - mean) / static_cast<double>(rows);
  out.spread = std::max(std::sqrt(square), 1e-9);
  std::nth_element(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(rows / 2), cells.end());
  out.middle = cells[rows / 2];
  return out;
}

// A statistic of the last `rows` cells of a column by row, null where there are fewer.
std::vector<double> Moving(const Matrix& sensors, size_t column, size_t rows,
                           const std::function<double(const double*, size_t)>& statistic) {
  std::vector<double> out(sensors.rows, kNull);
  std::vector<double> cells(rows);
  for (size_t r = rows - 1; r < sensors.rows; ++r) {
    for (size_t k = 0; k < rows; ++k) cells[k] = sensors.at(r + 1 - rows + k, column);
    out[r] = statistic(cells.data(), rows);
  }
  return out;
}

// How far above (sign 1) or below (-1) its usual value a statistic is, in spreads of the sensor.
std::vector<double> Standardised(std::vector<double> values, const Scale& scale, double sign) {
  for (double& value : values) value = sign * (value - scale.middle) / scale.spread;
  return values;
}

std::vector<StudyEntry> JudgeRules(const Plant& plant, const TrainingData& data, double budget) {
  std::vector<StudyEntry> out;
  const std::vector<std::string> names = plant.Sensors();
  for (size_t c = 0; c < names.size(); ++c) {
    const Scale scale = ScaleOf(data.sensors, c, data.train_rows);
    const auto spread = Moving(data.sensors, c, kSpreadRows, WindowSampleStd);
    out.push_back(Judge(data, names[c] + " 12 h spread", spread, spread, budget));
    for (const size_t rows : {size_t{1}, kMeanRows}) {
      const auto mean = Moving(data.sensors, c, rows, WindowMean);
      for (const double sign : {1.0, -1.0}) {
        const auto score = Standardised(mean, scale, sign);
        const std::string name =
            fmt::format("{} {} {}", names[c], rows == 1 ? "latest" : "3 h mean", sign > 0 ? "high" : "low");
        out.push_back(Judge(data, name, score, score, budget));
      }
    }
  }
  return out;
}

StudyEntry JudgeLevel(const Plant& plant, const TrainingData& data, double budget) {
  const Labels label(data.label.data(), data.train_rows);
  const LeadingSensor leading = FindLeadingSensor(data.sensors.Slice(0, data.train_rows), label);
  const auto level = Moving(data.sensors, leading.column, 1, WindowMean);
  const auto score =
      Standardised(level, ScaleOf(data.sensors, leading.column, data.train_rows), leading.sign);
  return Judge(data, plant.Sensors()[leading.column] + " level", score, score, budget);
}

double OnsetCalibration(const TrainingData& data, const WindowSamples& windows,
                        const std::vector<double>& score) {
  std::vector<uint8_t> y;
  std::vector<double> p;
  for (size_t w = 0; w < windows.now.size(); ++w) {
    const size_t row = windows.now[w];
    if (row < data.train_rows || data.rule[row] != 0 || std::isnan(score[row])) continue;
    y.push_back(windows.samples.y[w]);
    p.push_back(score[row]);
  }
  return CalibrationError(y, p, kCalibrationBins);
}

Result<TrainingData> MakeData(const Plant& plant, const SkillStudyOptions& options, FeatureDataset* dataset) {
  SimulateOptions simulate;
  simulate.hours = 24 * static_cast<int64_t>(options.train_days + options.judge_days);
  simulate.seed = options.seed;
  simulate.threads = options.threads;
  FW_ASSIGN_OR_RETURN(const Frame table, SimulateTable(plant, simulate));
  FW_ASSIGN_OR_RETURN(const LabelResult labelled, LabelTable(plant, table));
  DatasetOptions build;
  build.train_share = static_cast<double>(options.train_days) / (options.train_days + options.judge_days);
  build.seed = options.seed;
  FW_ASSIGN_OR_RETURN(*dataset, BuildDataset(plant, labelled.table, build, nullptr));
  return MakeTrainingData(plant, *dataset);
}

Result<std::vector<RunSpec>> Forecasters(const Plant& plant) {
  std::vector<RunSpec> out = AllRuns(plant);
  std::erase_if(out, [](const RunSpec& spec) { return spec.learner != RunSpec::Learner::kForecaster; });
  if (out.empty()) return Status::Invalid("the plant has no forecasters to study");
  return out;
}

}  // namespace

Result<SkillStudy> RunSkillStudy(const Plant& plant, const SkillStudyOptions& options) {
  FeatureDataset dataset;
  FW_ASSIGN_OR_RETURN(const TrainingData data, MakeData(plant, options, &dataset));
  FW_ASSIGN_OR_RETURN(const std::vector<RunSpec> specs, Forecasters(plant));
  TrainOptions train;
  for (const RunSpec& spec : specs) train.only.push_back(spec.name);
  train.seed = options.seed;
  train.threads = options.threads;
  train.verdicts = false;
  FW_ASSIGN_OR_RETURN(const TrainResult trained, Train(plant, dataset, train));

  SkillStudy out;
  out.seed = options.seed;
  std::vector<std::vector<double>> walk_forward;
  std::vector<std::vector<double>> unseen;
  for (size_t i = 0; i < trained.runs.size(); ++i) {
    const TrainedRun& run = trained.runs[i];
    if (!run.model) return Status::Invalid(fmt::format("{}: {}", run.name, run.not_fitted));
    std::vector<double> score(data.rows, kNull);
    FW_RETURN_IF_ERROR(ScoreTimeline(specs[i], data, run.model->body, data.train_rows, data.rows, &score));
    out.calibration.push_back(OnsetCalibration(data, data.windows[specs[i].horizon], score));
    out.horizons.push_back(Judge(data, run.name, run.walk_forward_scores, score, options.budget));
    walk_forward.push_back(run.walk_forward_scores);
    unseen.push_back(std::move(score));
  }
  out.pooled =
      Judge(data, "forecasters, pooled", PooledScores(walk_forward), PooledScores(unseen), options.budget);
  out.level = JudgeLevel(plant, data, options.budget);
  out.rules = JudgeRules(plant, data, options.budget);
  for (size_t r = 0; r < out.rules.size(); ++r) {
    if (out.rules[r].training_recall > out.rules[out.best_rule].training_recall) out.best_rule = r;
  }
  return out;
}

namespace {

struct Means {
  double recall = 0;
  double false_alarms = 0;
  std::vector<PlantTime> leads;
  size_t n = 0;
  void Add(const EventMetrics& m) {
    recall += m.Recall();
    false_alarms += m.FalsePerDay();
    leads.insert(leads.end(), m.leads.begin(), m.leads.end());
    ++n;
  }
  double Recall() const { return recall / static_cast<double>(n); }
  std::string Text(const std::string& name) const {
    EventMetrics all;
    all.leads = leads;
    return fmt::format("  {:<34} recall {:.3f}  false alarms a day {:.3f}  median lead {:.1f} h\n", name,
                       Recall(), false_alarms / static_cast<double>(n), all.MedianLeadHours());
  }
};

std::string SeedLine(const SkillStudy& s) {
  const EventMetrics& m = s.pooled.judged;
  const StudyEntry& rule = s.rules[s.best_rule];
  std::string calibration;
  for (const double ece : s.calibration) calibration += fmt::format(" {:.3f}", ece);
  return fmt::format("{:>6} {:>6}  {:.2f} {:.2f} {:>4.1f}   {:.2f} {:.2f}   {:.2f} {:.2f} {:<26} {}\n",
                     s.seed, m.events, m.Recall(), m.FalsePerDay(), m.MedianLeadHours(),
                     s.level.judged.Recall(), s.level.judged.FalsePerDay(), rule.judged.Recall(),
                     rule.judged.FalsePerDay(), rule.name, calibration);
}

}  // namespace

std::string SkillStudyText(const std::vector<SkillStudy>& studies) {
  if (studies.empty()) return "";
  std::string out =
      "  seed events  pooled: recall, false a day, lead h   level: recall, false   best rule of the training "
      "part   ECE by horizon\n";
  Means pooled, level, chosen;
  std::vector<Means> horizons(studies[0].horizons.size());
  std::vector<Means> rules(studies[0].rules.size());
  std::vector<double> calibration(studies[0].calibration.size(), 0);
  for (const SkillStudy& s : studies) {
    out += SeedLine(s);
    pooled.Add(s.pooled.judged);
    level.Add(s.level.judged);
    chosen.Add(s.rules[s.best_rule].judged);
    for (size_t i = 0; i < horizons.size(); ++i) horizons[i].Add(s.horizons[i].judged);
    for (size_t i = 0; i < rules.size(); ++i) rules[i].Add(s.rules[i].judged);
    for (size_t i = 0; i < calibration.size(); ++i) {
      calibration[i] += s.calibration[i] / static_cast<double>(studies.size());
    }
  }
  out += fmt::format("means over {} seeds\n", studies.size());
  out += pooled.Text("forecasters, pooled");
  for (size_t i = 0; i < horizons.size(); ++i) out += horizons[i].Text(studies[0].horizons[i].name);
  out += level.Text("level of the leading sensor");
  out += chosen.Text("best rule of the training part");
  const auto best = std::max_element(rules.begin(), rules.end(),
                                     [](const Means& a, const Means& b) { return a.recall < b.recall; });
  out += best->Text("best rule in hindsight: " +
                    studies[0].rules[static_cast<size_t>(best - rules.begin())].name);
  out += "  calibration error (ECE) by horizon:";
  for (const double ece : calibration) out += fmt::format(" {:.3f}", ece);
  return out + "\n";
}

}  // namespace forewarn
