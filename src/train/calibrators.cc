#include "train/calibrators.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "train/linear_models.h"

namespace forewarn {
namespace {

// Scores this large are scaled before the fit, as scikit-learn does: a steep curve's Newton steps stay tame.
constexpr double kLargeScore = 30;
// Knots nearer than this to their neighbour are merged into it: a line between them would have no finite
// slope.
constexpr double kNearestKnots = 1e-12;

Status CheckClasses(const std::vector<uint8_t>& labels) {
  const auto ones = std::count(labels.begin(), labels.end(), uint8_t{1});
  if (ones > 0 && ones < static_cast<std::ptrdiff_t>(labels.size())) return {};
  return Status::Invalid("calibration needs rows of both classes");
}

struct Block {
  double mean;
  double weight;
  size_t begin, end;  // knots
};

// Means of the maximal blocks that must be pooled for y to be non-decreasing, written back over y.
void PoolAdjacentViolators(const std::vector<double>& weight, std::vector<double>& y) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < y.size(); ++i) {
    Block block{y[i], weight[i], i, i + 1};
    while (!blocks.empty() && blocks.back().mean >= block.mean) {
      const Block& last = blocks.back();
      const double sum = last.weight + block.weight;
      block.mean = (last.mean * last.weight + block.mean * block.weight) / sum;
      block.weight = sum;
      block.begin = last.begin;
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  for (const Block& block : blocks) {
    for (size_t i = block.begin; i < block.end; ++i) y[i] = block.mean;
  }
}

}  // namespace

Result<Calibration> FitSigmoid(const std::vector<double>& scores, const std::vector<uint8_t>& labels) {
  FW_RETURN_IF_ERROR(CheckClasses(labels));
  double largest = 0;
  for (const double s : scores) largest = std::max(largest, std::fabs(s));
  const double scale = largest >= kLargeScore ? largest : 1;
  const auto ones = static_cast<double>(std::count(labels.begin(), labels.end(), uint8_t{1}));
  const double zeros = static_cast<double>(labels.size()) - ones;
  std::vector<double> scaled;
  std::vector<double> target;
  for (size_t i = 0; i < scores.size(); ++i) {
    scaled.push_back(scores[i] / scale);
    target.push_back(labels[i] == 1 ? (ones + 1) / (ones + 2) : 1 / (zeros + 2));
  }
  const LogisticCurve curve = FitLogisticCurve(scaled, target);
  Calibration out;
  out.kind = Calibration::Kind::kSigmoid;
  out.a = -curve.slope / scale;
  out.b = -curve.intercept;
  return out;
}

Result<Calibration> FitIsotonic(const std::vector<double>& scores, const std::vector<uint8_t>& labels) {
  FW_RETURN_IF_ERROR(CheckClasses(labels));
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] < scores[b]; });
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> weight;
  for (const size_t i : order) {  // equal scores are one knot, at their mean label
    if (x.empty() || scores[i] - x.back() > kNearestKnots) {
      x.push_back(scores[i]);
      y.push_back(0);
      weight.push_back(0);
    }
    y.back() += labels[i];
    weight.back() += 1;
  }
  for (size_t k = 0; k < y.size(); ++k) y[k] /= weight[k];
  PoolAdjacentViolators(weight, y);
  Calibration out;
  out.kind = Calibration::Kind::kIsotonic;
  for (size_t k = 0; k < x.size(); ++k) {
    const bool edge = k == 0 || k + 1 == x.size();
    if (!edge && y[k] == y[k - 1] && y[k] == y[k + 1]) continue;
    out.x.push_back(x[k]);
    out.y.push_back(y[k]);
  }
  return out;
}

}  // namespace forewarn
