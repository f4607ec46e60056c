// An XGBoost model file from elsewhere: whatever is read must score without a fault.
#include <cmath>
#include <string_view>

#include "model/predictor.h"
#include "model/xgboost_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forewarn;
  auto model = ReadXgboost({reinterpret_cast<const char*>(data), size});
  if (!model.ok() || model->trees.features > 4096) return 0;
  const auto features = static_cast<size_t>(model->trees.features);
  CalibratedTrees body;
  body.folds.push_back({std::move(model->trees), {}});
  auto predictor = Predictor::Build(ModelBody(std::move(body)));
  if (!predictor.ok()) return 0;
  std::vector<double> row(features);
  for (size_t f = 0; f < features; ++f) row[f] = f % 3 == 1 ? std::nan("") : static_cast<double>(f) - 2;
  (void)predictor->Score(row.data());
  return 0;
}
