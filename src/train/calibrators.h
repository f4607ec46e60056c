// Fits the two calibrations of models.md on held-out scores: sigmoid (Platt 2000) and isotonic (pool adjacent
// violators, Barlow & Brunk 1972), equal to scikit-learn's. Evaluation is model/calibration.h. Pure; safe
// from any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/status.h"
#include "model/model.h"

namespace forewarn {

// 1 / (1 + exp(a·s + b)) through Platt's smoothed targets, as scikit-learn's _sigmoid_calibration.
// scores: finite, one a label. Invalid without both classes.
Result<Calibration> FitSigmoid(const std::vector<double>& scores, const std::vector<uint8_t>& labels);

// Non-decreasing step means with straight lines between, clipped outside. Knots: strictly increasing scores,
// the redundant inner ones of a plateau left out, as IsotonicRegression(out_of_bounds="clip") keeps them.
// Invalid without both classes.
Result<Calibration> FitIsotonic(const std::vector<double>& scores, const std::vector<uint8_t>& labels);

}  // namespace forewarn
