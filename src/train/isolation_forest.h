// Isolation forest (Liu, Ting & Zhou 2008): random trees over random sub-samples; strange rows are isolated
// early. Grown as scikit-learn grows it (depth limit ⌈log2 ψ⌉, constant features skipped). Deterministic for
// a seed; safe from any thread.
#pragma once

#include <cstdint>

#include "core/status.h"
#include "model/model.h"
#include "train/matrix.h"

namespace forewarn {

// ψ is lowered to the number of rows where there are fewer. Invalid for fewer than two rows.
Result<IsolationForestModel> FitIsolationForest(const Matrix& x, int trees, int psi, uint64_t seed);

}  // namespace forewarn
