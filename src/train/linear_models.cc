#include "train/linear_models.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>

#include "model/calibration.h"

namespace forewarn {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr int kNewtonSteps = 100;
constexpr double kGradientTolerance = 1e-10;  // of the largest gradient entry, per unit of total weight
constexpr double kAbsentIntercept = -50;

Eigen::Map<const RowMatrix> AsEigen(const Matrix& x) {
  return {x.values.data(), static_cast<Eigen::Index>(x.rows), static_cast<Eigen::Index>(x.columns)};
}

// Standardised inputs with a column of ones at the end, for the intercept.
RowMatrix Design(const Matrix& standardised) {
  RowMatrix out(static_cast<Eigen::Index>(standardised.rows),
                static_cast<Eigen::Index>(standardised.columns) + 1);
  out.leftCols(out.cols() - 1) = AsEigen(standardised);
  out.col(out.cols() - 1).setOnes();
  return out;
}

// log(1 + exp(z)) without overflow.
double Softplus(double z) { return std::max(z, 0.0) + std::log1p(std::exp(-std::fabs(z))); }

// A smooth convex function for Newton's method.
class Objective {
 public:
  virtual ~Objective() = default;
  virtual double Value(const Eigen::VectorXd& w) const = 0;
  virtual void Derivatives(const Eigen::VectorXd& w, Eigen::VectorXd* gradient,
                           Eigen::MatrixXd* hessian) const = 0;
};

// Newton with backtracking (Nocedal & Wright, algorithm 3.2). `scale` sets what counts as a small gradient.
Eigen::VectorXd Minimise(const Objective& objective, Eigen::VectorXd w, double scale) {
  Eigen::VectorXd gradient;
  Eigen::MatrixXd hessian;
  double value = objective.Value(w);
  for (int step = 0; step < kNewtonSteps; ++step) {
    objective.Derivatives(w, &gradient, &hessian);
    if (gradient.lpNorm<Eigen::Infinity>() <= kGradientTolerance * scale) break;
    hessian.diagonal().array() += 1e-12 * (1 + hessian.diagonal().maxCoeff());  // flat directions stay put
    const Eigen::VectorXd direction = hessian.ldlt().solve(gradient);
    const double slope = gradient.dot(direction);
    double length = 1;
    Eigen::VectorXd next = w - direction;
    double next_value = objective.Value(next);
    while (!(next_value <= value - 1e-4 * length * slope) && length > 1e-10) {
      length /= 2;
      next = w - length * direction;
      next_value = objective.Value(next);
    }
    if (!(next_value <= value)) break;  // rounding error: this is the optimum
    const bool done = next_value == value;
    w = next;
    value = next_value;
    if (done) break;
  }
  return w;
}

// Σ weight · (softplus(z) − target · z) + ½ penalty |w without intercept|², z = design · w.
class BinaryLogLoss : public Objective {
 public:
  BinaryLogLoss(const RowMatrix& design, const Eigen::VectorXd& target, const Eigen::VectorXd& weight,
                double penalty)
      : design_(design), target_(target), weight_(weight), penalty_(penalty) {}

  double Value(const Eigen::VectorXd& w) const override {
    const Eigen::VectorXd z = design_ * w;
    double sum = penalty_ / 2 * w.head(w.size() - 1).squaredNorm();
    for (Eigen::Index i = 0; i < z.size(); ++i) sum += weight_[i] * (Softplus(z[i]) - target_[i] * z[i]);
    return sum;
  }
  void Derivatives(const Eigen::VectorXd& w, Eigen::VectorXd* gradient,
                   Eigen::MatrixXd* hessian) const override {
    const Eigen::VectorXd z = design_ * w;
    Eigen::VectorXd error(z.size());
    Eigen::VectorXd curvature(z.size());
    for (Eigen::Index i = 0; i < z.size(); ++i) {
      const double p = Logistic(z[i]);
      error[i] = weight_[i] * (p - target_[i]);
      curvature[i] = weight_[i] * p * (1 - p);
    }
    *gradient = design_.transpose() * error;
    *hessian = design_.transpose() * curvature.asDiagonal() * design_;
    const Eigen::Index n = w.size() - 1;
    gradient->head(n) += penalty_ * w.head(n);
    hessian->diagonal().head(n).array() += penalty_;
  }

 private:
  const RowMatrix& design_;
  const Eigen::VectorXd& target_;
  const Eigen::VectorXd& weight_;
  double penalty_;
};

// Softmax cross-entropy; w holds one block of (columns + 1) a class. Penalises the mean of the intercepts,
// which the loss leaves free, so the optimum is the one of sum zero that scikit-learn reaches from its start
// at zero.
class SoftmaxLoss : public Objective {
 public:
  SoftmaxLoss(const RowMatrix& design, const std::vector<int>& y, int classes, const Eigen::VectorXd& weight,
              double penalty)
      : design_(design), y_(y), classes_(classes), weight_(weight), penalty_(penalty) {}

  double Value(const Eigen::VectorXd& w) const override {
    const Eigen::MatrixXd z = Scores(w);
    double sum = 0;
    for (Eigen::Index i = 0; i < z.rows(); ++i) {
      const double top = z.row(i).maxCoeff();
      sum += weight_[i] * (top + std::log((z.row(i).array() - top).exp().sum()) - z(i, y_[i]));
    }
    for (int k = 0; k < classes_; ++k)
      sum += penalty_ / 2 * Block(w, k).head(design_.cols() - 1).squaredNorm();
    const double intercepts = InterceptSum(w);
    return sum + penalty_ / 2 * intercepts * intercepts;
  }
  void Derivatives(const Eigen::VectorXd& w, Eigen::VectorXd* gradient,
                   Eigen::MatrixXd* hessian) const override {
    const Eigen::Index p = design_.cols();
    Eigen::MatrixXd probability = Scores(w);
    for (Eigen::Index i = 0; i < probability.rows(); ++i) {
      const double top = probability.row(i).maxCoeff();
      probability.row(i) = (probability.row(i).array() - top).exp();
      probability.row(i) /= probability.row(i).sum();
    }
    gradient->resize(w.size());
    hessian->resize(w.size(), w.size());
    for (int k = 0; k < classes_; ++k) {
      Eigen::VectorXd error = probability.col(k);
      for (Eigen::Index i = 0; i < error.size(); ++i)
        error[i] = weight_[i] * (error[i] - (y_[i] == k ? 1 : 0));
      gradient->segment(k * p, p) = design_.transpose() * error;
      for (int j = 0; j < classes_; ++j) {
        const Eigen::VectorXd curvature = (weight_.array() * probability.col(k).array() *
                                           ((k == j ? 1.0 : 0.0) - probability.col(j).array()))
                                              .matrix();
        hessian->block(k * p, j * p, p, p) = design_.transpose() * curvature.asDiagonal() * design_;
        (*hessian)(k* p + p - 1, j * p + p - 1) += penalty_;
      }
      gradient->segment(k * p, p - 1) += penalty_ * Block(w, k).head(p - 1);
      (*gradient)[k * p + p - 1] += penalty_ * InterceptSum(w);
      hessian->diagonal().segment(k * p, p - 1).array() += penalty_;
    }
  }

 private:
  Eigen::VectorXd Block(const Eigen::VectorXd& w, int k) const {
    return w.segment(k * design_.cols(), design_.cols());
  }
  double InterceptSum(const Eigen::VectorXd& w) const {
    double sum = 0;
    for (int k = 0; k < classes_; ++k) sum += w[(k + 1) * design_.cols() - 1];
    return sum;
  }
  Eigen::MatrixXd Scores(const Eigen::VectorXd& w) const {
    Eigen::MatrixXd z(design_.rows(), classes_);
    for (int k = 0; k < classes_; ++k) z.col(k) = design_ * Block(w, k);
    return z;
  }

  const RowMatrix& design_;
  const std::vector<int>& y_;
  int classes_;
  const Eigen::VectorXd& weight_;
  double penalty_;
};

Eigen::VectorXd ToEigen(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

std::vector<double> ToVector(const Eigen::VectorXd& values) {
  return {values.data(), values.data() + values.size()};
}

}  // namespace

Standardiser FitStandardiser(const Matrix& x) {
  Standardiser out;
  const auto n = static_cast<double>(x.rows);
  for (size_t c = 0; c < x.columns; ++c) {
    double sum = 0;
    for (size_t r = 0; r < x.rows; ++r) sum += x.at(r, c);
    const double mean = sum / n;
    double squares = 0;
    double rest = 0;  // corrects the rounding of the mean (Chan, Golub & LeVeque 1983)
    for (size_t r = 0; r < x.rows; ++r) {
      const double d = x.at(r, c) - mean;
      squares += d * d;
      rest += d;
    }
    const double variance = std::max(0.0, (squares - rest * rest / n) / n);
    // A constant column's spread is rounding error of its mean at most (scikit-learn's bound).
    const double noise = n * std::numeric_limits<double>::epsilon() * variance +
                         std::pow(n * mean * std::numeric_limits<double>::epsilon(), 2);
    out.mean.push_back(mean);
    out.scale.push_back(variance > noise ? std::sqrt(variance) : 1.0);
  }
  return out;
}

Matrix Standardise(const Standardiser& s, const Matrix& x) {
  Matrix out(x.rows, x.columns);
  for (size_t r = 0; r < x.rows; ++r) {
    for (size_t c = 0; c < x.columns; ++c) out.at(r, c) = (x.at(r, c) - s.mean[c]) / s.scale[c];
  }
  return out;
}

std::vector<double> BalancedWeights(const std::vector<int>& y) {
  std::map<int, double> counts;
  for (const int label : y) counts[label] += 1;
  std::vector<double> out;
  out.reserve(y.size());
  const double share = static_cast<double>(y.size()) / static_cast<double>(counts.size());
  for (const int label : y) out.push_back(share / counts[label]);
  return out;
}

Result<LinearModel> FitLogistic(const Matrix& x, const std::vector<int>& y, double c) {
  const auto ones = std::count(y.begin(), y.end(), 1);
  if (ones == 0 || ones == static_cast<std::ptrdiff_t>(y.size())) {
    return Status::Invalid("logistic regression needs rows of both classes");
  }
  const Standardiser standardiser = FitStandardiser(x);
  const RowMatrix design = Design(Standardise(standardiser, x));
  const Eigen::VectorXd target = ToEigen(std::vector<double>(y.begin(), y.end()));
  const Eigen::VectorXd weight = ToEigen(BalancedWeights(y));
  const BinaryLogLoss loss(design, target, weight, 1 / c);
  const Eigen::VectorXd w = Minimise(loss, Eigen::VectorXd::Zero(design.cols()), static_cast<double>(x.rows));
  LinearModel out;
  out.mean = standardiser.mean;
  out.scale = standardiser.scale;
  out.coef = ToVector(w.head(w.size() - 1));
  out.intercept = w[w.size() - 1];
  out.logistic = true;
  return out;
}

Result<MultinomialModel> FitMultinomial(const Matrix& x, const std::vector<int>& y, int classes, double c) {
  std::vector<int> place(static_cast<size_t>(classes), -1);  // class → its number among those present
  for (const int label : y) {
    if (label < 0 || label >= classes) {
      return Status::Invalid(fmt::format("class {} is outside 0 … {}", label, classes - 1));
    }
    place[static_cast<size_t>(label)] = 0;
  }
  int present = 0;
  for (int& p : place) p = p < 0 ? -1 : present++;
  if (present < 2) return Status::Invalid("multinomial regression needs rows of at least two classes");
  std::vector<int> compact;
  for (const int label : y) compact.push_back(place[static_cast<size_t>(label)]);
  const Standardiser standardiser = FitStandardiser(x);
  const RowMatrix design = Design(Standardise(standardiser, x));
  const Eigen::VectorXd weight = ToEigen(BalancedWeights(y));
  const SoftmaxLoss loss(design, compact, present, weight, 1 / c);
  const Eigen::VectorXd w =
      Minimise(loss, Eigen::VectorXd::Zero(present * design.cols()), static_cast<double>(x.rows));
  MultinomialModel out;
  out.mean = standardiser.mean;
  out.scale = standardiser.scale;
  for (const int p : place) {
    if (p < 0) {
      out.coef.emplace_back(x.columns, 0.0);
      out.intercept.push_back(kAbsentIntercept);
    } else {
      const Eigen::VectorXd block = w.segment(p * design.cols(), design.cols());
      out.coef.push_back(ToVector(block.head(block.size() - 1)));
      out.intercept.push_back(block[block.size() - 1]);
    }
  }
  return out;
}

Result<LinearModel> FitRidge(const Matrix& x, const std::vector<double>& y, double alpha) {
  if (x.rows < 2) return Status::Invalid("ridge regression needs at least two rows");
  const Standardiser standardiser = FitStandardiser(x);
  const Matrix standardised = Standardise(standardiser, x);
  const auto design = AsEigen(standardised);
  const Eigen::VectorXd target = ToEigen(y);
  const double mean = target.mean();
  Eigen::MatrixXd normal = design.transpose() * design;
  normal.diagonal().array() += alpha;
  const Eigen::VectorXd w = normal.ldlt().solve(design.transpose() * (target.array() - mean).matrix());
  LinearModel out;
  out.mean = standardiser.mean;
  out.scale = standardiser.scale;
  out.coef = ToVector(w);
  out.intercept = mean;
  return out;
}

LogisticCurve FitLogisticCurve(const std::vector<double>& s, const std::vector<double>& target) {
  RowMatrix design(static_cast<Eigen::Index>(s.size()), 2);
  design.col(0) = ToEigen(s);
  design.col(1).setOnes();
  const Eigen::VectorXd targets = ToEigen(target);
  const Eigen::VectorXd weight = Eigen::VectorXd::Ones(design.rows());
  const BinaryLogLoss loss(design, targets, weight, 0);
  const double share = targets.mean();
  Eigen::VectorXd start = Eigen::VectorXd::Zero(2);
  start[1] = std::log(share / (1 - share));
  const Eigen::VectorXd w = Minimise(loss, start, static_cast<double>(s.size()));
  return {w[0], w[1]};
}

}  // namespace forewarn
