#include "model/onnx_ops.h"

#include <algorithm>
#include <cmath>

#include "model/calibration.h"

namespace forewarn {

const onnx::AttributeProto* OnnxAttributes::Find(const std::string& name) const {
  for (const auto& a : node_.attribute()) {
    if (a.name() == name) return &a;
  }
  return nullptr;
}

int64_t OnnxAttributes::Integer(const std::string& name, int64_t fallback) const {
  const auto* a = Find(name);
  return a == nullptr ? fallback : a->i();
}

double OnnxAttributes::Number(const std::string& name, double fallback) const {
  const auto* a = Find(name);
  return a == nullptr ? fallback : static_cast<double>(a->f());
}

std::string OnnxAttributes::Text(const std::string& name, const std::string& fallback) const {
  const auto* a = Find(name);
  return a == nullptr ? fallback : a->s();
}

std::vector<int64_t> OnnxAttributes::Integers(const std::string& name) const {
  const auto* a = Find(name);
  return a == nullptr ? std::vector<int64_t>() : std::vector<int64_t>(a->ints().begin(), a->ints().end());
}

std::vector<double> OnnxAttributes::Numbers(const std::string& name) const {
  const auto* a = Find(name);
  return a == nullptr ? std::vector<double>() : std::vector<double>(a->floats().begin(), a->floats().end());
}

std::vector<std::string> OnnxAttributes::Texts(const std::string& name) const {
  const auto* a = Find(name);
  return a == nullptr ? std::vector<std::string>()
                      : std::vector<std::string>(a->strings().begin(), a->strings().end());
}

Result<Tensor> OnnxAttributes::TensorOf(const std::string& name) const {
  const auto* a = Find(name);
  if (a == nullptr || !a->has_t()) return Status::Invalid("attribute '" + name + "' is missing");
  return ReadTensor(a->t());
}

const OnnxTable& OnnxOperators() {
  static const OnnxTable kTable = [] {
    OnnxTable table;
    AddMathOperators(&table);
    AddShapeOperators(&table);
    AddMlOperators(&table);
    AddTreeOperators(&table);
    return table;
  }();
  return kTable;
}

Result<std::function<void(double*, size_t)>> OnnxPostTransform(const std::string& name) {
  using Transform = std::function<void(double*, size_t)>;
  if (name == "NONE") return Transform([](double*, size_t) {});
  if (name == "LOGISTIC") {
    return Transform([](double* row, size_t n) { std::transform(row, row + n, row, Logistic); });
  }
  if (name == "SOFTMAX" || name == "SOFTMAX_ZERO") {
    const bool keep_zero = name == "SOFTMAX_ZERO";
    return Transform([keep_zero](double* row, size_t n) {
      if (n == 0) return;
      const double top = *std::max_element(row, row + n);
      double sum = 0;
      for (size_t i = 0; i < n; ++i) {
        const bool zero = keep_zero && std::fabs(row[i]) < 1e-7;
        row[i] = zero ? row[i] * std::exp(-top) : std::exp(row[i] - top);
        sum += row[i];
      }
      for (size_t i = 0; i < n; ++i) row[i] /= sum;
    });
  }
  return Status::Invalid("post_transform '" + name +
                         "' is not supported (NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO are)");
}

Result<std::pair<int64_t, int64_t>> OnnxRows(const Tensor& tensor) {
  if (tensor.rank() == 1) return std::pair<int64_t, int64_t>(1, tensor.shape[0]);
  if (tensor.rank() == 2) return std::pair<int64_t, int64_t>(tensor.shape[0], tensor.shape[1]);
  return Status::Invalid("expected a table [N, C]");
}

}  // namespace forewarn
