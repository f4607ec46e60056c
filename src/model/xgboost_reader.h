// An XGBoost model file (JSON or UBJ, any release since 1.0) → the trees of model.h: what the learner grows
// here, and what a Python or Spark training gives. Boosted trees of one output only: a linear booster, DART,
// several targets or categorical splits are errors that say so. The bytes are not trusted. Pure; any thread.
#pragma once

#include <string_view>

#include "core/status.h"
#include "model/model.h"

namespace forewarn {

struct XgboostModel {
  TreeEnsemble trees;     // kSum; base: the margin of the file's base_score; covers and gains are filled
  bool log_odds = false;  // objective binary:logistic; else the sum is the value itself (reg:squarederror)
};

Result<XgboostModel> ReadXgboost(std::string_view bytes);

}  // namespace forewarn
