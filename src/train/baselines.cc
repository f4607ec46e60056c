#include "train/baselines.h"

#include <utility>

namespace forewarn {

LeadingSensor FindLeadingSensor(const Matrix& sensors, Labels y, size_t only) {
  LeadingSensor best;
  double best_precision = -1;
  for (size_t c = 0; c < sensors.columns; ++c) {
    if (only != static_cast<size_t>(-1) && c != only) continue;
    for (const double sign : {1.0, -1.0}) {
      std::vector<double> score;
      score.reserve(sensors.rows);
      for (size_t r = 0; r < sensors.rows; ++r) score.push_back(sign * sensors.at(r, c));
      const double precision = AveragePrecision(y, score);
      if (precision <= best_precision) continue;
      best_precision = precision;
      best = {c, sign, BestF1Cut(y, score).threshold};
    }
  }
  return best;
}

std::vector<Baseline> MakeBaselines(const std::vector<uint8_t>& rule_before, const Matrix& sensors,
                                    const LeadingSensor& leading, double prevalence) {
  const size_t n = rule_before.size();
  std::vector<Baseline> out;
  out.push_back({"always", std::vector<double>(n, 1), 0.5});
  out.push_back({"prevalence", std::vector<double>(n, prevalence), 0.5});
  out.push_back({"persistence", std::vector<double>(rule_before.begin(), rule_before.end()), 0.5});
  Baseline level{"level", {}, leading.threshold};
  level.score.reserve(n);
  for (size_t r = 0; r < n; ++r) level.score.push_back(leading.sign * sensors.at(r, leading.column));
  out.push_back(std::move(level));
  return out;
}

std::map<std::string, double> BaselineMetrics(const std::vector<Baseline>& baselines, Labels y) {
  std::map<std::string, double> out;
  const auto put = [&](const Baseline& b, const char* metric, double value) {
    out["baseline_" + b.name + "_" + metric] = value;
  };
  for (const Baseline& b : baselines) {
    const bool constant = b.name == "always" || b.name == "prevalence";
    put(b, "f1", Confuse(y, b.score, b.threshold).F1());
    put(b, "average_precision", AveragePrecision(y, b.score));
    if (!constant) put(b, "roc_auc", RocAuc(y, b.score));
    if (b.name != "level") put(b, "brier", BrierScore(y, b.score));
  }
  return out;
}

}  // namespace forewarn
