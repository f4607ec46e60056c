// Metrics of point predictions, equal to scikit-learn's (tests/parity). Scores are higher for the class 1;
// labels are 0/1, one a score, never empty. Pure; safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace forewarn {

using Labels = std::span<const uint8_t>;
using Scores = std::span<const double>;

struct Confusion {
  size_t true_positive = 0, false_positive = 0, true_negative = 0, false_negative = 0;
  double Precision() const;  // 0 where nothing was predicted
  double Recall() const;     // 0 where there is nothing to find
  double F1() const;
  double Accuracy() const;
};

// A row is predicted 1 where its score is >= threshold.
Confusion Confuse(Labels y, Scores score, double threshold);
double RocAuc(Labels y, Scores score);            // ties count half; NaN unless both classes are there
double AveragePrecision(Labels y, Scores score);  // Σ (R_n − R_{n−1}) P_n; 0 without positives
double BrierScore(Labels y, Scores probability);
double LogLoss(Labels y, Scores probability);  // clipped at 2^-52
// Expected calibration error: |mean probability − share of ones|, weighted by rows, over equal-width bins of
// [0, 1].
double CalibrationError(Labels y, Scores probability, int bins);

struct BestF1 {
  double threshold = 0.5;
  double f1 = 0;
};
// The best F1 over 50 thresholds .1 … .9; ties: the lowest.
BestF1 BestF1OnGrid(Labels y, Scores score);
// The best F1 over every cut between two neighbouring scores; the threshold stands midway. {.5, 0} without
// positives.
BestF1 BestF1Cut(Labels y, Scores score);

// Classes 0 … k−1; macro F1 is the mean over the classes that occur in either, as scikit-learn's.
double Accuracy(const std::vector<int>& y, const std::vector<int>& predicted);
double MacroF1(const std::vector<int>& y, const std::vector<int>& predicted, int classes);

double MeanAbsoluteError(Scores y, Scores predicted);
double R2(Scores y, Scores predicted);  // 0 for a constant y that is not met

// Points of a curve for reports: at every distinct score, from the highest down.
struct CurvePoint {
  double threshold, true_positive_rate, false_positive_rate, precision;
};
std::vector<CurvePoint> RankingCurve(Labels y, Scores score);

// Reliability: mean probability and share of ones in each bin that has rows.
struct ReliabilityBin {
  double mean_probability, share;
  size_t rows;
};
std::vector<ReliabilityBin> Reliability(Labels y, Scores probability, int bins);

}  // namespace forewarn
