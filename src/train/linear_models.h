// Linear learners: logistic regression (two and many classes) by Newton's method and ridge regression in
// closed form. All standardise their inputs inside the model; objectives and "balanced" weights are
// scikit-learn's, and the optimum is found to rounding error, so coefficients agree with a tightly converged
// scikit-learn. Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/status.h"
#include "model/model.h"
#include "train/matrix.h"

namespace forewarn {

struct Standardiser {
  std::vector<double> mean, scale;  // population standard deviation; 1 for a constant column
};
Standardiser FitStandardiser(const Matrix& x);
Matrix Standardise(const Standardiser& standardiser, const Matrix& x);

// n / (classes present × rows of the class), one weight a row (scikit-learn's class_weight="balanced").
std::vector<double> BalancedWeights(const std::vector<int>& y);

// Minimises ½|w|² + c Σ weight · log-loss, the intercept free. Invalid without both classes.
Result<LinearModel> FitLogistic(const Matrix& x, const std::vector<int>& y, double c);
// The same with a softmax over classes 0 … classes−1. A class without rows gets intercept −50 and no weights:
// its probability is 0 in effect. Invalid with fewer than two classes present.
Result<MultinomialModel> FitMultinomial(const Matrix& x, const std::vector<int>& y, int classes, double c);
// Minimises |y − Xw − b|² + alpha |w|². Invalid for fewer than two rows.
Result<LinearModel> FitRidge(const Matrix& x, const std::vector<double>& y, double alpha);

// One unpenalised logistic curve 1/(1 + exp(−(slope·s + intercept))) through soft targets in [0, 1]: what
// sigmoid calibration needs.
struct LogisticCurve {
  double slope = 0;
  double intercept = 0;
};
LogisticCurve FitLogisticCurve(const std::vector<double>& s, const std::vector<double>& target);

}  // namespace forewarn
