#include "report/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/names.h"
#include "core/random.h"
#include "core/thread_pool.h"
#include "frame/statistics.h"
#include "model/explainer.h"
#include "model/predictor.h"
#include "report/evaluation_figures.h"
#include "train/fit_run.h"
#include "train/matrix.h"
#include "train/run_spec.h"
#include "train/trainer.h"
#include "train/training_data.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

class Judge {
 public:
  Judge(const Plant& plant, const FeatureDataset& data, const std::vector<EvaluatedModel>& models,
        const EvaluationOptions& options)
      : plant_(plant), data_(data), models_(models), options_(options) {}

  Status Run() {
    all_ = data_.train;
    FW_RETURN_IF_ERROR(all_.Append(data_.valid));
    ChooseRows();
    FW_RETURN_IF_ERROR(ScoreRows());
    Blend();
    FW_RETURN_IF_ERROR(Regimes());
    FW_RETURN_IF_ERROR(Deviation());
    FW_RETURN_IF_ERROR(Horizons());
    FW_RETURN_IF_ERROR(Explain());
    return WalkForward();
  }

  const EvaluationFigures& figures() const { return out_; }

  // The labelled rows with every model's answer beside them.
  Frame Results(const Frame& labelled) const {
    Frame results = labelled;
    const auto put = [&](const std::string& name, const std::vector<double>& values) {
      if (values.size() == results.rows()) results.Set(name, values);
    };
    const auto threshold_of = [&](const std::string& run, const std::vector<double>& scores) {
      const EvaluatedModel* model = Find(run);
      std::vector<double> flags(scores.size());
      for (size_t r = 0; r < scores.size(); ++r) flags[r] = scores[r] >= model->model.info.threshold ? 1 : 0;
      return flags;
    };
    if (const auto it = scores_.find("isolation_forest"); it != scores_.end()) {
      put("if_anomaly_score", it->second);
      put("if_anomaly_pred", threshold_of("isolation_forest", it->second));
    }
    if (!blend_raw_.empty()) {
      std::vector<double> flags(blend_smooth_.size());
      for (size_t r = 0; r < flags.size(); ++r)
        flags[r] = blend_smooth_[r] >= options_.blend_threshold ? 1 : 0;
      put("alarm_prob_raw", blend_raw_);
      put("alarm_prob_smooth", blend_smooth_);
      put("alarm_pred", flags);
    }
    if (!regime_.empty()) {
      put("regime_pred", regime_pred_);
      for (size_t k = 0; k < regime_.size() && k < 3; ++k) {
        put(std::vector<std::string>{"p_normal", "p_transition", "p_alarm"}[k], regime_[k]);
      }
    }
    for (size_t k = 0; k < pca_.size(); ++k) put(fmt::format("pca_pc{}", k + 1), pca_[k]);
    put("deviation_pred", deviation_);
    return results;
  }

 private:
  const EvaluatedModel* Find(const std::string& run) const {
    for (const EvaluatedModel& m : models_) {
      if (m.model.info.run == run) return &m;
    }
    return nullptr;
  }

  void ChooseRows() {
    bool seen = false;
    for (const EvaluatedModel& m : models_) seen = seen || m.model.info.data_digest == data_.digest;
    out_.judged_begin = seen ? data_.train.rows() : 0;
    out_.judged_why = seen
                          ? "the models were trained on the first part of this table; its last part is judged"
                          : "the models have not seen this table; all of it is judged";
    out_.all_times = all_.times();
    out_.times.assign(all_.times().begin() + static_cast<std::ptrdiff_t>(out_.judged_begin),
                      all_.times().end());
    const auto& label = all_[kLabelColumn];
    for (size_t r = out_.judged_begin; r < label.size(); ++r) out_.labels.push_back(label[r] > 0 ? 1 : 0);
  }

  std::vector<double> Judged(const std::vector<double>& values) const {
    return {values.begin() + static_cast<std::ptrdiff_t>(out_.judged_begin), values.end()};
  }

  // outputs × rows of a row model.
  Result<std::vector<std::vector<double>>> Outputs(const EvaluatedModel& m) const {
    FW_ASSIGN_OR_RETURN(const Matrix x, ToMatrix(all_, m.model.info.features));
    FW_ASSIGN_OR_RETURN(const Predictor predictor, Predictor::Build(m.model));
    const size_t k = predictor.outputs();
    std::vector<double> flat(x.rows * k);
    predictor.ScoreBatch(x.values.data(), x.rows, flat.data());
    std::vector<std::vector<double>> out(k, std::vector<double>(x.rows));
    for (size_t r = 0; r < x.rows; ++r) {
      for (size_t i = 0; i < k; ++i) out[i][r] = flat[r * k + i];
    }
    return out;
  }

  void Rank(const std::string& name, const std::vector<double>& all_scores, double threshold,
            bool probability) {
    RankedScore r;
    r.name = name;
    r.threshold = threshold;
    r.probability = probability;
    r.score = Judged(all_scores);
    r.auc = RocAuc(out_.labels, r.score);
    r.average_precision = AveragePrecision(out_.labels, r.score);
    if (probability) r.brier = BrierScore(out_.labels, r.score);
    r.at_threshold = Confuse(out_.labels, r.score, threshold);
    for (int i = 0; i < 50; ++i) {
      const double t = 0.1 + 0.8 * i / 49;
      r.f1_by_threshold.emplace_back(t, Confuse(out_.labels, r.score, t).F1());
    }
    out_.ranked.push_back(std::move(r));
  }

  Status ScoreRows() {
    for (const EvaluatedModel& m : models_) {
      const ModelInfo& info = m.model.info;
      if (info.kind == ModelKind::kPca) {
        FW_RETURN_IF_ERROR(Project(m));
        continue;
      }
      if (info.kind != ModelKind::kClassifier && info.kind != ModelKind::kIsolationForest) continue;
      FW_ASSIGN_OR_RETURN(auto outputs, Outputs(m));
      scores_[info.run] = std::move(outputs[0]);
      Rank(info.run, scores_[info.run], info.threshold, info.kind == ModelKind::kClassifier);
      if (info.kind == ModelKind::kIsolationForest) {
        out_.isolation_over_time = scores_[info.run];
        out_.isolation_threshold = info.threshold;
      }
      if (const auto* linear = std::get_if<LinearModel>(&m.model.body)) {
        for (size_t f = 0; f < linear->coef.size(); ++f)
          out_.lr_coefficients.emplace_back(info.features[f], linear->coef[f]);
        std::stable_sort(
            out_.lr_coefficients.begin(), out_.lr_coefficients.end(),
            [](const auto& a, const auto& b) { return std::abs(a.second) > std::abs(b.second); });
      }
    }
    return Status::Ok();
  }

  // The first two principal components of every row.
  Status Project(const EvaluatedModel& m) {
    const auto* pca = std::get_if<PcaModel>(&m.model.body);
    if (pca == nullptr) return Status::Ok();
    FW_ASSIGN_OR_RETURN(const Matrix x, ToMatrix(all_, m.model.info.features));
    pca_.assign(std::min<size_t>(2, pca->components.size()), std::vector<double>(x.rows));
    for (size_t k = 0; k < pca_.size(); ++k) {
      for (size_t r = 0; r < x.rows; ++r) {
        for (size_t f = 0; f < x.columns; ++f) {
          pca_[k][r] += (x.at(r, f) - pca->mean[f]) / pca->scale[f] * pca->components[k][f];
        }
      }
    }
    return Status::Ok();
  }

  void Blend() {
    const auto lr = scores_.find("lr_soft_alarm");
    const auto rf = scores_.find("rf_soft_alarm");
    if (lr == scores_.end() || rf == scores_.end()) return;
    blend_raw_.resize(lr->second.size());
    for (size_t r = 0; r < blend_raw_.size(); ++r) blend_raw_[r] = 0.5 * lr->second[r] + 0.5 * rf->second[r];
    blend_smooth_ = SmoothedBlend(lr->second, rf->second);
    Rank("soft_alarm (smoothed blend)", blend_smooth_, options_.blend_threshold, true);
  }

  Status Regimes() {
    const EvaluatedModel* m = Find("regime_classifier");
    if (m == nullptr || !all_.Has(kRegimeColumn)) return Status::Ok();
    FW_ASSIGN_OR_RETURN(regime_, Outputs(*m));
    regime_pred_.resize(all_.rows());
    for (size_t r = 0; r < all_.rows(); ++r) {
      size_t best = 0;
      for (size_t k = 1; k < regime_.size(); ++k) best = regime_[k][r] > regime_[best][r] ? k : best;
      regime_pred_[r] = static_cast<double>(best);
    }
    out_.regime_confusion.assign(regime_.size(), std::vector<double>(regime_.size()));
    const auto& truth = all_[kRegimeColumn];
    for (size_t r = out_.judged_begin; r < all_.rows(); ++r) {
      const auto t = static_cast<size_t>(truth[r]);
      if (t < regime_.size()) ++out_.regime_confusion[t][static_cast<size_t>(regime_pred_[r])];
    }
    for (const auto& p : regime_) out_.regime_probability.push_back(Judged(p));
    return Status::Ok();
  }

  Status Deviation() {
    const EvaluatedModel* m = Find("deviation_predictor");
    const std::string& target = plant_.models.deviation_target;
    if (m == nullptr || !all_.Has(target)) return Status::Ok();
    FW_ASSIGN_OR_RETURN(auto outputs, Outputs(*m));
    deviation_ = std::move(outputs[0]);
    const auto& actual = all_[target];
    // Row r predicts row r + 1: shown at the row it predicts.
    for (size_t r = std::max<size_t>(1, out_.judged_begin); r < all_.rows(); ++r) {
      out_.deviation_actual.push_back(actual[r]);
      out_.deviation_predicted.push_back(deviation_[r - 1]);
    }
    const Plant::ColumnInfo info = plant_.Describe(target);
    out_.deviation_unit = info.unit;
    const std::string setpoint = target.substr(0, target.rfind('_')) + "_sp";
    if (all_.Has(setpoint)) out_.deviation_band = 0.05 * std::abs(Median(all_[setpoint]));
    return Status::Ok();
  }

  Status Horizons() {
    for (const HorizonWindows& h : data_.horizons) {
      const EvaluatedModel* m = Find("forecaster_" + h.name);
      if (m == nullptr) continue;
      FW_ASSIGN_OR_RETURN(const Predictor predictor, Predictor::Build(m->model));
      HorizonFigures f;
      f.name = h.name;
      f.threshold = m->model.info.threshold;
      std::vector<double> timeline(all_.rows(), kNull);
      std::vector<double> scores;
      std::vector<uint8_t> labels;
      const bool within = plant_.models.forecast_target == ForecastTarget::kWithin;
      const auto judge = [&](const WindowMatrix& windows, const std::vector<uint8_t>& target) {
        std::vector<double> row(windows.columns);
        for (size_t w = 0; w < windows.rows(); ++w) {
          std::copy_n(windows.row(w), windows.columns, row.begin());
          scores.push_back(predictor.Score(row.data()));
          labels.push_back(target[w]);
          timeline[windows.end_row[w] - 1] = scores.back();
        }
      };
      if (out_.judged_begin == 0) judge(h.train, within ? h.train_within : h.train_at);
      judge(h.valid, within ? h.valid_within : h.valid_at);
      if (scores.empty()) continue;
      f.rows = scores.size();
      f.positives = static_cast<size_t>(std::count(labels.begin(), labels.end(), uint8_t{1}));
      f.f1 = Confuse(labels, scores, f.threshold).F1();
      f.auc = RocAuc(labels, scores);
      f.average_precision = AveragePrecision(labels, scores);
      f.brier = BrierScore(labels, scores);
      f.events = Events(timeline, f.threshold);
      out_.horizons.push_back(std::move(f));
    }
    return Status::Ok();
  }

  EventMetrics Events(const std::vector<double>& timeline, double threshold) const {
    EventOptions options;
    options.interval = plant_.interval;
    std::vector<uint8_t> alarm;
    const auto& rule = all_[kRuleAlarmColumn];
    for (size_t r = out_.judged_begin; r < rule.size(); ++r) alarm.push_back(rule[r] > 0 ? 1 : 0);
    const std::vector<Event> events = FindEvents(out_.times, alarm, options);
    return JudgeWarnings(out_.times, events, Judged(timeline), threshold, options);
  }

  Status Explain() {
    const EvaluatedModel* chosen = nullptr;
    for (const EvaluatedModel& m : models_) {
      if (m.model.info.kind != ModelKind::kClassifier ||
          !std::holds_alternative<CalibratedTrees>(m.model.body))
        continue;
      if (chosen == nullptr || m.champion) chosen = &m;
    }
    if (chosen == nullptr) return Status::Ok();
    const auto explainer = Explainer::Build(chosen->model);
    if (!explainer.ok()) return Status::Ok();  // no covers: the page says so by leaving the section out
    const ModelInfo& info = chosen->model.info;
    FW_ASSIGN_OR_RETURN(const Matrix x, ToMatrix(all_, info.features));
    const size_t n = x.rows - out_.judged_begin;
    std::vector<double> shap(n * x.columns);
    explainer->ExplainBatch(x.row(out_.judged_begin), n, shap.data(), nullptr);
    ShapFigures s;
    s.run = info.run;
    s.output = explainer->output();
    std::vector<double> mean_abs(x.columns);
    for (size_t f = 0; f < x.columns; ++f) {
      for (size_t r = 0; r < n; ++r)
        mean_abs[f] += std::abs(shap[r * x.columns + f]) / static_cast<double>(n);
    }
    std::vector<size_t> order(x.columns);
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return mean_abs[a] > mean_abs[b]; });
    for (const size_t f : order) {
      std::vector<double> column(n);
      std::vector<double> value(n);
      for (size_t r = 0; r < n; ++r) {
        column[r] = shap[r * x.columns + f];
        value[r] = x.at(out_.judged_begin + r, f);
      }
      const double low = Minimum(value);
      const double span = Maximum(value) - low;
      for (double& v : value) v = span > 0 ? (v - low) / span : 0.5;
      s.features.push_back(info.features[f]);
      s.mean_abs.push_back(mean_abs[f]);
      s.shap.push_back(std::move(column));
      s.value.push_back(std::move(value));
    }
    out_.shap.push_back(std::move(s));
    return Status::Ok();
  }

  // Every classifier fitted again on the rows before each fold.
  Status WalkForward() {
    std::vector<std::string> names;
    for (const EvaluatedModel& m : models_) {
      if (m.model.info.kind == ModelKind::kClassifier) names.push_back(m.model.info.run);
    }
    if (names.empty()) return Status::Ok();
    FW_ASSIGN_OR_RETURN(const std::vector<RunSpec> runs, SelectRuns(plant_, names));
    FW_ASSIGN_OR_RETURN(const TrainingData data, MakeTrainingData(plant_, data_));
    const std::vector<TimeFold> folds = data.WalkForward();
    std::vector<FoldFigures> cells(runs.size() * folds.size());
    std::vector<Status> failures(cells.size());
    ParallelFor(cells.size(), options_.threads, [&](size_t i) {
      const size_t k = i % folds.size();
      failures[i] = JudgeFold(runs[i / folds.size()], k, folds[k], data, &cells[i]);
      Report(options_.progress, "evaluate: walk-forward", i + 1, cells.size());
    });
    for (const Status& failure : failures) FW_RETURN_IF_ERROR(failure);
    out_.folds = std::move(cells);
    return Status::Ok();
  }

  Status JudgeFold(const RunSpec& run, size_t k, const TimeFold& fold, const TrainingData& data,
                   FoldFigures* cell) const {
    cell->run = run.name;
    cell->fold = static_cast<int>(k) + 1;
    cell->train_rows = fold.train_end;
    cell->test_rows = fold.test_end - fold.test_begin;
    const Labels y(data.label.data() + fold.test_begin, cell->test_rows);
    cell->positives = static_cast<size_t>(std::count(y.begin(), y.end(), uint8_t{1}));
    FitRequest request;
    request.end = fold.train_end;
    request.seed = DeriveSeed(options_.seed, run.name, k);
    FW_ASSIGN_OR_RETURN(const FitOutcome fit, FitRun(run, data, request));
    if (!fit.body)
      return Status::Ok();  // too few events in the fold's past: no figures, and the table shows it so
    FW_ASSIGN_OR_RETURN(const Predictor predictor, Predictor::Build(*fit.body));
    std::vector<double> scores(cell->test_rows);
    predictor.ScoreBatch(data.point.row(fold.test_begin), cell->test_rows, scores.data());
    const Confusion c = Confuse(y, scores, 0.5);
    cell->f1 = c.F1();
    cell->precision = c.Precision();
    cell->recall = c.Recall();
    cell->auc = RocAuc(y, scores);
    cell->average_precision = AveragePrecision(y, scores);
    return Status::Ok();
  }

  const Plant& plant_;
  const FeatureDataset& data_;
  const std::vector<EvaluatedModel>& models_;
  const EvaluationOptions& options_;
  Frame all_;
  std::map<std::string, std::vector<double>> scores_;  // run → every row
  std::vector<double> blend_raw_, blend_smooth_, regime_pred_, deviation_;
  std::vector<std::vector<double>> regime_, pca_;
  EvaluationFigures out_;
};

Json EventJson(const EventMetrics& e) {
  return {{"events", e.events},
          {"recall", Number(e.events > 0 ? e.Recall() : kNull)},
          {"false_alarms_per_day", Number(e.FalsePerDay())},
          {"median_lead_hours", Number(e.MedianLeadHours())}};
}

Json ToJson(const EvaluationFigures& f, const std::vector<EvaluatedModel>& models) {
  Json json;
  json["judged"] = {{"rows", f.labels.size()},
                    {"positives", std::count(f.labels.begin(), f.labels.end(), uint8_t{1})},
                    {"from", f.times.empty() ? "" : FormatPlantTime(f.times.front())},
                    {"to", f.times.empty() ? "" : FormatPlantTime(f.times.back())},
                    {"why", f.judged_why}};
  json["models"] = Json::array();
  for (const EvaluatedModel& m : models) {
    Json metrics = Json::object();
    for (const auto& [name, value] : m.model.info.metrics) metrics[name] = Number(value);
    json["models"].push_back({{"run", m.model.info.run},
                              {"name", m.registered},
                              {"version", m.version},
                              {"champion", m.champion},
                              {"skill", m.skill},
                              {"metrics", metrics}});
  }
  json["classifiers"] = Json::array();
  for (const RankedScore& r : f.ranked) {
    json["classifiers"].push_back({{"name", r.name},
                                   {"threshold", r.threshold},
                                   {"roc_auc", Number(r.auc)},
                                   {"average_precision", Number(r.average_precision)},
                                   {"brier", Number(r.brier)},
                                   {"f1", r.at_threshold.F1()},
                                   {"precision", r.at_threshold.Precision()},
                                   {"recall", r.at_threshold.Recall()}});
  }
  json["walk_forward"] = Json::array();
  for (const FoldFigures& w : f.folds) {
    json["walk_forward"].push_back({{"run", w.run},
                                    {"fold", w.fold},
                                    {"train_rows", w.train_rows},
                                    {"test_rows", w.test_rows},
                                    {"positives", w.positives},
                                    {"f1", Number(w.f1)},
                                    {"precision", Number(w.precision)},
                                    {"recall", Number(w.recall)},
                                    {"roc_auc", Number(w.auc)},
                                    {"average_precision", Number(w.average_precision)}});
  }
  json["horizons"] = Json::array();
  for (const HorizonFigures& h : f.horizons) {
    json["horizons"].push_back({{"horizon", h.name},
                                {"rows", h.rows},
                                {"positives", h.positives},
                                {"threshold", h.threshold},
                                {"f1", Number(h.f1)},
                                {"roc_auc", Number(h.auc)},
                                {"average_precision", Number(h.average_precision)},
                                {"brier", Number(h.brier)},
                                {"events", EventJson(h.events)}});
  }
  json["regime_confusion"] = f.regime_confusion;
  if (!f.deviation_actual.empty()) {
    json["deviation"] = {{"mae", Number(MeanAbsoluteError(f.deviation_actual, f.deviation_predicted))},
                         {"r2", Number(R2(f.deviation_actual, f.deviation_predicted))}};
  }
  return json;
}

std::string CsvCell(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

}  // namespace

Result<Evaluation> Evaluate(const Plant& plant, const Frame& labelled, const FeatureDataset& data,
                            const std::vector<EvaluatedModel>& models, const EvaluationOptions& options) {
  if (!data.labelled) {
    return Status::Invalid(fmt::format(
        "plant '{}' has no labels, so nothing can be judged; `report` shows its data", plant.name));
  }
  if (models.empty())
    return Status::NotFound("the registry holds no model to evaluate; run `forewarn train` first");
  Judge judge(plant, data, models, options);
  FW_RETURN_IF_ERROR(judge.Run());
  const EvaluationFigures& figures = judge.figures();
  Evaluation out;
  out.json = ToJson(figures, models);
  out.html = EvaluationPage(plant, figures, models);
  out.model_results = judge.Results(labelled);
  out.cv_results = "run,fold,train_rows,test_rows,positives,f1,precision,recall,roc_auc,average_precision\n";
  for (const FoldFigures& w : figures.folds) {
    out.cv_results += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", w.run, w.fold, w.train_rows, w.test_rows,
                                  w.positives, CsvCell(w.f1), CsvCell(w.precision), CsvCell(w.recall),
                                  CsvCell(w.auc), CsvCell(w.average_precision));
  }
  out.horizon_metrics =
      "horizon,rows,positives,threshold,f1,roc_auc,average_precision,brier,events,event_recall,false_alarms_"
      "per_day,"
      "median_lead_hours\n";
  for (const HorizonFigures& h : figures.horizons) {
    out.horizon_metrics +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", h.name, h.rows, h.positives, h.threshold,
                    CsvCell(h.f1), CsvCell(h.auc), CsvCell(h.average_precision), CsvCell(h.brier),
                    h.events.events, CsvCell(h.events.events > 0 ? h.events.Recall() : kNull),
                    CsvCell(h.events.FalsePerDay()), CsvCell(h.events.MedianLeadHours()));
  }
  for (const RankedScore& r : figures.ranked) {
    const std::string key = r.name.substr(0, r.name.find(' '));
    if (std::isfinite(r.auc)) out.metrics[key + "_roc_auc"] = r.auc;
    if (std::isfinite(r.brier)) out.metrics[key + "_brier"] = r.brier;
    out.metrics[key + "_f1"] = r.at_threshold.F1();
  }
  return out;
}

}  // namespace forewarn
