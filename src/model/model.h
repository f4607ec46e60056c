// What a trained model *is*, apart from how it was trained: plain structs that the learners fill, ONNX reads
// and writes, the evaluator flattens and TreeSHAP explains. A Model is immutable once built; const access is
// safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/status.h"

namespace forewarn {

// One node of a decision tree. A leaf has left == -1. A split sends x to `left` if float(x) < threshold, to
// `right` otherwise, NaN to the side default_left says (XGBoost's rule).
struct TreeNode {
  int32_t feature = -1;
  int32_t left = -1;
  int32_t right = -1;
  bool default_left = false;
  float threshold = 0;
  float value = 0;  // of a leaf
  float cover = 0;  // training weight that reached the node (XGBoost's sum_hessian); 0 = unknown
  float gain = 0;   // loss reduction of a split; for importances only
};

struct Tree {
  std::vector<TreeNode> nodes;  // nodes[0] is the root; children stand after their parent
};

// Output = base + Σ leaf values (kSum) or base + mean of leaf values (kAverage); summed in float, in tree
// order, for kSum exactly as XGBoost sums (base first).
struct TreeEnsemble {
  enum class Aggregate { kSum, kAverage };
  std::vector<Tree> trees;
  Aggregate aggregate = Aggregate::kSum;
  float base = 0;
  int features = 0;
};

// Raw output to probability. kIdentity for models whose own output is the probability already.
struct Calibration {
  enum class Kind { kIdentity, kSigmoid, kIsotonic, kLogistic };
  Kind kind = Kind::kIdentity;
  double a = 0;  // kSigmoid (Platt): 1 / (1 + exp(a·s + b))
  double b = 0;
  std::vector<double> x, y;  // kIsotonic: strictly increasing knots, linear between, clipped outside
                             // kLogistic: 1 / (1 + exp(−s)), no parameters
};

// gradient_boosting, the calibrated classifiers, the forest, the forecasters: score = mean over folds of
// calibrated output.
struct CalibratedTrees {
  struct Fold {
    TreeEnsemble ensemble;
    Calibration calibration;
  };
  std::vector<Fold> folds;
  bool log_odds =
      true;  // the raw output is log-odds (boosting); else a plain score (forest: mean leaf value)
};

// x standardised as (x − mean) / scale, then output = intercept + coef · x. Logistic regression passes it
// through 1/(1+exp(−s)); ridge does not. Null inputs are the caller's to fill (training medians).
struct LinearModel {
  std::vector<double> mean, scale, coef;
  double intercept = 0;
  bool logistic = false;
};

// Softmax over classes of intercept[k] + coef[k]·x of the standardised x.
struct MultinomialModel {
  std::vector<double> mean, scale;
  std::vector<std::vector<double>> coef;  // [classes][features]
  std::vector<double> intercept;          // [classes]
};

// Leaf value = depth + c(rows of the leaf); score = 2^(−mean leaf value / c(psi)) (Liu, Ting & Zhou 2008).
struct IsolationForestModel {
  TreeEnsemble trees;  // kAverage
  int psi = 256;
};

// c(n): the mean path length of an unsuccessful search in a binary tree of n rows, as scikit-learn computes
// it (0 below 2, 1 at 2, else 2 (ln(n − 1) + γ) − 2 (n − 1) / n).
double AveragePathLength(int rows);

// T² over the first `kept` components and SPE of the rest, of the standardised x (Jackson & Mudholkar 1979).
struct PcaModel {
  std::vector<double> mean, scale;
  std::vector<std::vector<double>> components;  // [components][features], by falling variance
  std::vector<double> variance;                 // eigenvalues
  std::vector<double> explained;                // share of variance, sums to 1
  int kept = 0;                                 // components that hold 90 % of the variance
  // limits at confidence .95 and .99
  double t2_limit95 = 0, t2_limit99 = 0, spe_limit95 = 0, spe_limit99 = 0;
};

// A model made elsewhere (a Python tool's ONNX file) within the operators of onnx_program.h. It scores; it
// has no parts to explain, so explanations and importances are unavailable.
class OnnxProgram;
struct ForeignModel {
  std::shared_ptr<const OnnxProgram> program;
};

enum class ModelKind { kClassifier, kIsolationForest, kRegime, kDeviation, kPca, kForecaster };
const char* ModelKindName(ModelKind kind);
Result<ModelKind> ParseModelKind(const std::string& name);

using ModelBody = std::variant<CalibratedTrees, LinearModel, MultinomialModel, IsolationForestModel, PcaModel,
                               ForeignModel>;

// What a version knows about itself beside its graph; stored as forewarn.json in the artifact folder. Holds
// no time, path or run id: same data and seed, same bytes.
struct ModelInfo {
  std::string run;  // "xgboost_calibrated"
  ModelKind kind = ModelKind::kClassifier;
  std::string plant;
  std::vector<std::string> features;  // input names in order
  std::vector<double> medians;        // training medians, one a feature: imputation
  double threshold = 0.5;
  int horizon = 0;                   // forecasters: steps ahead
  std::string horizon_name;          // forecasters: "1h"
  std::vector<std::string> sensors;  // forecasters: the window's sensors, in order
  int window = 0;                    // forecasters: rows of a window
  std::vector<double> gains;         // importances, one a feature, normalised to 1 (empty: none)
  std::string skill = "not judged";  // the verdict
  std::vector<std::pair<std::string, double>> metrics;  // sorted by name
  std::vector<std::pair<std::string, double>> params;   // learner parameters, sorted by name
  std::string data_digest;                              // sha-256 of the features it was trained on
  std::string code_version;
  std::vector<std::string> notes;  // what was skipped and why (a fold without both classes, SMOTE skipped …)
};

struct Model {
  ModelInfo info;
  ModelBody body;
};

// Number of inputs the body reads.
size_t FeatureCount(const ModelBody& body);
// Everything later code relies on: trees with children after their parents and features in range, finite
// numbers, equal lengths, positive scales, increasing knots. Learners, the ONNX reader and the evaluator all
// pass through it.
Status CheckTreeEnsemble(const TreeEnsemble& ensemble);
Status CheckBody(const ModelBody& body);
// CheckBody, and that info's features and medians fit the body.
Status CheckModel(const Model& model);
// True if every split's children say how much training weight reached them: what exact TreeSHAP needs.
bool HasCovers(const TreeEnsemble& ensemble);

// Total gain a feature, normalised to 1 (all 0 where no tree splits).
std::vector<double> FeatureGains(const TreeEnsemble& ensemble);

// Rounds leaves and base to the multiples of a power of two so coarse that every partial sum of the
// ensemble's outputs is exact in float. The sum is then the same in any order: XGBoost's, ours and
// onnxruntime's (which splits trees over threads) agree bit for bit, and a steep isotonic step cannot magnify
// a difference. A leaf moves by at most 2^-23 of the greatest possible |sum|. Call after growing, before
// calibrating.
void SnapLeaves(TreeEnsemble* ensemble);

}  // namespace forewarn
