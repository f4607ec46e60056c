// The curves of the evaluation report: ROC, precision-recall, F1 over thresholds, reliability. Pure functions
// over scores and 0/1 labels of equal length; ties are one step, so no order of rows matters.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace forewarn {

struct CurvePoint {
  double x = 0;
  double y = 0;
  double threshold = 0;  // scores >= threshold are called positive
};

// (false positive rate, true positive rate) from (0,0) to (1,1), one point a distinct score.
std::vector<CurvePoint> RocCurve(std::span<const double> scores, std::span<const uint8_t> labels);
// (recall, precision), one point a distinct score, by falling threshold.
std::vector<CurvePoint> PrecisionRecallCurve(std::span<const double> scores, std::span<const uint8_t> labels);
// (threshold, F1) at `count` equally spaced thresholds from low to high.
std::vector<CurvePoint> F1Curve(std::span<const double> scores, std::span<const uint8_t> labels, int count,
                                double low, double high);

struct ReliabilityBin {
  double mean_score = 0;
  double positive_share = 0;
  size_t rows = 0;
};
// Equal-width bins of [0, 1]; empty bins are left out.
std::vector<ReliabilityBin> Reliability(std::span<const double> scores, std::span<const uint8_t> labels,
                                        int bins);

}  // namespace forewarn
