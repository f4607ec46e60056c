#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "frame/statistics.h"
#include "report/charts.h"
#include "report/evaluation_figures.h"
#include "report/html_page.h"

namespace forewarn {
namespace {

std::string Share(double value) { return IsValid(value) ? fmt::format("{:.1f} %", 100 * value) : "–"; }

// Rows of one colour under a caption of their own.
std::vector<TimeBand> Bands(const std::vector<PlantTime>& times, const std::vector<uint8_t>& labels) {
  std::vector<TimeBand> bands;
  for (size_t r = 0; r < labels.size(); ++r) {
    if (labels[r] == 0) continue;
    if (r > 0 && labels[r - 1] != 0) {
      bands.back().to = times[r];
    } else {
      bands.push_back({times[r], times[r]});
    }
  }
  return bands;
}

class Page {
 public:
  Page(const Plant& plant, const EvaluationFigures& f, const std::vector<EvaluatedModel>& models)
      : f_(f),
        models_(models),
        page_("Evaluation: " + (plant.title.empty() ? plant.name : plant.title),
              fmt::format("{} judged rows, {} to {} plant time; {}", f.labels.size(),
                          FormatPlantTime(f.times.front()), FormatPlantTime(f.times.back()), f.judged_why)) {}

  std::string Render() {
    Skill();
    Ranking();
    Thresholds();
    Calibration();
    Blend();
    WalkForward();
    Horizons();
    Regimes();
    Deviation();
    Explanations();
    Isolation();
    return page_.Render();
  }

 private:
  void Skill() {
    page_.Heading("Skill");
    page_.Text(
        "Every model stands beside trivial baselines on the same rows. \"skill\" means: better than the best "
        "baseline "
        "beyond what chance in 24-hour blocks explains; \"no skill shown\" is an honest answer where history "
        "is short.");
    std::vector<std::vector<std::string>> rows;
    for (const EvaluatedModel& m : models_) {
      const auto metric = [&](const std::string& name) {
        for (const auto& [key, value] : m.model.info.metrics) {
          if (key == name) return value;
        }
        return kNull;
      };
      double best = kNull;
      std::string best_name;
      for (const auto& [key, value] : m.model.info.metrics) {
        if (!key.starts_with("baseline_") || !key.ends_with("average_precision")) continue;
        if (!(value <= best)) {
          best = value;
          best_name = key.substr(9, key.size() - 9 - 18);
        }
      }
      rows.push_back({m.model.info.run,
                      fmt::format("{}:{}{}", m.registered, m.version, m.champion ? " (champion)" : ""),
                      m.skill, Figure(metric("average_precision")),
                      best_name.empty() ? "–" : fmt::format("{} ({})", Figure(best), best_name),
                      Figure(m.model.info.threshold)});
    }
    page_.Table({"run", "version", "verdict", "average precision", "best baseline", "threshold"}, rows);
  }

  void Ranking() {
    if (f_.ranked.empty()) return;
    page_.Heading("Ranking");
    std::vector<ChartSeries> roc;
    std::vector<ChartSeries> pr;
    std::vector<std::vector<std::string>> rows;
    const double base = static_cast<double>(std::count(f_.labels.begin(), f_.labels.end(), uint8_t{1})) /
                        static_cast<double>(f_.labels.size());
    for (const RankedScore& r : f_.ranked) {
      ChartSeries a{r.name, {0}, {0}};
      ChartSeries b{r.name, {}, {}};
      for (const CurvePoint& p : RankingCurve(f_.labels, r.score)) {
        a.x.push_back(p.false_positive_rate);
        a.y.push_back(p.true_positive_rate);
        b.x.push_back(p.true_positive_rate);
        b.y.push_back(p.precision);
      }
      roc.push_back(std::move(a));
      pr.push_back(std::move(b));
      rows.push_back({r.name, Figure(r.auc), Figure(r.average_precision), Figure(r.brier),
                      Figure(r.at_threshold.F1()), Figure(r.at_threshold.Precision()),
                      Figure(r.at_threshold.Recall()), Figure(r.threshold)});
    }
    page_.Table(
        {"model", "ROC AUC", "average precision", "Brier", "F1", "precision", "recall", "at threshold"},
        rows);
    roc.push_back({"chance", {0, 1}, {0, 1}, true});
    pr.push_back({fmt::format("base rate {}", Share(base)), {0, 1}, {base, base}, true});
    page_.Chart(LineChart(roc, {"false positive rate", "true positive rate"}), "ROC curves", 400);
    page_.Chart(LineChart(pr, {"recall", "precision"}), "Precision and recall, with the base rate", 400);
  }

  void Thresholds() {
    if (f_.ranked.empty()) return;
    page_.Heading("Thresholds");
    std::vector<ChartSeries> lines;
    std::vector<std::pair<std::string, std::pair<double, double>>> marks;
    std::vector<std::vector<std::string>> rows;
    for (const RankedScore& r : f_.ranked) {
      ChartSeries line{r.name, {}, {}};
      std::pair<double, double> best = {0, -1};
      for (const auto& [t, f1] : r.f1_by_threshold) {
        line.x.push_back(t);
        line.y.push_back(f1);
        if (f1 > best.second) best = {t, f1};
      }
      const Confusion c = Confuse(f_.labels, r.score, best.first);
      rows.push_back({r.name, Figure(best.first), Figure(best.second), Figure(c.Precision()),
                      Figure(c.Recall()),
                      fmt::format("{} / {} / {} / {}", c.true_positive, c.false_positive, c.false_negative,
                                  c.true_negative)});
      marks.emplace_back("", best);
      lines.push_back(std::move(line));
    }
    page_.Chart(LineChart(lines, {"threshold", "F1"}, marks), "F1 over 50 thresholds; dots mark the best",
                340);
    page_.Text(
        "The best threshold is chosen on the judged rows here: a figure, not the threshold that is served.");
    page_.Table({"model", "best threshold", "F1", "precision", "recall", "TP / FP / FN / TN"}, rows);
  }

  void Calibration() {
    std::vector<ChartSeries> lines;
    for (const RankedScore& r : f_.ranked) {
      const bool shown = r.name == "isolation_forest" || r.name == "lr_soft_alarm" ||
                         r.name == "rf_soft_alarm" || r.name.starts_with("soft_alarm");
      if (!shown) continue;
      ChartSeries line{r.name, {}, {}};
      for (const ReliabilityBin& b : Reliability(f_.labels, r.score, 8)) {
        line.x.push_back(b.mean_probability);
        line.y.push_back(b.share);
      }
      lines.push_back(std::move(line));
    }
    if (lines.empty()) return;
    lines.push_back({"perfect", {0, 1}, {0, 1}, true});
    page_.Heading("Calibration");
    page_.Chart(LineChart(lines, {"mean score", "share of alarms"}), "Reliability in 8 bins", 340);
  }

  void Blend() {
    const RankedScore* blend = nullptr;
    const RankedScore* isolation = nullptr;
    for (const RankedScore& r : f_.ranked) {
      if (r.name.starts_with("soft_alarm")) blend = &r;
      if (r.name == "isolation_forest") isolation = &r;
    }
    if (blend == nullptr || isolation == nullptr) return;
    page_.Heading("Blend against isolation forest");
    page_.Chart(
        TimeChart(f_.times, {{blend->name, {}, blend->score}, {"isolation forest", {}, isolation->score}},
                  "score", Bands(f_.times, f_.labels)),
        "supervised blend and unsupervised score over the judged rows; shaded: labelled anomalous", 300);
  }

  void WalkForward() {
    if (f_.folds.empty()) return;
    page_.Heading("Walk-forward");
    page_.Text("Each model fitted again on the rows before each fold, a gap left out between, judged at .5.");
    std::vector<std::vector<std::string>> rows;
    std::vector<std::string> runs;
    for (const FoldFigures& w : f_.folds) {
      if (runs.empty() || runs.back() != w.run) runs.push_back(w.run);
      rows.push_back({w.run, fmt::format("{}", w.fold), fmt::format("{}", w.train_rows),
                      fmt::format("{}", w.test_rows), fmt::format("{}", w.positives), Figure(w.f1),
                      Figure(w.precision), Figure(w.recall), Figure(w.auc)});
    }
    page_.Table(
        {"run", "fold", "train rows", "judged rows", "alarms", "F1", "precision", "recall", "ROC AUC"}, rows);
    rows.clear();
    for (const std::string& run : runs) {
      std::vector<double> f1;
      std::vector<double> auc;
      for (const FoldFigures& w : f_.folds) {
        if (w.run != run) continue;
        f1.push_back(w.f1);
        auc.push_back(w.auc);
      }
      rows.push_back({run, fmt::format("{} ± {}", Figure(Mean(f1)), Figure(SampleStd(f1))),
                      fmt::format("{} ± {}", Figure(Mean(auc)), Figure(SampleStd(auc)))});
    }
    page_.Table({"run", "F1, mean ± sd", "ROC AUC, mean ± sd"}, rows);
  }

  void Horizons() {
    if (f_.horizons.empty()) return;
    page_.Heading("Forecast horizons");
    std::vector<std::string> names;
    ChartSeries f1{"F1", {}, {}};
    ChartSeries auc{"ROC AUC", {}, {}};
    ChartSeries brier{"Brier", {}, {}};
    std::vector<std::vector<std::string>> rows;
    for (const HorizonFigures& h : f_.horizons) {
      names.push_back(h.name);
      f1.y.push_back(h.f1);
      auc.y.push_back(h.auc);
      brier.y.push_back(h.brier);
      rows.push_back({h.name, fmt::format("{}", h.rows), fmt::format("{}", h.positives), Figure(h.f1),
                      Figure(h.auc), Figure(h.brier), Figure(h.threshold),
                      fmt::format("{} of {}", h.events.found, h.events.events),
                      Figure(h.events.FalsePerDay()), Figure(h.events.MedianLeadHours())});
    }
    page_.Table({"horizon", "windows", "alarms", "F1", "ROC AUC", "Brier", "threshold", "events warned",
                 "false alarms a day", "median lead, h"},
                rows);
    page_.Chart(BarChart(names, {f1, auc, brier}, {"", ""}), "by horizon", 280);
  }

  void Regimes() {
    if (f_.regime_confusion.empty()) return;
    page_.Heading("Regimes");
    const std::vector<std::string> names = {"normal", "transition", "alarm"};
    double most = 1;
    for (const auto& row : f_.regime_confusion)
      most = std::max(most, *std::max_element(row.begin(), row.end()));
    page_.Chart(HeatMap(names, names, f_.regime_confusion, 0, most, 0),
                "confusion: rows are the truth, columns the prediction", 330);
    std::vector<ChartSeries> lines;
    for (size_t k = 0; k < f_.regime_probability.size() && k < names.size(); ++k) {
      lines.push_back({names[k], {}, f_.regime_probability[k]});
    }
    page_.Chart(TimeChart(f_.times, lines, "probability", Bands(f_.times, f_.labels)), "regime probabilities",
                260);
  }

  void Deviation() {
    if (f_.deviation_actual.empty()) return;
    page_.Heading("Next-step deviation");
    const size_t skip = f_.times.size() - f_.deviation_actual.size();
    const std::span<const PlantTime> times(f_.times.data() + skip, f_.deviation_actual.size());
    std::vector<std::pair<std::string, double>> limits;
    if (IsValid(f_.deviation_band)) limits = {{"+5 %", f_.deviation_band}, {"−5 %", -f_.deviation_band}};
    page_.Chart(
        TimeChart(times,
                  {{"actual", {}, f_.deviation_actual}, {"predicted", {}, f_.deviation_predicted, true}},
                  f_.deviation_unit, {}, limits),
        fmt::format("mean absolute error {}",
                    Figure(MeanAbsoluteError(f_.deviation_actual, f_.deviation_predicted))),
        280);
  }

  void Explanations() {
    for (const ShapFigures& s : f_.shap) {
      page_.Heading("What drives " + s.run);
      const size_t shown = std::min<size_t>(15, s.features.size());
      const std::vector<std::string> names(s.features.begin(),
                                           s.features.begin() + static_cast<std::ptrdiff_t>(shown));
      ChartSeries bars{
          "mean |SHAP|", {}, {s.mean_abs.begin(), s.mean_abs.begin() + static_cast<std::ptrdiff_t>(shown)}};
      page_.Chart(BarChart(names, {bars}, {s.output, ""}, true),
                  "mean size of each feature's share, " + s.output, 400);
      // A beeswarm: one dot a row and feature, spread inside the feature's lane, in three colours by the
      // feature's value.
      ChartSeries low{"low value", {}, {}};
      ChartSeries middle{"middle", {}, {}};
      ChartSeries high{"high value", {}, {}};
      for (size_t k = 0; k < shown; ++k) {
        for (size_t r = 0; r < s.shap[k].size(); ++r) {
          const double v = s.value[k][r];
          ChartSeries& to = v < 1.0 / 3 ? low : v < 2.0 / 3 ? middle : high;
          to.x.push_back(s.shap[k][r]);
          to.y.push_back(static_cast<double>(k + 1) + 0.06 * (static_cast<double>(r * 7919 % 11) - 5));
        }
      }
      ChartJson swarm =
          ScatterChart({low, middle, high}, {"SHAP value, " + s.output, "feature, by rank above"});
      swarm["yAxis"]["inverse"] = true;
      page_.Chart(swarm, "each dot is a judged row; features by the rank of the bars above", 460);
    }
    if (f_.lr_coefficients.empty()) return;
    page_.SubHeading("Coefficients of the logistic regression");
    std::vector<std::string> names;
    ChartSeries bars{"coefficient of the standardised feature", {}, {}};
    for (const auto& [name, value] : f_.lr_coefficients) {
      names.push_back(name);
      bars.y.push_back(value);
    }
    page_.Chart(BarChart(names, {bars}, {"log-odds", ""}, true), "logistic regression",
                60 + 20 * static_cast<int>(names.size()));
  }

  void Isolation() {
    if (f_.isolation_over_time.empty()) return;
    page_.Heading("Isolation score");
    page_.Chart(TimeChart(f_.all_times, {{"score", {}, f_.isolation_over_time}}, "score",
                          Bands(f_.times, f_.labels), {{"threshold", f_.isolation_threshold}}),
                "over the whole table; shaded: labelled rows among the judged", 280);
  }

  const EvaluationFigures& f_;
  const std::vector<EvaluatedModel>& models_;
  HtmlPage page_;
};

}  // namespace

std::string EvaluationPage(const Plant& plant, const EvaluationFigures& figures,
                           const std::vector<EvaluatedModel>& models) {
  return Page(plant, figures, models).Render();
}

}  // namespace forewarn
