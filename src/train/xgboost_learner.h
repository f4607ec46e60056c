// Boosted trees and random forests, grown by XGBoost's C API (Chen & Guestrin 2016) and read back as plain
// trees. One thread a fit, no state between fits: equal inputs give equal trees, whatever runs beside them.
// Safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"
#include "model/model.h"
#include "train/matrix.h"

namespace forewarn {

// Names as in XGBoost's documentation.
struct BoostParams {
  bool forest = false;  // one round of `trees` parallel trees on squared error; else `trees` rounds, logistic
  int trees = 100;
  int max_depth = 3;
  int max_leaves = 0;  // > 0: leaf-wise growth
  double eta = 0.05;
  double subsample = 1;
  double colsample_bytree = 1;
  double colsample_bynode = 1;
  double min_child_weight = 1;
  double lambda = 1;
  double scale_pos_weight = 1;
};

// Boosting: the raw output is log-odds, base margin 0 (probability ½). Forest: the mean of leaf values, each
// the weighted share of ones in its leaf. y: 0/1, one a row; weights: one a row or empty. Covers and gains
// are filled. Invalid for no rows or columns; Internal if the library refuses.
Result<TreeEnsemble> GrowTrees(const BoostParams& params, const Matrix& x, const std::vector<uint8_t>& y,
                               const std::vector<float>& weights, uint64_t seed);

}  // namespace forewarn
