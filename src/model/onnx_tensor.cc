#include "model/onnx_tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace forewarn {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 26;
constexpr size_t kMaxRank = 8;

template <typename T>
void Unpack(const std::string& raw, std::vector<double>* out) {
  static_assert(std::endian::native == std::endian::little, "ONNX's raw data is little-endian");
  out->resize(raw.size() / sizeof(T));
  for (size_t i = 0; i < out->size(); ++i) {
    T value;
    std::memcpy(&value, raw.data() + i * sizeof(T), sizeof(T));
    (*out)[i] = static_cast<double>(value);
  }
}

void UnpackRaw(const std::string& raw, Tensor::Type type, std::vector<double>* out) {
  switch (type) {
    case Tensor::Type::kFloat:
      return Unpack<float>(raw, out);
    case Tensor::Type::kDouble:
      return Unpack<double>(raw, out);
    case Tensor::Type::kInt64:
      return Unpack<int64_t>(raw, out);
    case Tensor::Type::kInt32:
      return Unpack<int32_t>(raw, out);
    case Tensor::Type::kBool:
      return Unpack<uint8_t>(raw, out);
  }
}

}  // namespace

Status Meter::Spend(int64_t a, int64_t b, int64_t c) {
  int64_t work = 0;
  if (__builtin_mul_overflow(a, b, &work) || __builtin_mul_overflow(work, c, &work) || work > left_) {
    return Status::Invalid("the graph asks for more work or memory than a model of tabular data needs");
  }
  left_ -= work;
  return {};
}

double RoundTo(Tensor::Type type, double value) {
  switch (type) {
    case Tensor::Type::kFloat:
      return static_cast<double>(static_cast<float>(value));
    case Tensor::Type::kDouble:
      return value;
    case Tensor::Type::kInt64:
    case Tensor::Type::kInt32: {
      if (std::isnan(value)) return 0;
      const double limit = type == Tensor::Type::kInt64 ? 9.2e18 : 2147483647.0;
      return std::trunc(std::clamp(value, -limit, limit));
    }
    case Tensor::Type::kBool:
      return value != 0 ? 1 : 0;
  }
  return value;
}

Result<Tensor::Type> TypeOf(int onnx_type) {
  switch (onnx_type) {
    case onnx::TensorProto::FLOAT:
      return Tensor::Type::kFloat;
    case onnx::TensorProto::DOUBLE:
      return Tensor::Type::kDouble;
    case onnx::TensorProto::INT64:
      return Tensor::Type::kInt64;
    case onnx::TensorProto::INT32:
      return Tensor::Type::kInt32;
    case onnx::TensorProto::BOOL:
      return Tensor::Type::kBool;
    default:
      return Status::Invalid("element type " + std::to_string(onnx_type) +
                             " is not supported (float, double, int64, int32, bool are)");
  }
}

Result<int64_t> CountOf(const Tensor::Shape& shape) {
  if (shape.size() > kMaxRank) return Status::Invalid("a tensor has more than 8 dimensions");
  int64_t count = 1;
  for (const int64_t d : shape) {
    if (d < 0) return Status::Invalid("a tensor has a negative dimension");
    if (__builtin_mul_overflow(count, d, &count) || count > kMaxElements) {
      return Status::Invalid("a tensor is larger than a model of tabular data needs");
    }
  }
  return count;
}

Result<Tensor> MakeTensor(Tensor::Type type, Tensor::Shape shape, Meter& meter) {
  FW_ASSIGN_OR_RETURN(const int64_t count, CountOf(shape));
  FW_RETURN_IF_ERROR(meter.Spend(count + 1));
  Tensor tensor;
  tensor.type = type;
  tensor.shape = std::move(shape);
  tensor.data.assign(static_cast<size_t>(count), 0.0);
  return tensor;
}

Result<Tensor> ReadTensor(const onnx::TensorProto& proto) {
  const std::string where = "tensor '" + proto.name() + "'";
  if (proto.data_location() == onnx::TensorProto::EXTERNAL || proto.external_data_size() > 0) {
    return Status::Invalid(where + " keeps its data in another file: save the model in one file");
  }
  Tensor tensor;
  auto type = TypeOf(proto.data_type());
  if (!type.ok()) return type.status().WithPrefix(where);
  tensor.type = *type;
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  auto count = CountOf(tensor.shape);
  if (!count.ok()) return count.status().WithPrefix(where);
  if (proto.has_raw_data()) {
    UnpackRaw(proto.raw_data(), tensor.type, &tensor.data);
  } else if (tensor.type == Tensor::Type::kFloat) {
    tensor.data.assign(proto.float_data().begin(), proto.float_data().end());
  } else if (tensor.type == Tensor::Type::kDouble) {
    tensor.data.assign(proto.double_data().begin(), proto.double_data().end());
  } else if (tensor.type == Tensor::Type::kInt64) {
    for (const int64_t v : proto.int64_data()) tensor.data.push_back(static_cast<double>(v));
  } else {
    tensor.data.assign(proto.int32_data().begin(), proto.int32_data().end());
  }
  if (static_cast<int64_t>(tensor.data.size()) != *count) {
    return Status::Invalid(where + " holds " + std::to_string(tensor.data.size()) +
                           " values, its shape wants " + std::to_string(*count));
  }
  return tensor;
}

Result<int64_t> NormaliseAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    return Status::Invalid("axis " + std::to_string(axis) + " is outside a tensor of " +
                           std::to_string(rank) + " dimensions");
  }
  return axis < 0 ? axis + rank : axis;
}

Result<std::vector<int64_t>> IntegersOf(const Tensor& tensor) {
  if (!tensor.integer() || tensor.rank() > 1) return Status::Invalid("expected a list of integers");
  std::vector<int64_t> out;
  for (const double v : tensor.data) {
    // A double holds 2^63 but int64 does not.
    out.push_back(v >= 9.2e18    ? std::numeric_limits<int64_t>::max()
                  : v <= -9.2e18 ? std::numeric_limits<int64_t>::min()
                                 : static_cast<int64_t>(v));
  }
  return out;
}

Result<Tensor::Shape> BroadcastShape(const Tensor::Shape& a, const Tensor::Shape& b) {
  Tensor::Shape out(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      return Status::Invalid("dimensions " + std::to_string(x) + " and " + std::to_string(y) +
                             " do not fit together");
    }
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

std::vector<int64_t> BroadcastIndices(const Tensor::Shape& from, const Tensor::Shape& to) {
  // Strides of `from`, aligned right; 0 where it repeats.
  std::vector<int64_t> stride(to.size(), 0);
  int64_t size = 1;
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t d = from[from.size() - 1 - i];
    if (d != 1) stride[to.size() - 1 - i] = size;
    size *= d;
  }
  int64_t count = 1;
  for (const int64_t d : to) count *= d;
  std::vector<int64_t> indices(static_cast<size_t>(count));
  std::vector<int64_t> position(to.size(), 0);
  int64_t at = 0;
  for (int64_t& index : indices) {
    index = at;
    for (size_t i = to.size(); i-- > 0;) {
      at += stride[i];
      if (++position[i] < to[i]) break;
      at -= stride[i] * to[i];
      position[i] = 0;
    }
  }
  return indices;
}

AxisSplit SplitAt(const Tensor::Shape& shape, int64_t axis) {
  AxisSplit split;
  for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i) {
    (i < axis ? split.outer : i == axis ? split.along : split.inner) *= shape[static_cast<size_t>(i)];
  }
  return split;
}

}  // namespace forewarn
