// Expanding, time-ordered folds (scikit-learn's TimeSeriesSplit): train on the past, test on the next block.
#pragma once

#include <cstddef>
#include <vector>

namespace forewarn {

struct TimeFold {
  size_t train_end = 0;  // train on rows [0, train_end)
  size_t test_begin = 0;
  size_t test_end = 0;
};

// `folds` folds over n rows; test blocks of n / (folds + 1) rows at the end, `gap` rows before each left out
// of its training part. Folds without training rows are left out; fewer than folds + 1 rows give none.
inline std::vector<TimeFold> TimeSeriesSplit(size_t n, size_t folds, size_t gap = 0) {
  std::vector<TimeFold> out;
  const size_t size = n / (folds + 1);
  if (size == 0) return out;
  for (size_t k = 0; k < folds; ++k) {
    const size_t begin = n - (folds - k) * size;
    if (begin > gap) out.push_back({begin - gap, begin, begin + size});
  }
  return out;
}

}  // namespace forewarn
