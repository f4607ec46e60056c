#include "report/curves.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace forewarn {
namespace {

// Calls step(true positives, false positives, threshold) after each group of equal scores, by falling score.
void ByFallingScore(std::span<const double> scores, std::span<const uint8_t> labels,
                    const std::function<void(size_t, size_t, double)>& step) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  size_t tp = 0;
  size_t fp = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    (labels[order[i]] != 0 ? tp : fp) += 1;
    if (i + 1 == order.size() || scores[order[i + 1]] != scores[order[i]]) step(tp, fp, scores[order[i]]);
  }
}

}  // namespace

std::vector<CurvePoint> RocCurve(std::span<const double> scores, std::span<const uint8_t> labels) {
  const auto positives = static_cast<double>(std::count(labels.begin(), labels.end(), uint8_t{1}));
  const double negatives = static_cast<double>(labels.size()) - positives;
  std::vector<CurvePoint> curve = {{0, 0, 1}};
  if (positives == 0 || negatives == 0) return curve;
  ByFallingScore(scores, labels, [&](size_t tp, size_t fp, double threshold) {
    curve.push_back({static_cast<double>(fp) / negatives, static_cast<double>(tp) / positives, threshold});
  });
  return curve;
}

std::vector<CurvePoint> PrecisionRecallCurve(std::span<const double> scores,
                                             std::span<const uint8_t> labels) {
  const auto positives = static_cast<double>(std::count(labels.begin(), labels.end(), uint8_t{1}));
  std::vector<CurvePoint> curve;
  if (positives == 0) return curve;
  ByFallingScore(scores, labels, [&](size_t tp, size_t fp, double threshold) {
    curve.push_back({static_cast<double>(tp) / positives,
                     static_cast<double>(tp) / static_cast<double>(tp + fp), threshold});
  });
  return curve;
}

std::vector<CurvePoint> F1Curve(std::span<const double> scores, std::span<const uint8_t> labels, int count,
                                double low, double high) {
  std::vector<CurvePoint> curve;
  for (int i = 0; i < count; ++i) {
    const double threshold = low + (high - low) * i / (count - 1);
    size_t tp = 0;
    size_t called = 0;
    size_t positives = 0;
    for (size_t r = 0; r < scores.size(); ++r) {
      const bool call = scores[r] >= threshold;
      called += call ? 1 : 0;
      positives += labels[r];
      tp += call && labels[r] != 0 ? 1 : 0;
    }
    const size_t sum = called + positives;
    curve.push_back(
        {threshold, sum > 0 ? 2.0 * static_cast<double>(tp) / static_cast<double>(sum) : 0.0, threshold});
  }
  return curve;
}

std::vector<ReliabilityBin> Reliability(std::span<const double> scores, std::span<const uint8_t> labels,
                                        int bins) {
  std::vector<ReliabilityBin> all(static_cast<size_t>(bins));
  for (size_t r = 0; r < scores.size(); ++r) {
    const auto b = std::min<size_t>(bins - 1, static_cast<size_t>(std::clamp(scores[r], 0.0, 1.0) * bins));
    all[b].mean_score += scores[r];
    all[b].positive_share += labels[r];
    ++all[b].rows;
  }
  std::vector<ReliabilityBin> filled;
  for (ReliabilityBin& b : all) {
    if (b.rows == 0) continue;
    b.mean_score /= static_cast<double>(b.rows);
    b.positive_share /= static_cast<double>(b.rows);
    filled.push_back(b);
  }
  return filled;
}

}  // namespace forewarn
