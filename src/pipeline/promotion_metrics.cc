// ValidationMetrics: a stored model scored again on a dataset's validation rows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/predictor.h"
#include "pipeline/promotion.h"
#include "train/metrics.h"

namespace forewarn {
namespace {

using Metrics = std::map<std::string, double>;

// Row-major inputs of the model for every row of the table.
Result<std::vector<double>> InputsOf(const ModelInfo& info, const Frame& rows) {
  const size_t columns = info.features.size();
  std::vector<double> out(rows.rows() * columns);
  for (size_t f = 0; f < columns; ++f) {
    FW_ASSIGN_OR_RETURN(const auto column, rows.Column(info.features[f]));
    for (size_t r = 0; r < rows.rows(); ++r) out[r * columns + f] = column[r];
  }
  return out;
}

Result<std::vector<double>> ScoreRows(const Model& model, const std::vector<double>& inputs, size_t rows) {
  FW_ASSIGN_OR_RETURN(const Predictor predictor, Predictor::Build(model));
  std::vector<double> out(rows * predictor.outputs());
  predictor.ScoreBatch(inputs.data(), rows, out.data());
  return out;
}

Metrics RankingMetrics(const std::vector<uint8_t>& y, const std::vector<double>& score, double threshold,
                       bool probability) {
  Metrics metrics;
  const Confusion confusion = Confuse(y, score, threshold);
  metrics["f1_anomaly"] = confusion.F1();
  metrics["precision_anomaly"] = confusion.Precision();
  metrics["recall_anomaly"] = confusion.Recall();
  metrics["roc_auc_anomaly"] = RocAuc(y, score);
  metrics["average_precision"] = AveragePrecision(y, score);
  if (probability) metrics["brier_score"] = BrierScore(y, score);
  return metrics;
}

Result<std::vector<uint8_t>> LabelsOf(const Frame& rows) {
  FW_ASSIGN_OR_RETURN(const auto label, rows.Column(kLabelColumn));
  std::vector<uint8_t> y;
  for (const double cell : label) y.push_back(cell > 0.5 ? 1 : 0);
  return y;
}

Result<Metrics> PointMetrics(const Model& model, const Frame& rows) {
  FW_ASSIGN_OR_RETURN(const std::vector<uint8_t> y, LabelsOf(rows));
  FW_ASSIGN_OR_RETURN(const std::vector<double> inputs, InputsOf(model.info, rows));
  FW_ASSIGN_OR_RETURN(const std::vector<double> score, ScoreRows(model, inputs, rows.rows()));
  // An isolation forest's alarm lies strictly above its quantile; Confuse takes >=.
  const bool isolation = model.info.kind == ModelKind::kIsolationForest;
  const double threshold = isolation ? std::nextafter(model.info.threshold, HUGE_VAL) : 0.5;
  return RankingMetrics(y, score, threshold, !isolation);
}

Result<Metrics> RegimeMetrics(const Model& model, const Frame& rows) {
  FW_ASSIGN_OR_RETURN(const auto regime, rows.Column(kRegimeColumn));
  FW_ASSIGN_OR_RETURN(const std::vector<double> inputs, InputsOf(model.info, rows));
  FW_ASSIGN_OR_RETURN(const std::vector<double> out, ScoreRows(model, inputs, rows.rows()));
  const size_t classes = rows.rows() == 0 ? 1 : out.size() / rows.rows();
  std::vector<int> y;
  std::vector<int> predicted;
  for (size_t r = 0; r < rows.rows(); ++r) {
    const auto row = out.begin() + static_cast<std::ptrdiff_t>(r * classes);
    y.push_back(static_cast<int>(regime[r]));
    predicted.push_back(
        static_cast<int>(std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row));
  }
  return Metrics{{"f1_macro", MacroF1(y, predicted, static_cast<int>(classes))},
                 {"accuracy", Accuracy(y, predicted)}};
}

// The value one step ahead: the last row has none.
Result<Metrics> DeviationMetrics(const Plant& plant, const Model& model, const Frame& rows) {
  FW_ASSIGN_OR_RETURN(const auto target, rows.Column(plant.models.deviation_target));
  if (rows.rows() < 2) return Status::Invalid("fewer than two validation rows");
  FW_ASSIGN_OR_RETURN(const std::vector<double> inputs, InputsOf(model.info, rows));
  FW_ASSIGN_OR_RETURN(std::vector<double> predicted, ScoreRows(model, inputs, rows.rows()));
  predicted.pop_back();
  const std::vector<double> next(target.begin() + 1, target.end());
  return Metrics{{"mae", MeanAbsoluteError(next, predicted)}, {"r2", R2(next, predicted)}};
}

Result<Metrics> ForecastMetrics(const Plant& plant, const FeatureDataset& dataset, const Model& model) {
  for (const HorizonWindows& horizon : dataset.horizons) {
    if (horizon.name != model.info.horizon_name) continue;
    if (horizon.valid.names != model.info.features) return Status::Invalid("the window's features differ");
    const std::vector<double> inputs(horizon.valid.values.begin(), horizon.valid.values.end());
    FW_ASSIGN_OR_RETURN(const std::vector<double> score, ScoreRows(model, inputs, horizon.valid.rows()));
    const bool within = plant.models.forecast_target == ForecastTarget::kWithin;
    return RankingMetrics(within ? horizon.valid_within : horizon.valid_at, score, 0.5, true);
  }
  return Status::Invalid(fmt::format("the features have no horizon '{}'", model.info.horizon_name));
}

}  // namespace

Result<Metrics> ValidationMetrics(const Plant& plant, const FeatureDataset& dataset, const Model& model) {
  const bool judged = model.info.kind != ModelKind::kPca && model.info.kind != ModelKind::kDeviation;
  if (judged && (!dataset.labelled || dataset.valid.rows() == 0)) {
    return Status::Invalid("there are no labelled validation rows");
  }
  switch (model.info.kind) {
    case ModelKind::kClassifier:
    case ModelKind::kIsolationForest:
      return PointMetrics(model, dataset.valid);
    case ModelKind::kRegime:
      return RegimeMetrics(model, dataset.valid);
    case ModelKind::kDeviation:
      return DeviationMetrics(plant, model, dataset.valid);
    case ModelKind::kForecaster:
      return ForecastMetrics(plant, dataset, model);
    case ModelKind::kPca:
      return Metrics{};
  }
  return Metrics{};
}

}  // namespace forewarn
