// An ONNX graph made elsewhere, ready to run: a small interpreter of a closed operator set
// (SupportedOperators), so that models exported from Python score natively. Anything outside the set is an
// error that names the operator and lists those known. Parsing trusts nothing: sizes, indices, cycles and
// types are checked, and a trial run proves the graph. Immutable after Parse; Run is const and safe from any
// thread. Our own files take the fast path of predictor.h instead.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace forewarn {

class OnnxProgram {
 public:
  // The graph must read one numeric input [N, F] and give [N], [N, 1] or [N, K] as its first floating-point
  // output (labels are passed over). Invalid for a malformed file or an operator that is not known.
  static Result<std::shared_ptr<const OnnxProgram>> Parse(std::string_view bytes);
  static const std::vector<std::string>& SupportedOperators();

  ~OnnxProgram();
  size_t features() const;  // F
  size_t outputs() const;   // K
  // rows: n × features(), row-major; out: n × outputs().
  Status Run(const double* rows, size_t n, double* out) const;

 private:
  struct Impl;
  explicit OnnxProgram(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace forewarn
