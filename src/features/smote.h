// SMOTE: synthetic minority over-sampling (Chawla et al. 2002). Numeric, unscaled, Euclidean distance. Used
// by the ETL and, per fold, by training. Deterministic for a seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace forewarn {

struct SmoteResult {
  bool applied = false;        // false: the minority has <= k rows, or the classes are equal or single
  std::string note;            // why it was not applied
  size_t synthetic = 0;        // rows added at the end
  uint8_t minority = 1;        // the label of the synthetic rows
  std::vector<double> values;  // row-major: the given rows first, unchanged, then the synthetic ones
  std::vector<uint8_t> labels;
};

// values: rows × columns, row-major, finite; labels: 0/1, one a row. Adds minority rows until the classes are
// equal: a random minority row, one of its k nearest minority neighbours (ties: the earlier row), a uniform
// point of the segment between them. O(minority² × columns).
SmoteResult Smote(const std::vector<double>& values, size_t columns, const std::vector<uint8_t>& labels,
                  int k, uint64_t seed);

// The synthetic rows alone, for a minority kept apart from its table: rows × columns, row-major, more than k
// rows. The same rows as Smote of a table that holds this minority in this order.
std::vector<double> SyntheticRows(const std::vector<double>& minority, size_t columns, int k, size_t count,
                                  uint64_t seed);

}  // namespace forewarn
