#include "train/verdict.h"

#include <algorithm>
#include <numeric>

#include "core/random.h"
#include "train/pca.h"

namespace forewarn {
namespace {

using Counts = std::vector<uint32_t>;  // how often a resample holds each row

// Calls use(counts) for each resample: blocks of consecutive rows, drawn with replacement, up to n rows.
void Resample(size_t n, const SkillOptions& options, const std::function<void(const Counts&)>& use) {
  const size_t block = std::clamp<size_t>(options.block, 1, n);
  const size_t blocks = (n + block - 1) / block;
  Random random(options.seed);
  Counts counts(n);
  std::vector<int32_t> steps(n + 1);
  for (int i = 0; i < options.resamples; ++i) {
    std::fill(steps.begin(), steps.end(), 0);
    for (size_t b = 0; b < blocks; ++b) {
      const size_t begin = random.Below(n - block + 1);
      const size_t length = b + 1 == blocks ? n - b * block : block;
      steps[begin] += 1;
      steps[begin + length] -= 1;
    }
    int32_t count = 0;
    for (size_t r = 0; r < n; ++r) counts[r] = static_cast<uint32_t>(count += steps[r]);
    use(counts);
  }
}

SkillVerdict Conclude(SkillVerdict verdict, const std::vector<double>& differences,
                      const SkillOptions& options) {
  verdict.low = Quantile(differences, 0.05);
  verdict.high = Quantile(differences, 0.95);
  verdict.text = kNoSkillShown;
  if (verdict.events < options.fewest_events) return verdict;
  if (verdict.low > 0) verdict.text = kSkill;
  if (verdict.high < 0) verdict.text = kWorseThanTrivial;
  return verdict;
}

// Judged rows ranked once, so that each resample's average precision is one pass.
class RankedPrecision {
 public:
  RankedPrecision(std::span<const uint8_t> judged, Labels y, Scores score) {
    for (size_t r = 0; r < y.size(); ++r) {
      if (judged[r] != 0) order_.push_back({static_cast<uint32_t>(r), y[r], 0});
    }
    std::stable_sort(order_.begin(), order_.end(),
                     [&](const Place& a, const Place& b) { return score[a.row] > score[b.row]; });
    for (size_t i = 0; i < order_.size(); ++i) {
      order_[i].last = i + 1 == order_.size() || score[order_[i + 1].row] != score[order_[i].row] ? 1 : 0;
    }
  }

  double operator()(const Counts& counts) const {
    double sum = 0;
    uint64_t tp = 0;
    uint64_t all = 0;
    uint64_t last_tp = 0;
    for (const Place& place : order_) {
      const uint32_t count = counts[place.row];
      all += count;
      tp += place.positive != 0 ? count : 0;
      if (place.last == 0 || tp == last_tp) continue;
      sum += static_cast<double>(tp - last_tp) * (static_cast<double>(tp) / static_cast<double>(all));
      last_tp = tp;
    }
    return tp == 0 ? 0 : sum / static_cast<double>(tp);
  }

 private:
  struct Place {
    uint32_t row;
    uint8_t positive;
    uint8_t last;  // of its group of equal scores
  };
  std::vector<Place> order_;
};

double MacroF1Of(std::span<const uint8_t> judged, const std::vector<int>& y,
                 const std::vector<int>& predicted, int classes, const Counts& counts) {
  std::vector<double> hit(static_cast<size_t>(classes), 0);
  std::vector<double> seen(static_cast<size_t>(classes), 0);  // actual + predicted
  for (size_t r = 0; r < y.size(); ++r) {
    if (judged[r] == 0) continue;
    seen[static_cast<size_t>(y[r])] += counts[r];
    seen[static_cast<size_t>(predicted[r])] += counts[r];
    if (y[r] == predicted[r]) hit[static_cast<size_t>(y[r])] += counts[r];
  }
  double sum = 0;
  int present = 0;
  for (size_t k = 0; k < hit.size(); ++k) {
    if (seen[k] == 0) continue;
    ++present;
    sum += 2 * hit[k] / seen[k];
  }
  return present == 0 ? 0 : sum / present;
}

bool AnyJudged(std::span<const uint8_t> judged) {
  return std::any_of(judged.begin(), judged.end(), [](uint8_t j) { return j != 0; });
}

}  // namespace

SkillVerdict JudgeRanking(std::span<const uint8_t> judged, Labels y, Scores score,
                          const std::vector<Baseline>& baselines, size_t events,
                          const SkillOptions& options) {
  SkillVerdict out;
  out.events = events;
  if (!AnyJudged(judged) || baselines.empty()) return out;
  const Counts once(y.size(), 1);
  const RankedPrecision model(judged, y, score);
  out.model = model(once);
  size_t best = 0;
  out.best = -1;
  for (size_t b = 0; b < baselines.size(); ++b) {
    const double precision = RankedPrecision(judged, y, baselines[b].score)(once);
    if (precision <= out.best) continue;
    out.best = precision;
    best = b;
  }
  out.baseline = baselines[best].name;
  const RankedPrecision trivial(judged, y, baselines[best].score);
  std::vector<double> differences;
  Resample(y.size(), options,
           [&](const Counts& counts) { differences.push_back(model(counts) - trivial(counts)); });
  return Conclude(std::move(out), differences, options);
}

SkillVerdict JudgeErrors(std::span<const uint8_t> judged, Scores model_error, Scores baseline_error,
                         const std::string& baseline, size_t events, const SkillOptions& options) {
  SkillVerdict out;
  out.events = events;
  out.baseline = baseline;
  if (!AnyJudged(judged)) return out;
  const auto mean = [&](Scores error, const Counts& counts) {
    double sum = 0;
    double rows = 0;
    for (size_t r = 0; r < error.size(); ++r) {
      if (judged[r] == 0) continue;
      sum += counts[r] * error[r];
      rows += counts[r];
    }
    return rows == 0 ? 0 : sum / rows;
  };
  const Counts once(model_error.size(), 1);
  out.model = mean(model_error, once);
  out.best = mean(baseline_error, once);
  std::vector<double> differences;
  Resample(model_error.size(), options, [&](const Counts& counts) {
    differences.push_back(mean(baseline_error, counts) - mean(model_error, counts));
  });
  return Conclude(std::move(out), differences, options);
}

SkillVerdict JudgeClasses(std::span<const uint8_t> judged, const std::vector<int>& y,
                          const std::vector<int>& predicted, int constant, int classes, size_t events,
                          const SkillOptions& options) {
  SkillVerdict out;
  out.events = events;
  out.baseline = "majority";
  if (!AnyJudged(judged)) return out;
  const std::vector<int> trivial(y.size(), constant);
  const Counts once(y.size(), 1);
  out.model = MacroF1Of(judged, y, predicted, classes, once);
  out.best = MacroF1Of(judged, y, trivial, classes, once);
  std::vector<double> differences;
  Resample(y.size(), options, [&](const Counts& counts) {
    differences.push_back(MacroF1Of(judged, y, predicted, classes, counts) -
                          MacroF1Of(judged, y, trivial, classes, counts));
  });
  return Conclude(std::move(out), differences, options);
}

}  // namespace forewarn
