#include "train/pca.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "model/predictor.h"
#include "train/linear_models.h"

namespace forewarn {
namespace {

// Number of leading components that hold kPcaShare of the variance.
int ComponentsFor(const std::vector<double>& explained) {
  double sum = 0;
  for (size_t k = 0; k < explained.size(); ++k) {
    sum += explained[k];
    if (sum >= kPcaShare) return static_cast<int>(k) + 1;
  }
  return static_cast<int>(explained.size());
}

// Appends T² and SPE of rows of x under the model.
Status JudgeBlock(const PcaModel& model, const Matrix& x, std::vector<double>* t2, std::vector<double>* spe) {
  FW_ASSIGN_OR_RETURN(const Predictor predictor, Predictor::Build(ModelBody(model)));
  for (size_t r = 0; r < x.rows; ++r) {
    double out[2];
    predictor.Score(x.row(r), out);
    t2->push_back(out[0]);
    spe->push_back(out[1]);
  }
  return {};
}

Matrix Without(const Matrix& x, size_t begin, size_t end) {
  Matrix out(x.rows - (end - begin), x.columns);
  std::copy(x.row(0), x.row(begin), out.row(0));
  std::copy(x.row(end), x.row(0) + x.values.size(), out.row(begin));
  return out;
}

}  // namespace

Result<PcaModel> FitPca(const Matrix& x) {
  if (x.rows < 2 || x.columns == 0) return Status::Invalid("PCA needs at least two rows and one sensor");
  const Standardiser standardiser = FitStandardiser(x);
  const Matrix standardised = Standardise(standardiser, x);
  const auto n = static_cast<Eigen::Index>(x.rows);
  const auto p = static_cast<Eigen::Index>(x.columns);
  const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> z(
      standardised.values.data(), n, p);
  const Eigen::MatrixXd covariance = z.transpose() * z / static_cast<double>(n - 1);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
  if (solver.info() != Eigen::Success) return Status::Invalid("PCA: the eigenvalues did not converge");
  PcaModel out;
  out.mean = standardiser.mean;
  out.scale = standardiser.scale;
  const double total = covariance.trace();
  for (Eigen::Index k = p - 1; k >= 0; --k) {  // the solver sorts ascending
    Eigen::VectorXd loading = solver.eigenvectors().col(k);
    Eigen::Index largest = 0;
    loading.cwiseAbs().maxCoeff(&largest);
    if (loading[largest] < 0) loading = -loading;
    out.components.emplace_back(loading.data(), loading.data() + p);
    out.variance.push_back(std::max(0.0, solver.eigenvalues()[k]));
    out.explained.push_back(total > 0 ? out.variance.back() / total : 0.0);
  }
  if (!(out.variance[0] > 0)) return Status::Invalid("PCA: every sensor is constant");
  out.kept = ComponentsFor(out.explained);
  return out;
}

Result<PcaModel> FitPcaMonitor(const Matrix& x) {
  FW_ASSIGN_OR_RETURN(PcaModel model, FitPca(x));
  const size_t fewest = kPcaBlocks * (static_cast<size_t>(model.kept) + 2);
  if (x.rows < fewest) {
    return Status::Invalid(
        fmt::format("{} rows are too few for the limits of a monitor of {} components; it needs {}", x.rows,
                    model.kept, fewest));
  }
  std::vector<double> t2;
  std::vector<double> spe;
  for (size_t b = 0; b < kPcaBlocks; ++b) {
    const size_t begin = x.rows * b / kPcaBlocks;
    const size_t end = x.rows * (b + 1) / kPcaBlocks;
    FW_ASSIGN_OR_RETURN(PcaModel part, FitPca(Without(x, begin, end)));
    part.kept = model.kept;
    const Status judged = JudgeBlock(part, x.Slice(begin, end), &t2, &spe);
    if (!judged.ok()) return judged.WithPrefix("the monitor's limits");
  }
  model.t2_limit95 = Quantile(t2, 0.95);
  model.t2_limit99 = Quantile(t2, 0.99);
  model.spe_limit95 = Quantile(spe, 0.95);
  model.spe_limit99 = Quantile(spe, 0.99);
  return model;
}

double Quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  if (below + 1 >= values.size()) return values.back();
  return values[below] + (place - static_cast<double>(below)) * (values[below + 1] - values[below]);
}

}  // namespace forewarn
