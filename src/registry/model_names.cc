#include "registry/model_names.h"

namespace forewarn {

std::string ForecasterName(const std::string& prefix, const std::string& horizon_name) {
  return prefix + "_forecaster_" + horizon_name;
}

std::vector<std::string> ServedNames(const std::string& prefix,
                                     const std::vector<std::string>& horizon_names) {
  std::vector<std::string> names;
  for (const char* suffix : {kChampionSuffix, "rf_soft_alarm", "lr_soft_alarm", "isolation_forest",
                             "regime_classifier", "deviation_predictor", kPcaSuffix}) {
    names.push_back(prefix + "_" + suffix);
  }
  for (const std::string& horizon : horizon_names) names.push_back(ForecasterName(prefix, horizon));
  return names;
}

ModelKind KindOfName(std::string_view name) {
  if (name.ends_with("_isolation_forest")) return ModelKind::kIsolationForest;
  if (name.ends_with("_regime_classifier")) return ModelKind::kRegime;
  if (name.ends_with("_deviation_predictor")) return ModelKind::kDeviation;
  if (name.ends_with(std::string("_") + kPcaSuffix)) return ModelKind::kPca;
  if (name.find("_forecaster_") != std::string_view::npos) return ModelKind::kForecaster;
  return ModelKind::kClassifier;
}

}  // namespace forewarn
