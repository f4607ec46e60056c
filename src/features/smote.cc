#include "features/smote.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "core/random.h"

namespace forewarn {
namespace {

// Four sums side by side: the additions of one would wait for each other.
double SquaredDistance(const double* a, const double* b, size_t columns) {
  double sums[4] = {};
  size_t c = 0;
  for (; c + 4 <= columns; c += 4) {
    for (size_t i = 0; i < 4; ++i) sums[i] += (a[c + i] - b[c + i]) * (a[c + i] - b[c + i]);
  }
  for (; c < columns; ++c) sums[0] += (a[c] - b[c]) * (a[c] - b[c]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// For each row its k nearest others, nearest first: k indices a row.
std::vector<uint32_t> NearestNeighbours(const std::vector<double>& values, size_t columns, size_t k) {
  const size_t rows = values.size() / columns;
  std::vector<uint32_t> out;
  out.reserve(rows * k);
  std::vector<std::pair<double, uint32_t>> others;
  for (size_t i = 0; i < rows; ++i) {
    others.clear();
    for (size_t j = 0; j < rows; ++j) {
      if (j == i) continue;
      const double* a = values.data() + i * columns;
      const double* b = values.data() + j * columns;
      others.emplace_back(SquaredDistance(a, b, columns), static_cast<uint32_t>(j));
    }
    std::partial_sort(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(k), others.end());
    for (size_t n = 0; n < k; ++n) out.push_back(others[n].second);
  }
  return out;
}

}  // namespace

std::vector<double> SyntheticRows(const std::vector<double>& minority, size_t columns, int k, size_t count,
                                  uint64_t seed) {
  assert(k >= 1 && minority.size() / columns > static_cast<size_t>(k));
  const size_t rows = minority.size() / columns;
  const auto neighbours_each = static_cast<size_t>(k);
  const std::vector<uint32_t> neighbours = NearestNeighbours(minority, columns, neighbours_each);
  std::vector<double> out;
  out.reserve(count * columns);
  Random random(seed);
  for (size_t s = 0; s < count; ++s) {
    const size_t from = random.Below(rows);
    const size_t to = neighbours[from * neighbours_each + random.Below(neighbours_each)];
    const double share = random.Uniform();
    const double* a = minority.data() + from * columns;
    const double* b = minority.data() + to * columns;
    for (size_t c = 0; c < columns; ++c) out.push_back(a[c] + share * (b[c] - a[c]));
  }
  return out;
}

SmoteResult Smote(const std::vector<double>& values, size_t columns, const std::vector<uint8_t>& labels,
                  int k, uint64_t seed) {
  assert(values.size() == labels.size() * columns);
  SmoteResult out;
  out.values = values;
  out.labels = labels;
  const auto ones = static_cast<size_t>(std::count(labels.begin(), labels.end(), uint8_t{1}));
  const size_t zeros = labels.size() - ones;
  out.minority = ones <= zeros ? 1 : 0;
  const size_t few = std::min(ones, zeros);
  const size_t many = std::max(ones, zeros);
  if (few == many) {
    out.note = "the classes are equal already";
    return out;
  }
  if (columns == 0 || k < 1 || few <= static_cast<size_t>(k)) {
    out.note =
        fmt::format("the minority has {} rows; SMOTE with {} neighbours needs more than {}", few, k, k);
    return out;
  }
  std::vector<double> minority;
  minority.reserve(few * columns);
  for (size_t r = 0; r < labels.size(); ++r) {
    if (labels[r] != out.minority) continue;
    const auto row = values.begin() + static_cast<std::ptrdiff_t>(r * columns);
    minority.insert(minority.end(), row, row + static_cast<std::ptrdiff_t>(columns));
  }
  out.applied = true;
  out.synthetic = many - few;
  const std::vector<double> synthetic = SyntheticRows(minority, columns, k, out.synthetic, seed);
  out.values.insert(out.values.end(), synthetic.begin(), synthetic.end());
  out.labels.resize(labels.size() + out.synthetic, out.minority);
  return out;
}

}  // namespace forewarn
