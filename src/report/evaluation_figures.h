// The figures behind an evaluation, between the judge (evaluation.cc) and the page (evaluation_page.cc).
// Plain values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/plant_time.h"
#include "frame/frame.h"
#include "report/evaluation.h"
#include "train/event_metrics.h"
#include "train/metrics.h"

namespace forewarn {

// A score a row of the judged rows: a classifier, the isolation forest, or the smoothed blend.
struct RankedScore {
  std::string name;
  bool probability = true;  // false: a rank only (isolation forest); Brier and reliability still shown for it
  double threshold = 0.5;
  std::vector<double> score;  // judged rows
  double auc = kNull, average_precision = kNull, brier = kNull;
  Confusion at_threshold;
  std::vector<std::pair<double, double>> f1_by_threshold;  // 50 thresholds .1 … .9
};

struct HorizonFigures {
  std::string name;  // "1h"
  size_t rows = 0, positives = 0;
  double f1 = kNull, auc = kNull, average_precision = kNull, brier = kNull, threshold = 0.5;
  EventMetrics events;
};

struct FoldFigures {
  std::string run;
  int fold = 0;
  size_t train_rows = 0, test_rows = 0, positives = 0;
  double f1 = kNull, precision = kNull, recall = kNull, auc = kNull, average_precision = kNull;
};

struct ShapFigures {
  std::string run;                    // whose explanations
  std::string output;                 // their unit
  std::vector<std::string> features;  // by falling mean |SHAP|
  std::vector<double> mean_abs;
  std::vector<std::vector<double>> shap;   // [feature][row]
  std::vector<std::vector<double>> value;  // [feature][row], feature values scaled to 0 … 1
};

struct EvaluationFigures {
  size_t judged_begin = 0;  // first judged row of the table
  std::string judged_why;
  std::vector<PlantTime> times;  // of the judged rows
  std::vector<uint8_t> labels;   // of the judged rows
  std::vector<RankedScore> ranked;
  std::vector<HorizonFigures> horizons;
  std::vector<FoldFigures> folds;
  std::vector<ShapFigures> shap;  // at most one: of the champion or the first tree model
  std::vector<std::pair<std::string, double>> lr_coefficients;  // by falling size
  std::vector<std::vector<double>> regime_confusion;            // [true][predicted], empty without the model
  std::vector<std::vector<double>> regime_probability;          // [class][judged row]
  std::vector<double> deviation_actual, deviation_predicted;    // judged rows
  double deviation_band = kNull;                                // 5 % of the setpoint
  std::string deviation_unit;
  std::vector<PlantTime> all_times;
  std::vector<double> isolation_over_time;  // every row
  double isolation_threshold = kNull;
};

// The page of the figures; models give the skill table.
std::string EvaluationPage(const Plant& plant, const EvaluationFigures& figures,
                           const std::vector<EvaluatedModel>& models);

}  // namespace forewarn
