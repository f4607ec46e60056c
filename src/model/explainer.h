// Why a model answered what it did: exact Shapley values of the raw output, one a feature, adding up to it
// (models.md, "Explanations"). Trees: path-dependent TreeSHAP on covers, mean over folds (tree_shap.h);
// linear models: the coefficient times the distance from the training mean. Immutable after Build; const
// calls are safe from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "model/model.h"

namespace forewarn {

struct Explanation {
  double base_value = 0;
  double output_value = 0;   // base_value + Σ shap, within 1e-6: the mean raw output of the folds
  std::vector<double> shap;  // one a feature
};

class Explainer {
 public:
  // Unavailable, with the reason, for a model without covers, a PCA, a regime classifier or a model made
  // elsewhere.
  static Result<Explainer> Build(const Model& model);

  Explainer(Explainer&&) noexcept;
  Explainer& operator=(Explainer&&) noexcept;
  ~Explainer();

  size_t features() const;
  // What output_value is: "log_odds", "score" (forest, isolation forest: mean leaf value) or "value" (ridge).
  const std::string& output() const;
  double base_value() const;
  Explanation Explain(const double* row) const;
  // rows: n × features(); shap: n × features(); output_values: n, may be null.
  void ExplainBatch(const double* rows, size_t n, double* shap, double* output_values) const;

 private:
  struct Impl;
  explicit Explainer(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

// The sensor a forecaster's input belongs to: "{sensor}_t-11" … "_t0", "_wmean", "_wstd", "_wtrend". One
// index into sensors per feature; Invalid names a feature that belongs to none.
Result<std::vector<size_t>> SensorOfFeatures(const std::vector<std::string>& features,
                                             const std::vector<std::string>& sensors);
// Sums values by group: one driver a sensor. groups as SensorOfFeatures gives them.
std::vector<double> SumByGroup(const std::vector<double>& values, const std::vector<size_t>& groups,
                               size_t count);

}  // namespace forewarn
