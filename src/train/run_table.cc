#include "train/run_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace forewarn {
namespace {

// A figure, or a dash where the run has none.
std::string Cell(const TrainedRun& run, const char* metric) {
  const auto it = run.metrics.find(metric);
  return it == run.metrics.end() ? "–" : fmt::format("{:.3f}", it->second);
}

// The best baseline of a metric on the same rows, "persistence .86".
std::string BestBaseline(const TrainedRun& run, const std::string& metric) {
  constexpr std::string_view kPrefix = "baseline_";
  std::string best;
  double value = -1;
  for (const auto& [name, figure] : run.metrics) {
    if (!name.starts_with(kPrefix) || !name.ends_with("_" + metric) || figure <= value) continue;
    value = figure;
    best = name.substr(kPrefix.size(), name.size() - kPrefix.size() - metric.size() - 1);
  }
  return best.empty() ? "–" : fmt::format("{:.3f} {}", value, best);
}

std::string VerdictText(const TrainedRun& run) {
  if (run.skill.baseline.empty()) return run.skill.text;
  return fmt::format("{} ({:.3f} against {:.3f} {}; difference {:+.3f} … {:+.3f}; {} events)", run.skill.text,
                     run.skill.model, run.skill.best, run.skill.baseline, run.skill.low, run.skill.high,
                     run.skill.events);
}

// Runs that do not rank rows have figures of their own.
std::optional<std::string> OwnFigures(const TrainedRun& run) {
  const auto has = [&](const char* metric) { return run.metrics.contains(metric); };
  if (has("f1_macro")) {
    return fmt::format("accuracy {} (majority {}), macro F1 {} (majority {})", Cell(run, "accuracy"),
                       Cell(run, "baseline_majority_accuracy"), Cell(run, "f1_macro"),
                       Cell(run, "baseline_majority_f1_macro"));
  }
  if (has("mae")) {
    return fmt::format("MAE {} (persistence {}), R² {}", Cell(run, "mae"),
                       Cell(run, "baseline_persistence_mae"), Cell(run, "r2"));
  }
  if (has("n_components_90pct")) {
    return fmt::format("{} components hold 90 %; limits at 95 %: T² {}, SPE {}",
                       static_cast<int>(run.metrics.at("n_components_90pct")), Cell(run, "t2_limit95"),
                       Cell(run, "spe_limit95"));
  }
  return std::nullopt;
}

}  // namespace

std::string RunTable(const TrainResult& result) {
  std::string out =
      fmt::format("{:<28} {:>6} {:<18} {:>6} {:>6} {:<18} {:>6} {:>6}  {}\n", "run (validation rows)", "F1",
                  " best baseline", "AUC", "AP", " best baseline", "Brier", "thresh", "verdict");
  for (const TrainedRun& run : result.runs) {
    if (!run.model) {
      out += fmt::format("{:<28} not fitted: {}\n", run.name, run.not_fitted);
      continue;
    }
    if (const std::optional<std::string> own = OwnFigures(run)) {
      out += fmt::format("{:<28} {}; {}\n", run.name, *own, VerdictText(run));
      continue;
    }
    out += fmt::format("{:<28} {:>6} {:<18} {:>6} {:>6} {:<18} {:>6} {:>6}  {}\n", run.name,
                       Cell(run, "f1_anomaly"), " " + BestBaseline(run, "f1"), Cell(run, "roc_auc_anomaly"),
                       Cell(run, "average_precision"), " " + BestBaseline(run, "average_precision"),
                       Cell(run, "brier_score"), Cell(run, "threshold"), VerdictText(run));
  }
  return out;
}

}  // namespace forewarn
