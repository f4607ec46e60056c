// Boosted trees on their own: what a training elsewhere (XGBoost in Python or on Spark) hands over, before it
// is calibrated and becomes a model. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/status.h"
#include "model/model.h"
#include "model/predictor.h"

namespace forewarn::python {

class BoostedTrees {
 public:
  // XGBoost's JSON or UBJ. Leaves are snapped (model.h, SnapLeaves), as those grown here are, so that every
  // evaluator sums them alike.
  static Result<std::shared_ptr<const BoostedTrees>> FromXgboost(std::string_view bytes);

  const TreeEnsemble& ensemble() const { return ensemble_; }
  bool log_odds() const { return log_odds_; }
  const Predictor& predictor() const { return *predictor_; }
  const std::string& bytes() const { return bytes_; }

 private:
  BoostedTrees() = default;

  TreeEnsemble ensemble_;
  bool log_odds_ = true;
  std::unique_ptr<const Predictor> predictor_;  // raw output only
  std::string bytes_;                           // as given, for pickling
};

}  // namespace forewarn::python
