// FeatureStream: the live twin of NormaliseForFeatures + AddFeatures + BuildWindows. One row at a time, the
// same kernels over the same rows, bit for bit what the batch gives. Memory is bounded by the longest window.
// Belongs to one thread; holds no reference to the plant it was made from.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "features/features.h"
#include "plant/plant.h"

namespace forewarn {

class FeatureStream {
 public:
  // columns: the table's, in the order in which Push will give cells. NotFound if a needed one is missing.
  static Result<FeatureStream> Make(const Plant& plant, const std::vector<std::string>& columns);
  FeatureStream(FeatureStream&&) noexcept;
  FeatureStream& operator=(FeatureStream&&) noexcept;
  ~FeatureStream();

  // The next row: one cell a column, NaN = null. Invalid if time is not after the last row's or the count is
  // wrong; the stream is then unchanged.
  Status Push(PlantTime time, std::span<const double> cells);

  size_t rows() const;  // pushed so far
  std::span<const double> Point()
      const;                // the plant's point features of the last row, in order; empty before it
  bool WindowFull() const;  // at least `window` rows are there
  size_t WindowColumns() const;
  // The window that ends at the last row: WindowColumns() values in WindowNames' order. Needs WindowFull().
  void Window(float* out) const;

 private:
  struct Impl;
  explicit FeatureStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace forewarn
