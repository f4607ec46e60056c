#include "train/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace forewarn {
namespace {

double Ratio(double a, double b) { return b == 0 ? 0 : a / b; }

// Row numbers by falling score.
std::vector<size_t> Ranking(Scores score) {
  std::vector<size_t> order(score.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return score[a] > score[b]; });
  return order;
}

// Calls use(score, true positives so far, false positives so far) after each group of equal scores, highest
// first.
template <typename Use>
void ForCuts(Labels y, Scores score, const Use& use) {
  const std::vector<size_t> order = Ranking(score);
  size_t tp = 0;
  size_t fp = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    (y[order[i]] == 1 ? tp : fp) += 1;
    if (i + 1 == order.size() || score[order[i + 1]] != score[order[i]]) use(score[order[i]], tp, fp);
  }
}

size_t Positives(Labels y) { return static_cast<size_t>(std::count(y.begin(), y.end(), uint8_t{1})); }

double F1Of(size_t tp, size_t fp, size_t positives) {
  return Ratio(2 * static_cast<double>(tp), static_cast<double>(tp + fp + positives));
}

}  // namespace

double Confusion::Precision() const {
  return Ratio(static_cast<double>(true_positive), static_cast<double>(true_positive + false_positive));
}
double Confusion::Recall() const {
  return Ratio(static_cast<double>(true_positive), static_cast<double>(true_positive + false_negative));
}
double Confusion::F1() const { return F1Of(true_positive, false_positive, true_positive + false_negative); }
double Confusion::Accuracy() const {
  const size_t right = true_positive + true_negative;
  return Ratio(static_cast<double>(right), static_cast<double>(right + false_positive + false_negative));
}

Confusion Confuse(Labels y, Scores score, double threshold) {
  Confusion out;
  for (size_t i = 0; i < y.size(); ++i) {
    if (score[i] >= threshold) {
      (y[i] == 1 ? out.true_positive : out.false_positive) += 1;
    } else {
      (y[i] == 1 ? out.false_negative : out.true_negative) += 1;
    }
  }
  return out;
}

double RocAuc(Labels y, Scores score) {
  const auto positives = static_cast<double>(Positives(y));
  const double negatives = static_cast<double>(y.size()) - positives;
  if (positives == 0 || negatives == 0) return std::numeric_limits<double>::quiet_NaN();
  double area = 0;
  size_t last_tp = 0;
  size_t last_fp = 0;
  ForCuts(y, score, [&](double, size_t tp, size_t fp) {
    area += static_cast<double>(fp - last_fp) * static_cast<double>(tp + last_tp) / 2;
    last_tp = tp;
    last_fp = fp;
  });
  return area / (positives * negatives);
}

double AveragePrecision(Labels y, Scores score) {
  const auto positives = static_cast<double>(Positives(y));
  if (positives == 0) return 0;
  double sum = 0;
  size_t last_tp = 0;
  ForCuts(y, score, [&](double, size_t tp, size_t fp) {
    sum += static_cast<double>(tp - last_tp) / positives *
           (static_cast<double>(tp) / static_cast<double>(tp + fp));
    last_tp = tp;
  });
  return sum;
}

double BrierScore(Labels y, Scores probability) {
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) sum += (probability[i] - y[i]) * (probability[i] - y[i]);
  return sum / static_cast<double>(y.size());
}

double LogLoss(Labels y, Scores probability) {
  constexpr double kTiny = std::numeric_limits<double>::epsilon();
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    const double p = std::clamp(probability[i], kTiny, 1 - kTiny);
    sum -= std::log(y[i] == 1 ? p : 1 - p);
  }
  return sum / static_cast<double>(y.size());
}

std::vector<ReliabilityBin> Reliability(Labels y, Scores probability, int bins) {
  std::vector<ReliabilityBin> all(static_cast<size_t>(bins), {0, 0, 0});
  for (size_t i = 0; i < y.size(); ++i) {
    const int at = std::clamp(static_cast<int>(probability[i] * bins), 0, bins - 1);
    ReliabilityBin& bin = all[static_cast<size_t>(at)];
    bin.mean_probability += probability[i];
    bin.share += y[i];
    bin.rows += 1;
  }
  std::vector<ReliabilityBin> out;
  for (ReliabilityBin& bin : all) {
    if (bin.rows == 0) continue;
    bin.mean_probability /= static_cast<double>(bin.rows);
    bin.share /= static_cast<double>(bin.rows);
    out.push_back(bin);
  }
  return out;
}

double CalibrationError(Labels y, Scores probability, int bins) {
  double sum = 0;
  for (const ReliabilityBin& bin : Reliability(y, probability, bins)) {
    sum += std::fabs(bin.mean_probability - bin.share) * static_cast<double>(bin.rows);
  }
  return sum / static_cast<double>(y.size());
}

BestF1 BestF1OnGrid(Labels y, Scores score) {
  BestF1 best{0.1, -1};
  for (int i = 0; i < 50; ++i) {
    const double threshold = 0.1 + i * (0.8 / 49);
    const double f1 = Confuse(y, score, threshold).F1();
    if (f1 > best.f1) best = {threshold, f1};
  }
  return best;
}

BestF1 BestF1Cut(Labels y, Scores score) {
  const size_t positives = Positives(y);
  BestF1 best;
  double best_score = 0;
  bool wants_next = false;  // the threshold goes between the best cut's score and the next lower one
  ForCuts(y, score, [&](double at, size_t tp, size_t fp) {
    if (wants_next) best.threshold = (best_score + at) / 2;
    wants_next = false;
    const double f1 = F1Of(tp, fp, positives);
    if (f1 > best.f1) {
      best = {at, f1};
      best_score = at;
      wants_next = true;
    }
  });
  return best;
}

double Accuracy(const std::vector<int>& y, const std::vector<int>& predicted) {
  size_t right = 0;
  for (size_t i = 0; i < y.size(); ++i) right += y[i] == predicted[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(y.size());
}

double MacroF1(const std::vector<int>& y, const std::vector<int>& predicted, int classes) {
  double sum = 0;
  int present = 0;
  for (int k = 0; k < classes; ++k) {
    size_t tp = 0;
    size_t actual = 0;
    size_t said = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      actual += y[i] == k ? 1 : 0;
      said += predicted[i] == k ? 1 : 0;
      tp += y[i] == k && predicted[i] == k ? 1 : 0;
    }
    if (actual + said == 0) continue;
    ++present;
    sum += 2 * static_cast<double>(tp) / static_cast<double>(actual + said);
  }
  return Ratio(sum, present);
}

double MeanAbsoluteError(Scores y, Scores predicted) {
  double sum = 0;
  for (size_t i = 0; i < y.size(); ++i) sum += std::fabs(y[i] - predicted[i]);
  return sum / static_cast<double>(y.size());
}

double R2(Scores y, Scores predicted) {
  const double mean = std::accumulate(y.begin(), y.end(), 0.0) / static_cast<double>(y.size());
  double rest = 0;
  double total = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    rest += (y[i] - predicted[i]) * (y[i] - predicted[i]);
    total += (y[i] - mean) * (y[i] - mean);
  }
  if (total == 0) return rest == 0 ? 1 : 0;
  return 1 - rest / total;
}

std::vector<CurvePoint> RankingCurve(Labels y, Scores score) {
  const auto positives = static_cast<double>(Positives(y));
  const double negatives = static_cast<double>(y.size()) - positives;
  std::vector<CurvePoint> out;
  ForCuts(y, score, [&](double at, size_t tp, size_t fp) {
    out.push_back({at, Ratio(static_cast<double>(tp), positives), Ratio(static_cast<double>(fp), negatives),
                   static_cast<double>(tp) / static_cast<double>(tp + fp)});
  });
  return out;
}

}  // namespace forewarn
