// Scores rows: a Model flattened for speed. One row costs no allocation and no lock (up to 512 features); the
// answer is the ONNX file's (onnx_writer.h) within 1e-6, and for trees the raw output is bit for bit what
// model.h says. Single rows and batches agree bit for bit. Immutable after Build; const calls are safe from
// any thread. Batches use the caller's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "model/model.h"

namespace forewarn {

class Predictor {
 public:
  // Invalid if the model is malformed (CheckModel). The model is copied where needed; it need not outlive the
  // predictor.
  static Result<Predictor> Build(const Model& model);
  // The same without the names: for learners, before there is a ModelInfo.
  static Result<Predictor> Build(const ModelBody& body);

  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;
  ~Predictor();

  size_t features() const;
  // Values a row gives: classifiers, forecasters, isolation forest: 1, the score; deviation: 1, the value;
  // regime: one probability a class; PCA: 2, T² and SPE; a foreign model: its graph's.
  size_t outputs() const;
  // row: features() doubles (trees cast to float; NaN is missing for trees, passes through elsewhere). out:
  // outputs().
  void Score(const double* row, double* out) const;
  double Score(const double* row) const;  // the first output
  // rows: n × features(), row-major; out: n × outputs().
  void ScoreBatch(const double* rows, size_t n, double* out) const;

  // Tree models only: the uncalibrated outputs, one a fold (isolation forest: one, the mean leaf value). 0
  // for others.
  size_t raw_outputs() const;
  void Raw(const double* row, double* out) const;
  void RawBatch(const double* rows, size_t n, double* out) const;  // n × raw_outputs()

 private:
  struct Impl;
  explicit Predictor(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

}  // namespace forewarn
