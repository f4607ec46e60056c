#include "train/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/random.h"
#include "train/baselines.h"
#include "train/verdict.h"

namespace forewarn {
namespace {

struct Case {
  std::vector<uint8_t> y;
  std::vector<double> score;
};

// Scores with many ties.
Case RandomCase(Random& random) {
  Case out;
  const size_t n = 2 + random.Below(30);
  for (size_t i = 0; i < n; ++i) {
    out.y.push_back(random.Uniform() < 0.4 ? 1 : 0);
    out.score.push_back(static_cast<double>(random.Below(10)) / 10);
  }
  out.y[0] = 1;
  out.y[1] = 0;
  return out;
}

// Average precision by its definition: for every distinct score, precision × gain in recall.
double PlainAveragePrecision(const Case& c) {
  const std::set<double, std::greater<>> cuts(c.score.begin(), c.score.end());
  double sum = 0;
  double last_recall = 0;
  for (const double cut : cuts) {
    const Confusion confusion = Confuse(c.y, c.score, cut);
    sum += (confusion.Recall() - last_recall) * confusion.Precision();
    last_recall = confusion.Recall();
  }
  return sum;
}

TEST(Metrics, RankingMetricsEqualTheirDefinitions) {
  Random random(1);
  for (int round = 0; round < 2000; ++round) {
    const Case c = RandomCase(random);
    double wins = 0;
    double pairs = 0;
    for (size_t i = 0; i < c.y.size(); ++i) {
      for (size_t j = 0; j < c.y.size(); ++j) {
        if (c.y[i] != 1 || c.y[j] != 0) continue;
        pairs += 1;
        wins += c.score[i] > c.score[j] ? 1 : c.score[i] == c.score[j] ? 0.5 : 0;
      }
    }
    ASSERT_NEAR(RocAuc(c.y, c.score), wins / pairs, 1e-12);
    ASSERT_NEAR(AveragePrecision(c.y, c.score), PlainAveragePrecision(c), 1e-12);
  }
}

TEST(Metrics, ThresholdMetricsOfAKnownTable) {
  const std::vector<uint8_t> y = {1, 1, 1, 0, 0, 0, 0, 0};
  const std::vector<double> p = {.9, .6, .2, .5, .4, .1, .1, .1};
  const Confusion c = Confuse(y, p, .5);  // a score at the threshold is an alarm
  EXPECT_EQ(c.true_positive, 2u);
  EXPECT_EQ(c.false_positive, 1u);
  EXPECT_NEAR(c.Precision(), 2.0 / 3, 1e-15);
  EXPECT_NEAR(c.Recall(), 2.0 / 3, 1e-15);
  EXPECT_NEAR(c.F1(), 2.0 / 3, 1e-15);
  EXPECT_NEAR(c.Accuracy(), 6.0 / 8, 1e-15);
  EXPECT_NEAR(BrierScore(y, p), (.01 + .16 + .64 + .25 + .16 + .03) / 8, 1e-12);
  EXPECT_NEAR(
      LogLoss(y, p),
      -(std::log(.9) + std::log(.6) + std::log(.2) + std::log(.5) + std::log(.6) + 3 * std::log(.9)) / 8,
      1e-12);
  EXPECT_TRUE(std::isfinite(LogLoss(y, std::vector<double>(8, 1.0))));
}

TEST(Metrics, NothingToFindIsNoDivisionByZero) {
  const std::vector<uint8_t> y = {0, 0};
  const std::vector<double> p = {.1, .2};
  EXPECT_EQ(Confuse(y, p, .5).F1(), 0);
  EXPECT_EQ(AveragePrecision(y, p), 0);
  EXPECT_TRUE(std::isnan(RocAuc(y, p)));
  EXPECT_EQ(BestF1Cut(y, p).threshold, 0.5);
}

TEST(Metrics, CalibrationErrorOfBins) {
  const std::vector<uint8_t> y = {0, 1, 1, 1};
  const std::vector<double> p = {.05, .05, .95, 1.0};
  EXPECT_NEAR(CalibrationError(y, p, 10), (.45 * 2 + .025 * 2) / 4, 1e-12);
  EXPECT_EQ(Reliability(y, p, 10).size(), 2u);
}

TEST(Metrics, BestCutIsTheBestOfAllCuts) {
  Random random(2);
  for (int round = 0; round < 1000; ++round) {
    const Case c = RandomCase(random);
    const BestF1 best = BestF1Cut(c.y, c.score);
    double most = 0;
    for (const double cut : c.score) most = std::max(most, Confuse(c.y, c.score, cut).F1());
    ASSERT_NEAR(best.f1, most, 1e-12);
    ASSERT_NEAR(Confuse(c.y, c.score, best.threshold).F1(), most, 1e-12);
    const BestF1 grid = BestF1OnGrid(c.y, c.score);
    ASSERT_NEAR(Confuse(c.y, c.score, grid.threshold).F1(), grid.f1, 1e-12);
    ASSERT_LE(grid.f1, most + 1e-12);
  }
}

TEST(Metrics, MacroF1CountsTheClassesThatOccur) {
  const std::vector<int> y = {0, 0, 2, 2};
  EXPECT_NEAR(MacroF1(y, {0, 0, 2, 0}, 3), (0.8 + 2.0 / 3) / 2, 1e-12);  // class 1 does not occur
  EXPECT_NEAR(MacroF1(y, {0, 1, 2, 2}, 3), (2.0 / 3 + 0 + 1) / 3, 1e-12);
  EXPECT_EQ(Accuracy(y, {0, 1, 2, 2}), .75);
}

TEST(Metrics, RegressionMetrics) {
  const std::vector<double> y = {1, 2, 3};
  EXPECT_NEAR(MeanAbsoluteError(y, std::vector<double>{1, 3, 5}), 1, 1e-15);
  EXPECT_NEAR(R2(y, std::vector<double>{1, 2, 4}), 0.5, 1e-15);
  EXPECT_EQ(R2(std::vector<double>{2, 2}, std::vector<double>{2, 2}), 1);
}

TEST(Baselines, LeadingSensorIsFoundWithItsSign) {
  Random random(3);
  Matrix sensors(200, 3);
  std::vector<uint8_t> y;
  for (size_t r = 0; r < 200; ++r) {
    for (size_t c = 0; c < 3; ++c) sensors.at(r, c) = random.Normal();
    y.push_back(sensors.at(r, 1) < -0.5 ? 1 : 0);  // low means alarm
  }
  const LeadingSensor leading = FindLeadingSensor(sensors, y);
  EXPECT_EQ(leading.column, 1u);
  EXPECT_EQ(leading.sign, -1);
  EXPECT_EQ(FindLeadingSensor(sensors, y, 2).column, 2u);
  const std::vector<Baseline> all = MakeBaselines(y, sensors, leading, 0.3);
  const std::map<std::string, double> metrics = BaselineMetrics(all, y);
  EXPECT_NEAR(metrics.at("baseline_level_f1"), 1, 1e-12);
  EXPECT_NEAR(metrics.at("baseline_persistence_f1"), 1, 1e-12);  // here the rule state is the label itself
  const double share = static_cast<double>(std::count(y.begin(), y.end(), 1)) / 200;
  EXPECT_NEAR(metrics.at("baseline_always_f1"), 2 * share / (1 + share), 1e-12);
  EXPECT_NEAR(metrics.at("baseline_prevalence_average_precision"), share, 1e-12);
}

struct Line {
  std::vector<uint8_t> judged, y;
  std::vector<double> good, bad;
  Baseline trivial;
};

// A timeline of 60 days with an alarm of some hours every other day; `good` knows, `bad` says the opposite.
Line MakeLine() {
  Random random(4);
  Line out;
  for (size_t r = 0; r < 1440; ++r) {
    const bool alarm = r % 48 < 6;
    out.y.push_back(alarm ? 1 : 0);
    out.judged.push_back(r % 5 != 0 ? 1 : 0);
    out.good.push_back((alarm ? 1 : 0) + random.Normal());
    out.bad.push_back((alarm ? -1 : 0) + random.Normal());
    out.trivial.score.push_back(random.Normal());
  }
  out.trivial.name = "level";
  return out;
}

TEST(Verdict, KnowsSkillFromItsOppositeAndFromTooFewEvents) {
  const Line line = MakeLine();
  const SkillOptions options;
  EXPECT_EQ(JudgeRanking(line.judged, line.y, line.good, {line.trivial}, 30, options).text, kSkill);
  EXPECT_EQ(JudgeRanking(line.judged, line.y, line.good, {line.trivial}, 7, options).text, kNoSkillShown);
  EXPECT_EQ(JudgeRanking(line.judged, line.y, line.bad, {line.trivial}, 30, options).text, kWorseThanTrivial);
  EXPECT_EQ(JudgeRanking(line.judged, line.y, line.trivial.score, {line.trivial}, 30, options).text,
            kNoSkillShown);
  const std::vector<uint8_t> none(line.y.size(), 0);
  EXPECT_EQ(JudgeRanking(none, line.y, line.good, {line.trivial}, 30, options).text, kNotJudged);
}

TEST(Verdict, ComparesWithTheBestBaseline) {
  const Line line = MakeLine();
  Baseline oracle{"oracle", {line.y.begin(), line.y.end()}, .5};
  const SkillVerdict verdict = JudgeRanking(line.judged, line.y, line.good, {line.trivial, oracle}, 30, {});
  EXPECT_EQ(verdict.baseline, "oracle");
  EXPECT_EQ(verdict.best, 1);
  EXPECT_EQ(verdict.text, kWorseThanTrivial);
}

// The plain twin: resampled rows written out, average precision of each copy from scratch.
TEST(Verdict, FastResamplesEqualThePlainTwin) {
  const Line line = MakeLine();
  SkillOptions options;
  options.resamples = 60;
  options.block = 24;
  const SkillVerdict fast = JudgeRanking(line.judged, line.y, line.good, {line.trivial}, 30, options);
  Random random(options.seed);
  std::vector<double> differences;
  for (int i = 0; i < options.resamples; ++i) {
    std::vector<uint8_t> y;
    std::vector<double> model;
    std::vector<double> trivial;
    for (size_t b = 0; b < 60; ++b) {
      const size_t begin = random.Below(1440 - 24 + 1);
      for (size_t r = begin; r < begin + 24; ++r) {
        if (line.judged[r] == 0) continue;
        y.push_back(line.y[r]);
        model.push_back(line.good[r]);
        trivial.push_back(line.trivial.score[r]);
      }
    }
    differences.push_back(AveragePrecision(y, model) - AveragePrecision(y, trivial));
  }
  std::sort(differences.begin(), differences.end());
  EXPECT_NEAR(fast.low, differences[2] + .95 * (differences[3] - differences[2]), 1e-12);
  EXPECT_NEAR(fast.high, differences[56] + .05 * (differences[57] - differences[56]), 1e-12);
}

TEST(Verdict, ErrorsAndClasses) {
  const Line line = MakeLine();
  std::vector<double> small;
  std::vector<double> large;
  std::vector<int> classes;
  Random random(5);
  for (const uint8_t y : line.y) {
    small.push_back(random.Uniform());
    large.push_back(random.Uniform() + 0.3);
    classes.push_back(y == 1 ? 2 : 0);
  }
  EXPECT_EQ(JudgeErrors(line.judged, small, large, "persistence", 30, {}).text, kSkill);
  EXPECT_EQ(JudgeErrors(line.judged, large, small, "persistence", 30, {}).text, kWorseThanTrivial);
  EXPECT_EQ(JudgeClasses(line.judged, classes, classes, 0, 3, 30, {}).text, kSkill);
  EXPECT_EQ(JudgeClasses(line.judged, classes, std::vector<int>(classes.size(), 1), 0, 3, 30, {}).text,
            kWorseThanTrivial);
}

}  // namespace
}  // namespace forewarn
