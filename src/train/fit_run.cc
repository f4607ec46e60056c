#include "train/fit_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/random.h"
#include "features/smote.h"
#include "model/predictor.h"
#include "train/calibrators.h"
#include "train/isolation_forest.h"
#include "train/linear_models.h"
#include "train/pca.h"

namespace forewarn {
namespace {

constexpr char kTooFewEvents[] = "too few events";

FitOutcome NotFitted(std::string why) {
  FitOutcome out;
  out.not_fitted = std::move(why);
  return out;
}

// The first `end` rows of the point features with their labels.
Samples PointSamples(const TrainingData& data, size_t end) {
  Samples out;
  out.x = data.point.Slice(0, end);
  out.y.assign(data.label.begin(), data.label.begin() + static_cast<std::ptrdiff_t>(end));
  return out;
}

std::vector<int> ToInts(const std::vector<uint8_t>& y) { return {y.begin(), y.end()}; }

Samples OverSample(const Samples& in, uint64_t seed, std::string* note) {
  SmoteResult smote = Smote(in.x.values, in.x.columns, in.y, kSmoteNeighbours, seed);
  if (!smote.applied) *note = smote.note;
  Samples out;
  out.x.rows = smote.labels.size();
  out.x.columns = in.x.columns;
  out.x.values = std::move(smote.values);
  out.y = std::move(smote.labels);
  return out;
}

std::vector<float> BalancedFloats(const std::vector<uint8_t>& y) {
  const std::vector<double> weights = BalancedWeights(ToInts(y));
  return {weights.begin(), weights.end()};
}

// Grows the run's trees on the samples, weighted as the run's table says, leaves snapped for exact sums.
Result<TreeEnsemble> Grow(const RunSpec& spec, const Samples& samples, uint64_t seed) {
  BoostParams params = spec.boost;
  std::vector<float> weights;
  const auto columns = static_cast<double>(samples.x.columns);
  const auto positives = static_cast<double>(samples.positives());
  if (params.forest) {
    params.colsample_bynode = std::sqrt(columns) / columns;
    weights = BalancedFloats(samples.y);
  } else if (params.max_leaves > 0 || spec.learner == RunSpec::Learner::kForecaster) {
    params.scale_pos_weight = (static_cast<double>(samples.y.size()) - positives) / positives;
  }
  FW_ASSIGN_OR_RETURN(TreeEnsemble ensemble, GrowTrees(params, samples.x, samples.y, weights, seed));
  SnapLeaves(&ensemble);
  return ensemble;
}

// Uncalibrated outputs of one ensemble over rows.
Result<std::vector<double>> RawScores(const TreeEnsemble& ensemble, const Matrix& x) {
  CalibratedTrees body;
  body.folds.push_back({ensemble, {}});
  FW_ASSIGN_OR_RETURN(const Predictor predictor, Predictor::Build(ModelBody(std::move(body))));
  std::vector<double> out(x.rows);
  predictor.RawBatch(x.values.data(), x.rows, out.data());
  return out;
}

void AddGains(const std::vector<double>& gains, std::vector<double>* sum) {
  sum->resize(gains.size(), 0);
  for (size_t f = 0; f < gains.size(); ++f) (*sum)[f] += gains[f];
}

// A linear model's importances: the sizes of its coefficients, as its inputs are standardised.
std::vector<double> Magnitudes(const std::vector<double>& coef) {
  std::vector<double> out;
  for (const double c : coef) out.push_back(std::fabs(c));
  return out;
}

void Normalise(std::vector<double>* values) {
  double sum = 0;
  for (const double v : *values) sum += v;
  if (sum <= 0) return;
  for (double& v : *values) v /= sum;
}

// models.md, "Rows": expanding folds of real rows, each fits (an over-sample of) its past and calibrates on
// the next block. Folds without both classes in both parts are left out.
Result<FitOutcome> FitCalibrated(const RunSpec& spec, const Samples& samples, bool over_sample,
                                 uint64_t seed) {
  FitOutcome out;
  CalibratedTrees body;
  body.log_odds = !spec.boost.forest;
  const std::vector<TimeFold> folds = TimeSeriesSplit(samples.y.size(), kCalibrationFolds);
  for (size_t k = 0; k < folds.size(); ++k) {
    const std::string where = fmt::format("calibration fold {} of {}", k + 1, folds.size());
    const Samples past = samples.Slice(0, folds[k].train_end);
    const Samples next = samples.Slice(folds[k].test_begin, folds[k].test_end);
    if (!past.BothClasses() || !next.BothClasses()) {
      out.notes.push_back(where + " left out: it lacks one of the classes");
      continue;
    }
    std::string smote_note;
    const Samples fit = over_sample ? OverSample(past, DeriveSeed(seed, "smote", k), &smote_note) : past;
    if (!smote_note.empty()) out.notes.push_back(where + ", no over-sampling: " + smote_note);
    CalibratedTrees::Fold fold;
    FW_ASSIGN_OR_RETURN(fold.ensemble, Grow(spec, fit, DeriveSeed(seed, "trees", k)));
    FW_ASSIGN_OR_RETURN(const std::vector<double> raw, RawScores(fold.ensemble, next.x));
    FW_ASSIGN_OR_RETURN(fold.calibration, spec.calibration == Calibration::Kind::kSigmoid
                                              ? FitSigmoid(raw, next.y)
                                              : FitIsotonic(raw, next.y));
    AddGains(FeatureGains(fold.ensemble), &out.gains);
    body.folds.push_back(std::move(fold));
  }
  if (body.folds.empty()) {
    out.not_fitted = kTooFewEvents;
    return out;
  }
  Normalise(&out.gains);
  out.body = ModelBody(std::move(body));
  return out;
}

// The rows gradient boosting and logistic regression fit: the ETL's over-sampled training part, or that of
// the past.
Samples OverSampledPoints(const TrainingData& data, const FitRequest& request,
                          std::vector<std::string>* notes) {
  if (request.final) {
    Samples out;
    out.x = data.smote_point;
    out.y.assign(data.smote_label.begin(), data.smote_label.end());
    return out;
  }
  std::string note;
  Samples out = OverSample(PointSamples(data, request.end), DeriveSeed(request.seed, "smote"), &note);
  if (!note.empty()) notes->push_back("no over-sampling: " + note);
  return out;
}

Result<FitOutcome> FitBoosting(const RunSpec& spec, const TrainingData& data, const FitRequest& request) {
  FitOutcome out;
  const Samples samples = OverSampledPoints(data, request, &out.notes);
  if (!samples.BothClasses()) return NotFitted(kTooFewEvents);
  CalibratedTrees::Fold fold;
  FW_ASSIGN_OR_RETURN(fold.ensemble, Grow(spec, samples, DeriveSeed(request.seed, "trees")));
  fold.calibration.kind = Calibration::Kind::kLogistic;
  out.gains = FeatureGains(fold.ensemble);
  CalibratedTrees body;
  body.folds.push_back(std::move(fold));
  out.body = ModelBody(std::move(body));
  return out;
}

Result<FitOutcome> FitSoftAlarm(const RunSpec& spec, const TrainingData& data, const FitRequest& request) {
  FitOutcome out;
  const Samples samples = OverSampledPoints(data, request, &out.notes);
  if (!samples.BothClasses()) return NotFitted(kTooFewEvents);
  FW_ASSIGN_OR_RETURN(LinearModel model, FitLogistic(samples.x, ToInts(samples.y), spec.regularisation));
  out.gains = Magnitudes(model.coef);
  Normalise(&out.gains);
  out.body = ModelBody(std::move(model));
  return out;
}

Result<FitOutcome> FitRegime(const RunSpec& spec, const TrainingData& data, const FitRequest& request) {
  FitOutcome out;
  Matrix x = data.smote_point;
  std::vector<int> y = data.smote_regime;
  if (!request.final) {
    std::string note;
    const Samples real = PointSamples(data, request.end);
    Samples samples = OverSample(real, DeriveSeed(request.seed, "smote"), &note);
    if (!note.empty()) out.notes.push_back("no over-sampling: " + note);
    y.assign(data.regime.begin(), data.regime.begin() + static_cast<std::ptrdiff_t>(request.end));
    const bool synthetic_alarms = samples.y.size() > y.size() && samples.y.back() == 1;
    y.resize(samples.y.size(), synthetic_alarms ? kRegimes - 1 : 0);
    x = std::move(samples.x);
  }
  if (std::all_of(y.begin(), y.end(), [&](int k) { return k == y[0]; })) return NotFitted(kTooFewEvents);
  FW_ASSIGN_OR_RETURN(MultinomialModel model, FitMultinomial(x, y, kRegimes, spec.regularisation));
  for (const std::vector<double>& coef : model.coef) AddGains(Magnitudes(coef), &out.gains);
  Normalise(&out.gains);
  out.body = ModelBody(std::move(model));
  return out;
}

// Rows t with a next row one interval later, t + 1 < end.
Result<FitOutcome> FitDeviation(const RunSpec& spec, const TrainingData& data, const FitRequest& request) {
  if (data.deviation.empty()) return NotFitted("the plant file names no deviation_target");
  std::vector<size_t> rows;
  std::vector<double> next;
  for (size_t r = 0; r + 1 < request.end; ++r) {
    if (data.times[r + 1] - data.times[r] != data.event_options.interval) continue;
    rows.push_back(r);
    next.push_back(data.deviation[r + 1]);
  }
  if (rows.size() < 2) return NotFitted("too few rows");
  FW_ASSIGN_OR_RETURN(LinearModel model, FitRidge(data.point.Take(rows), next, spec.regularisation));
  FitOutcome out;
  out.gains = Magnitudes(model.coef);
  Normalise(&out.gains);
  out.body = ModelBody(std::move(model));
  return out;
}

// On normal rows where rows are labelled; both parts of the timeline for the final model (models.md).
Result<FitOutcome> FitMonitor(const TrainingData& data, const FitRequest& request) {
  std::vector<size_t> rows;
  const size_t end = request.final ? data.rows : request.end;
  for (size_t r = 0; r < end; ++r) {
    if (!data.labelled || data.label[r] == 0) rows.push_back(r);
  }
  Result<PcaModel> model = FitPcaMonitor(data.sensors.Take(rows));
  if (!model.ok()) return NotFitted(model.message());
  FitOutcome out;
  out.body = ModelBody(std::move(*model));
  return out;
}

Result<FitOutcome> FitForecaster(const RunSpec& spec, const TrainingData& data, const FitRequest& request) {
  if (spec.horizon >= data.windows.size()) return NotFitted("the features hold no windows of this horizon");
  const WindowSamples& windows = data.windows[spec.horizon];
  return FitCalibrated(spec, windows.samples.Slice(0, windows.WindowsBefore(request.end)), false,
                       request.seed);
}

}  // namespace

Result<FitOutcome> FitRun(const RunSpec& spec, const TrainingData& data, const FitRequest& request) {
  using Learner = RunSpec::Learner;
  if (spec.NeedsLabels() && !data.labelled) return NotFitted("the table has no labels");
  switch (spec.learner) {
    case Learner::kBoosting:
      return FitBoosting(spec, data, request);
    case Learner::kCalibrated:
      return FitCalibrated(spec, PointSamples(data, request.end), true, request.seed);
    case Learner::kForecaster:
      return FitForecaster(spec, data, request);
    case Learner::kLogistic:
      return FitSoftAlarm(spec, data, request);
    case Learner::kRegime:
      return FitRegime(spec, data, request);
    case Learner::kRidge:
      return FitDeviation(spec, data, request);
    case Learner::kPca:
      return FitMonitor(data, request);
    case Learner::kIsolation:
      break;
  }
  FW_ASSIGN_OR_RETURN(IsolationForestModel forest,
                      FitIsolationForest(data.point.Slice(0, request.end), kIsolationTrees, kIsolationPsi,
                                         DeriveSeed(request.seed, "trees")));
  FitOutcome out;
  out.body = ModelBody(std::move(forest));
  return out;
}

}  // namespace forewarn
