#include "train/pooled_warnings.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "train/event_metrics.h"

namespace forewarn {
namespace {

// Two forecasters over 60 days with an event every five days; their scores rise before most events, and by
// chance.
struct Pooled {
  explicit Pooled(uint64_t seed) {
    Random random(seed);
    data.train_rows = data.rows = 60 * 24;
    for (size_t r = 0; r < data.rows; ++r) {
      data.times.push_back(static_cast<PlantTime>(r) * kHour);
      data.label.push_back(r % 120 >= 115 ? 1 : 0);
    }
    specs.resize(3);
    runs.resize(3);
    for (size_t i = 0; i < 2; ++i) specs[i].learner = RunSpec::Learner::kForecaster;
    for (TrainedRun& run : runs) {
      run.model.emplace();
      run.walk_forward_scores.assign(data.rows, kNull);
      for (size_t r = 200; r < data.rows; ++r) {
        const double near = r % 120 >= 108 ? 0.5 : 0;
        run.walk_forward_scores[r] = std::min(1.0, near + 0.6 * random.Uniform());
      }
    }
  }

  EventMetrics At(double threshold) const {
    const size_t first = 200;
    const auto times = std::span(data.times).subspan(first);
    const auto events = FindEvents(times, std::span(data.label).subspan(first), data.event_options);
    const std::vector<double> pooled =
        PooledScores({runs[0].walk_forward_scores, runs[1].walk_forward_scores});
    return JudgeWarnings(times, events, std::span(pooled).subspan(first), threshold, data.event_options);
  }

  Plant plant;
  TrainingData data;
  std::vector<RunSpec> specs;
  std::vector<TrainedRun> runs;
};

TEST(WarningThreshold, MeetsTheBudgetOnThePooledScores) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Pooled p(seed);
    p.plant.models.false_warnings_per_day = 0.2;
    ChooseWarningThreshold(p.plant, p.specs, p.data, &p.runs);
    const double threshold = p.runs[0].metrics.at(kWarningThreshold);
    EXPECT_EQ(threshold, p.runs[1].metrics.at(kWarningThreshold));
    EXPECT_FALSE(p.runs[2].metrics.contains(kWarningThreshold)) << "it is no forecaster";
    const EventMetrics at = p.At(threshold);
    EXPECT_LE(at.FalsePerDay(), 0.2);
    EXPECT_EQ(at.Recall(), p.runs[0].metrics.at("train_warning_recall"));
    // no other cut within the budget finds more
    for (double other = 0.02; other < 1; other += 0.02) {
      const EventMetrics o = p.At(other);
      if (o.FalsePerDay() > 0.2) continue;
      EXPECT_LE(o.found, at.found + 1) << other;
    }
  }
}

TEST(WarningThreshold, ALargerBudgetNeverFindsLess) {
  Pooled p(7);
  double before = -1;
  for (const double budget : {0.0, 0.05, 0.2, 1.0}) {
    p.plant.models.false_warnings_per_day = budget;
    ChooseWarningThreshold(p.plant, p.specs, p.data, &p.runs);
    EXPECT_GE(p.runs[0].metrics.at("train_warning_recall"), before);
    before = p.runs[0].metrics.at("train_warning_recall");
  }
  EXPECT_GT(before, 0.5);
}

TEST(WarningThreshold, IsNotGuessedWithoutEvents) {
  Pooled p(3);
  std::fill(p.data.label.begin(), p.data.label.end(), uint8_t{0});
  ChooseWarningThreshold(p.plant, p.specs, p.data, &p.runs);
  EXPECT_TRUE(p.runs[0].metrics.empty());
}

TEST(PooledScores, AreNullWhereOneIs) {
  const std::vector<double> pooled = PooledScores({{0.2, kNull, 1}, {0.4, 0.5, 0}});
  EXPECT_DOUBLE_EQ(pooled[0], 0.3);
  EXPECT_TRUE(std::isnan(pooled[1]));
  EXPECT_DOUBLE_EQ(pooled[2], 0.5);
}

}  // namespace
}  // namespace forewarn
