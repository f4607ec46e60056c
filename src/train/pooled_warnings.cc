#include "train/pooled_warnings.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "train/event_metrics.h"

namespace forewarn {

std::vector<double> PooledScores(const std::vector<std::vector<double>>& by_horizon) {
  std::vector<double> out(by_horizon.front().size(), 0);
  for (const std::vector<double>& scores : by_horizon) {
    for (size_t r = 0; r < out.size(); ++r) {
      out[r] += scores[r] / static_cast<double>(by_horizon.size());
    }
  }
  return out;
}

void ChooseWarningThreshold(const Plant& plant, const std::vector<RunSpec>& specs, const TrainingData& data,
                            std::vector<TrainedRun>* runs) {
  std::vector<TrainedRun*> forecasters;
  std::vector<std::vector<double>> scores;
  for (size_t i = 0; i < specs.size(); ++i) {
    TrainedRun& run = (*runs)[i];
    if (specs[i].learner != RunSpec::Learner::kForecaster || !run.model) continue;
    forecasters.push_back(&run);
    scores.push_back(run.walk_forward_scores);
  }
  if (forecasters.empty()) return;
  const std::vector<double> pooled = PooledScores(scores);
  // events before the first score cannot be found: they say nothing about a threshold
  size_t first = 0;
  while (first < data.train_rows && std::isnan(pooled[first])) ++first;
  const size_t rows = data.train_rows - first;
  const std::span<const PlantTime> times = std::span(data.times).subspan(first, rows);
  const std::vector<Event> events =
      FindEvents(times, std::span(data.label).subspan(first, rows), data.event_options);
  if (std::none_of(events.begin(), events.end(), [](const Event& e) { return e.onset_seen; })) return;
  const BudgetThreshold best = ThresholdForBudget(times, events, std::span(pooled).subspan(first, rows),
                                                  plant.models.false_warnings_per_day, data.event_options);
  for (TrainedRun* run : forecasters) {
    run->metrics[kWarningThreshold] = std::min(best.threshold, 1.0);
    run->metrics["train_warning_recall"] = best.metrics.Recall();
    run->metrics["train_false_warnings_per_day"] = best.metrics.FalsePerDay();
  }
}

}  // namespace forewarn
