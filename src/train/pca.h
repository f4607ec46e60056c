// The PCA monitor's learner: principal components of the standardised sensors, all of them, and limits for T²
// and SPE that hold on data the components have not seen. Pure and deterministic; safe from any thread.
#pragma once

#include "core/status.h"
#include "model/model.h"
#include "train/matrix.h"

namespace forewarn {

inline constexpr double kPcaShare = 0.9;  // the kept components hold this share of the variance
inline constexpr int kPcaBlocks = 5;

// Components by falling variance (divisor n − 1, as scikit-learn), each with its largest loading positive. No
// limits.
Result<PcaModel> FitPca(const Matrix& x);

// FitPca, and the limits: x is cut into kPcaBlocks contiguous blocks, each is judged by the components of the
// others (as many as the full fit keeps), and the .95 and .99 quantiles of the pooled T² and SPE are the
// limits (in-sample limits alarm far too often on new normal rows, most of all SPE's). Invalid for too few
// rows.
Result<PcaModel> FitPcaMonitor(const Matrix& x);

// Linear interpolation between order statistics (numpy's default); values not empty.
double Quantile(std::vector<double> values, double q);

}  // namespace forewarn
