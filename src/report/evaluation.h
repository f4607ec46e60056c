// evaluate: how good the stored models are on a table, and how good a plain retraining would have been over
// time (models.md, "Evaluate, report"). Pure: table, data set and models in; figures, tables and one HTML
// page out.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "features/dataset.h"
#include "frame/frame.h"
#include "model/model.h"
#include "plant/plant.h"

namespace forewarn {

// A stored version under its run's name.
struct EvaluatedModel {
  std::string registered;  // "plant_alarm_champion"
  int version = 0;
  bool champion = false;
  std::string skill;
  Model model;
};

struct EvaluationOptions {
  uint64_t seed = 42;
  int threads = 0;
  double blend_threshold = 0.5;
  Progress progress;
};

struct Evaluation {
  nlohmann::ordered_json json;            // report.json
  std::string html;                       // report.html
  Frame model_results;                    // one row a row of the table
  std::string cv_results;                 // CSV
  std::string horizon_metrics;            // CSV
  std::map<std::string, double> metrics;  // what the registry keeps of it
};

// labelled: the table; data: BuildDataset of it. Rows the models were trained on (their data digest is the
// table's) are not judged: then only the validation part is, else every row. Invalid without labels or
// without a single model.
Result<Evaluation> Evaluate(const Plant& plant, const Frame& labelled, const FeatureDataset& data,
                            const std::vector<EvaluatedModel>& models, const EvaluationOptions& options);

}  // namespace forewarn
