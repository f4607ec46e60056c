// Tensors of the ONNX interpreter (onnx_program.h). Every element is held as a double whatever its type;
// float results are rounded to float after each operation, which gives IEEE float arithmetic for + − × ÷ √.
// Strings are not held: they only label classes. Plain values; any thread.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"

namespace forewarn {

struct Tensor {
  enum class Type { kFloat, kDouble, kInt64, kInt32, kBool };
  using Shape = std::vector<int64_t>;

  Type type = Type::kDouble;
  Shape shape;               // empty: a scalar
  std::vector<double> data;  // row-major

  bool integer() const { return type == Type::kInt64 || type == Type::kInt32 || type == Type::kBool; }
  bool real() const { return type == Type::kFloat || type == Type::kDouble; }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
};

// What a run may still spend, in elements made and multiplications done: a small file cannot ask for hours or
// gigabytes.
class Meter {
 public:
  explicit Meter(int64_t budget) : left_(budget) {}
  // Work of a × b × c; Invalid once the budget is gone.
  Status Spend(int64_t a, int64_t b = 1, int64_t c = 1);

 private:
  int64_t left_;
};

// The value as the type stores it: rounded to float, truncated to an integer, 0 or 1.
double RoundTo(Tensor::Type type, double value);
// ONNX's number for an element type; Invalid for one that is not held.
Result<Tensor::Type> TypeOf(int onnx_type);
// Elements of the shape; Invalid if a dimension is negative or the product beyond reason.
Result<int64_t> CountOf(const Tensor::Shape& shape);
// A tensor of zeros, paid for.
Result<Tensor> MakeTensor(Tensor::Type type, Tensor::Shape shape, Meter& meter);
// An initializer or attribute; Invalid for external data, strings, or data that does not fill the shape.
Result<Tensor> ReadTensor(const onnx::TensorProto& proto);
// axis in [−rank, rank) → [0, rank).
Result<int64_t> NormaliseAxis(int64_t axis, int64_t rank);
// The integers of a 1-D (or scalar) tensor: axes, indices, a shape.
Result<std::vector<int64_t>> IntegersOf(const Tensor& tensor);
// The shape both broadcast to (numpy's rule).
Result<Tensor::Shape> BroadcastShape(const Tensor::Shape& a, const Tensor::Shape& b);
// For each element of `to`, the index of the element of `from` it reads.
std::vector<int64_t> BroadcastIndices(const Tensor::Shape& from, const Tensor::Shape& to);
// Elements before, along and after an axis: index = (outer × along + a) × inner + i.
struct AxisSplit {
  int64_t outer = 1, along = 1, inner = 1;
};
AxisSplit SplitAt(const Tensor::Shape& shape, int64_t axis);

}  // namespace forewarn
