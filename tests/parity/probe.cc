// The parity tests' window into the learners: JSON requests in, one a line, JSON answers out, one a line.
// Never installed.
// {"learner": "logistic", "x": [[…]], "y": […], "c": 0.5} → {"coef": […], "intercept": …}; see kLearners for
// the others.
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "features/smote.h"
#include "model/calibration.h"
#include "model/predictor.h"
#include "train/calibrators.h"
#include "train/isolation_forest.h"
#include "train/linear_models.h"
#include "train/metrics.h"
#include "train/pca.h"
#include "train/xgboost_learner.h"

namespace forewarn {
namespace {

using Json = nlohmann::json;

Matrix ReadMatrix(const Json& rows) {
  Matrix out(rows.size(), rows.empty() ? 0 : rows[0].size());
  for (size_t r = 0; r < out.rows; ++r) {
    for (size_t c = 0; c < out.columns; ++c) {
      out.at(r, c) = rows[r][c].is_null() ? kNull : rows[r][c].get<double>();
    }
  }
  return out;
}

Json Failure(const Status& status) { return {{"error", status.message()}}; }

Json Logistic(const Json& in) {
  const Result<LinearModel> m = FitLogistic(ReadMatrix(in.at("x")), in.at("y"), in.at("c"));
  if (!m.ok()) return Failure(m.status());
  return {{"coef", m->coef}, {"intercept", m->intercept}, {"mean", m->mean}, {"scale", m->scale}};
}

Json Multinomial(const Json& in) {
  const Result<MultinomialModel> m =
      FitMultinomial(ReadMatrix(in.at("x")), in.at("y"), in.at("classes"), in.at("c"));
  if (!m.ok()) return Failure(m.status());
  return {{"coef", m->coef}, {"intercept", m->intercept}};
}

Json Ridge(const Json& in) {
  const Result<LinearModel> m = FitRidge(ReadMatrix(in.at("x")), in.at("y"), in.at("alpha"));
  if (!m.ok()) return Failure(m.status());
  return {{"coef", m->coef}, {"intercept", m->intercept}};
}

Json Pca(const Json& in) {
  const Result<PcaModel> m = FitPca(ReadMatrix(in.at("x")));
  if (!m.ok()) return Failure(m.status());
  return {{"components", m->components},
          {"variance", m->variance},
          {"explained", m->explained},
          {"kept", m->kept}};
}

Json Calibrated(const Result<Calibration>& c, const Json& in) {
  if (!c.ok()) return Failure(c.status());
  std::vector<double> at;
  for (const double s : in.at("at")) at.push_back(Calibrate(*c, s));
  return {{"a", c->a}, {"b", c->b}, {"x", c->x}, {"y", c->y}, {"at", at}};
}

Json Sigmoid(const Json& in) { return Calibrated(FitSigmoid(in.at("scores"), in.at("y")), in); }
Json Isotonic(const Json& in) { return Calibrated(FitIsotonic(in.at("scores"), in.at("y")), in); }

Json Trees(const Json& in) {
  const Json& p = in.at("params");
  BoostParams params;
  params.forest = p.value("forest", false);
  params.trees = p.value("trees", params.trees);
  params.max_depth = p.value("max_depth", params.max_depth);
  params.max_leaves = p.value("max_leaves", params.max_leaves);
  params.eta = p.value("eta", params.eta);
  params.min_child_weight = p.value("min_child_weight", params.min_child_weight);
  params.lambda = p.value("lambda", params.lambda);
  params.scale_pos_weight = p.value("scale_pos_weight", params.scale_pos_weight);
  const std::vector<float> weights = in.value("weights", std::vector<float>());
  const Result<TreeEnsemble> ensemble =
      GrowTrees(params, ReadMatrix(in.at("x")), in.at("y").get<std::vector<uint8_t>>(), weights, 0);
  if (!ensemble.ok()) return Failure(ensemble.status());
  CalibratedTrees body;
  body.folds.push_back({*ensemble, {}});
  const Result<Predictor> predictor = Predictor::Build(ModelBody(std::move(body)));
  if (!predictor.ok()) return Failure(predictor.status());
  const Matrix at = ReadMatrix(in.at("at"));
  std::vector<double> margins(at.rows);
  predictor->RawBatch(at.values.data(), at.rows, margins.data());
  Json trees = Json::array();
  for (const Tree& tree : ensemble->trees) {
    Json nodes = Json::array();
    for (const TreeNode& n : tree.nodes) {
      nodes.push_back({n.feature, n.left, n.right, n.left < 0 ? n.value : n.threshold, n.cover});
    }
    trees.push_back(std::move(nodes));
  }
  return {{"margins", margins}, {"trees", trees}};
}

Json Isolation(const Json& in) {
  const Matrix x = ReadMatrix(in.at("x"));
  const Result<IsolationForestModel> m = FitIsolationForest(x, in.at("trees"), in.at("psi"), in.at("seed"));
  if (!m.ok()) return Failure(m.status());
  const Result<Predictor> predictor = Predictor::Build(ModelBody(*m));
  if (!predictor.ok()) return Failure(predictor.status());
  const Matrix at = ReadMatrix(in.at("at"));
  std::vector<double> scores(at.rows);
  predictor->ScoreBatch(at.values.data(), at.rows, scores.data());
  return {{"scores", scores}};
}

Json Metrics(const Json& in) {
  const std::vector<uint8_t> y = in.at("y");
  const std::vector<double> p = in.at("p");
  const Confusion c = Confuse(y, p, in.at("threshold"));
  Json out = {{"precision", c.Precision()},
              {"recall", c.Recall()},
              {"f1", c.F1()},
              {"accuracy", c.Accuracy()},
              {"confusion", {c.true_negative, c.false_positive, c.false_negative, c.true_positive}},
              {"roc_auc", RocAuc(y, p)},
              {"average_precision", AveragePrecision(y, p)},
              {"brier", BrierScore(y, p)},
              {"log_loss", LogLoss(y, p)}};
  const std::vector<int> classes = in.at("classes");
  const std::vector<int> predicted = in.at("predicted");
  out["macro_f1"] = MacroF1(classes, predicted, in.at("k"));
  const std::vector<double> target = in.at("target");
  out["mae"] = MeanAbsoluteError(target, p);
  out["r2"] = R2(target, p);
  return out;
}

Json SmoteRows(const Json& in) {
  const Matrix x = ReadMatrix(in.at("x"));
  const SmoteResult r = Smote(x.values, x.columns, in.at("y"), in.at("k"), in.at("seed"));
  return {{"applied", r.applied}, {"values", r.values}, {"labels", r.labels}, {"columns", x.columns}};
}

const std::map<std::string, Json (*)(const Json&)> kLearners = {
    {"logistic", Logistic}, {"multinomial", Multinomial}, {"ridge", Ridge}, {"pca", Pca},
    {"sigmoid", Sigmoid},   {"isotonic", Isotonic},       {"trees", Trees}, {"isolation_forest", Isolation},
    {"metrics", Metrics},   {"smote", SmoteRows},
};

int Main() {
  for (std::string line; std::getline(std::cin, line);) {
    const Json request = Json::parse(line);
    const auto learner = kLearners.find(request.at("learner").get<std::string>());
    const Json answer =
        learner == kLearners.end() ? Json{{"error", "unknown learner"}} : learner->second(request);
    std::cout << answer.dump() << "\n";
  }
  return 0;
}

}  // namespace
}  // namespace forewarn

int main() { return forewarn::Main(); }
