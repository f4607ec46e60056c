// The operators of the ONNX interpreter (onnx_program.h): a table from name to factory. A factory checks a
// node's attributes once and gives the function that runs it. The functions are pure and safe from any
// thread; they check the shapes they are given, because those depend on the data.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"
#include "model/onnx_tensor.h"

namespace forewarn {

// Absent optional inputs are null; every input that MinInputs promises is there.
using OnnxInputs = std::span<const Tensor* const>;
using OnnxOp = std::function<Result<Tensor>(OnnxInputs, Meter&)>;

// A node's attributes by name, with defaults.
class OnnxAttributes {
 public:
  explicit OnnxAttributes(const onnx::NodeProto& node) : node_(node) {}
  bool Has(const std::string& name) const { return Find(name) != nullptr; }
  int64_t Integer(const std::string& name, int64_t fallback) const;
  double Number(const std::string& name, double fallback) const;
  std::string Text(const std::string& name, const std::string& fallback) const;
  std::vector<int64_t> Integers(const std::string& name) const;
  std::vector<double> Numbers(const std::string& name) const;  // floats, as doubles
  std::vector<std::string> Texts(const std::string& name) const;
  Result<Tensor> TensorOf(const std::string& name) const;
  const onnx::NodeProto& node() const { return node_; }

 private:
  const onnx::AttributeProto* Find(const std::string& name) const;
  const onnx::NodeProto& node_;
};

struct OnnxFactory {
  int min_inputs = 1;
  int max_inputs = 1;  // −1: any number
  int output = 0;      // which of the node's outputs the function gives: 1 for classifiers (0 is the label)
  std::function<Result<OnnxOp>(const OnnxAttributes&)> make;
};
using OnnxTable = std::map<std::string, OnnxFactory>;

// All of them.
const OnnxTable& OnnxOperators();

// Parts of the table, one a file.
void AddMathOperators(OnnxTable* table);   // onnx_math.cc: element-wise, matrix products, reductions
void AddShapeOperators(OnnxTable* table);  // onnx_shapes.cc: moves elements about
void AddMlOperators(OnnxTable* table);     // onnx_ml.cc: ai.onnx.ml except trees
void AddTreeOperators(OnnxTable* table);   // onnx_trees.cc

// In place, over rows of `columns` values: NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO.
Result<std::function<void(double*, size_t)>> OnnxPostTransform(const std::string& name);
// Rows and columns of a [N, C] tensor (or [C]: one row).
Result<std::pair<int64_t, int64_t>> OnnxRows(const Tensor& tensor);

}  // namespace forewarn
