#include "trees.h"

#include "model/xgboost_reader.h"

namespace forewarn::python {

Result<std::shared_ptr<const BoostedTrees>> BoostedTrees::FromXgboost(std::string_view bytes) {
  FW_ASSIGN_OR_RETURN(XgboostModel model, ReadXgboost(bytes));
  SnapLeaves(&model.trees);
  std::shared_ptr<BoostedTrees> out(new BoostedTrees());
  CalibratedTrees body;
  body.folds.push_back({model.trees, {}});
  body.log_odds = model.log_odds;
  FW_ASSIGN_OR_RETURN(Predictor predictor, Predictor::Build(ModelBody(std::move(body))));
  out->predictor_ = std::make_unique<const Predictor>(std::move(predictor));
  out->ensemble_ = std::move(model.trees);
  out->log_odds_ = model.log_odds;
  out->bytes_ = std::string(bytes);
  return std::shared_ptr<const BoostedTrees>(std::move(out));
}

}  // namespace forewarn::python
