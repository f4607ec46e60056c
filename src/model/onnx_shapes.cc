// Operators that move elements about: shapes, slices, joins, casts.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "model/onnx_ops.h"

namespace forewarn {
namespace {

using Type = Tensor::Type;

Result<Tensor> Copy(const Tensor& tensor, Meter& meter) {
  FW_RETURN_IF_ERROR(meter.Spend(static_cast<int64_t>(tensor.data.size()) + 1));
  return tensor;
}

// The same elements under another shape of as many.
Result<Tensor> WithShape(const Tensor& tensor, Tensor::Shape shape, Meter& meter) {
  FW_ASSIGN_OR_RETURN(const int64_t count, CountOf(shape));
  if (count != static_cast<int64_t>(tensor.data.size())) {
    return Status::Invalid("its new shape has " + std::to_string(count) + " elements, its input " +
                           std::to_string(tensor.data.size()));
  }
  FW_ASSIGN_OR_RETURN(Tensor out, Copy(tensor, meter));
  out.shape = std::move(shape);
  return out;
}

template <typename Run>
OnnxFactory Plain(int inputs, Run run) {
  return {inputs, inputs, 0, [run](const OnnxAttributes&) -> Result<OnnxOp> { return OnnxOp(run); }};
}

Result<OnnxOp> MakeConstant(const OnnxAttributes& attributes) {
  Tensor value;
  if (attributes.Has("value")) {
    FW_ASSIGN_OR_RETURN(value, attributes.TensorOf("value"));
  } else if (attributes.Has("value_float")) {
    value = {Type::kFloat, {}, {attributes.Number("value_float", 0)}};
  } else if (attributes.Has("value_int")) {
    value = {Type::kInt64, {}, {static_cast<double>(attributes.Integer("value_int", 0))}};
  } else if (attributes.Has("value_floats")) {
    value = {Type::kFloat, {}, attributes.Numbers("value_floats")};
    value.shape = {static_cast<int64_t>(value.data.size())};
  } else if (attributes.Has("value_ints")) {
    value.type = Type::kInt64;
    for (const int64_t v : attributes.Integers("value_ints")) value.data.push_back(static_cast<double>(v));
    value.shape = {static_cast<int64_t>(value.data.size())};
  } else {
    return Status::Invalid("it holds no number");
  }
  return OnnxOp([value](OnnxInputs, Meter& meter) { return Copy(value, meter); });
}

Result<OnnxOp> MakeConstantOfShape(const OnnxAttributes& attributes) {
  Tensor value{Type::kFloat, {1}, {0}};
  if (attributes.Has("value")) {
    FW_ASSIGN_OR_RETURN(value, attributes.TensorOf("value"));
  }
  if (value.data.size() != 1) return Status::Invalid("its value must be one number");
  return OnnxOp([value](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(Tensor::Shape shape, IntegersOf(*in[0]));
    FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(value.type, std::move(shape), meter));
    std::fill(out.data.begin(), out.data.end(), value.data[0]);
    return out;
  });
}

Result<OnnxOp> MakeCast(const OnnxAttributes& attributes) {
  FW_ASSIGN_OR_RETURN(const Type type, TypeOf(static_cast<int>(attributes.Integer("to", 0))));
  return OnnxOp([type](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(Tensor out, Copy(*in[0], meter));
    out.type = type;
    for (double& v : out.data) v = RoundTo(type, v);
    return out;
  });
}

Result<OnnxOp> MakeConcat(const OnnxAttributes& attributes) {
  const int64_t wanted = attributes.Integer("axis", 0);
  return OnnxOp([wanted](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(wanted, in[0]->rank()));
    const auto a = static_cast<size_t>(axis);
    Tensor::Shape shape = in[0]->shape;
    shape[a] = 0;
    for (const Tensor* part : in) {
      if (part == nullptr || part->rank() != in[0]->rank() || part->type != in[0]->type) {
        return Status::Invalid("its inputs differ in type or dimensions");
      }
      for (size_t i = 0; i < shape.size(); ++i) {
        if (i != a && part->shape[i] != shape[i]) return Status::Invalid("its inputs differ in shape");
      }
      shape[a] += part->shape[a];
    }
    FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(in[0]->type, shape, meter));
    const AxisSplit whole = SplitAt(shape, axis);
    int64_t offset = 0;
    for (const Tensor* part : in) {
      const int64_t width = part->shape[a] * whole.inner;
      for (int64_t o = 0; o < whole.outer; ++o) {
        std::copy_n(part->data.begin() + o * width, width,
                    out.data.begin() + o * whole.along * whole.inner + offset);
      }
      offset += width;
    }
    return out;
  });
}

Result<OnnxOp> MakeReshape(const OnnxAttributes& attributes) {
  const bool zero_is_zero = attributes.Integer("allowzero", 0) != 0;
  return OnnxOp([zero_is_zero](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(Tensor::Shape shape, IntegersOf(*in[1]));
    int64_t known = 1;
    int64_t* open = nullptr;
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] == 0 && !zero_is_zero) {
        if (i >= in[0]->shape.size())
          return Status::Invalid("its new shape copies a dimension that is not there");
        shape[i] = in[0]->shape[i];
      }
      if (shape[i] == -1) {
        if (open != nullptr) return Status::Invalid("its new shape leaves two dimensions open");
        open = &shape[i];
      } else if (__builtin_mul_overflow(known, shape[i], &known)) {
        return Status::Invalid("its new shape is too large");
      }
    }
    if (open != nullptr) *open = known > 0 ? static_cast<int64_t>(in[0]->data.size()) / known : 0;
    return WithShape(*in[0], std::move(shape), meter);
  });
}

Result<OnnxOp> MakeFlatten(const OnnxAttributes& attributes) {
  const int64_t wanted = attributes.Integer("axis", 1);
  return OnnxOp([wanted](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    const int64_t rank = in[0]->rank();
    if (wanted < -rank || wanted > rank) return Status::Invalid("its axis is outside its input");
    int64_t outer = 1;
    for (int64_t i = 0; i < (wanted < 0 ? wanted + rank : wanted); ++i)
      outer *= in[0]->shape[static_cast<size_t>(i)];
    const auto count = static_cast<int64_t>(in[0]->data.size());
    return WithShape(*in[0], {outer, outer > 0 ? count / outer : 0}, meter);
  });
}

// Axes by attribute (before opset 13) or by a second input.
Result<std::vector<int64_t>> AxesOf(const std::vector<int64_t>& listed, OnnxInputs in) {
  if (in.size() > 1 && in[1] != nullptr) return IntegersOf(*in[1]);
  return listed;
}

Result<OnnxOp> MakeSqueeze(const OnnxAttributes& attributes) {
  const std::vector<int64_t> listed = attributes.Integers("axes");
  return OnnxOp([listed](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, AxesOf(listed, in));
    std::vector<bool> drop(in[0]->shape.size(), false);
    for (size_t i = 0; i < drop.size(); ++i) drop[i] = axes.empty() && in[0]->shape[i] == 1;
    for (const int64_t axis : axes) {
      FW_ASSIGN_OR_RETURN(const int64_t a, NormaliseAxis(axis, in[0]->rank()));
      drop[static_cast<size_t>(a)] = true;
    }
    Tensor::Shape shape;
    for (size_t i = 0; i < drop.size(); ++i) {
      if (!drop[i]) shape.push_back(in[0]->shape[i]);
    }
    return WithShape(*in[0], std::move(shape), meter);
  });
}

Result<OnnxOp> MakeUnsqueeze(const OnnxAttributes& attributes) {
  const std::vector<int64_t> listed = attributes.Integers("axes");
  return OnnxOp([listed](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, AxesOf(listed, in));
    const size_t rank = in[0]->shape.size() + axes.size();
    if (rank > 8) return Status::Invalid("a tensor has more than 8 dimensions");
    Tensor::Shape shape(rank, 0);
    for (const int64_t axis : axes) {
      FW_ASSIGN_OR_RETURN(const int64_t a, NormaliseAxis(axis, static_cast<int64_t>(rank)));
      if (shape[static_cast<size_t>(a)] == 1) return Status::Invalid("an axis is named twice");
      shape[static_cast<size_t>(a)] = 1;
    }
    size_t next = 0;
    for (int64_t& d : shape) {
      if (d == 0) d = in[0]->shape[next++];
    }
    return WithShape(*in[0], std::move(shape), meter);
  });
}

Result<OnnxOp> MakeTranspose(const OnnxAttributes& attributes) {
  const std::vector<int64_t> listed = attributes.Integers("perm");
  return OnnxOp([listed](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    const Tensor& x = *in[0];
    std::vector<int64_t> order = listed;
    if (order.empty()) {
      for (int64_t i = x.rank(); i-- > 0;) order.push_back(i);
    }
    std::vector<int64_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (sorted.size() != x.shape.size() || sorted[i] != static_cast<int64_t>(i)) {
        return Status::Invalid("its perm is not an order of its input's axes");
      }
    }
    Tensor::Shape stride(x.shape.size(), 1);
    for (size_t i = x.shape.size(); i-- > 1;) stride[i - 1] = stride[i] * x.shape[i];
    Tensor::Shape shape;
    for (const int64_t axis : order) shape.push_back(x.shape[static_cast<size_t>(axis)]);
    FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(x.type, shape, meter));
    std::vector<int64_t> position(shape.size(), 0);
    for (double& v : out.data) {
      int64_t at = 0;
      for (size_t i = 0; i < order.size(); ++i) at += position[i] * stride[static_cast<size_t>(order[i])];
      v = x.data[static_cast<size_t>(at)];
      for (size_t i = shape.size(); i-- > 0;) {
        if (++position[i] < shape[i]) break;
        position[i] = 0;
      }
    }
    return out;
  });
}

// Rows along an axis by index; negative indices count from the end.
Result<Tensor> Pick(const Tensor& x, int64_t axis, const std::vector<int64_t>& indices, Tensor::Shape shape,
                    Meter& meter) {
  const AxisSplit split = SplitAt(x.shape, axis);
  FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(x.type, std::move(shape), meter));
  auto to = out.data.begin();
  for (int64_t o = 0; o < split.outer; ++o) {
    for (const int64_t index : indices) {
      if (index < -split.along || index >= split.along) {
        return Status::Invalid("index " + std::to_string(index) + " is outside its axis of " +
                               std::to_string(split.along));
      }
      const int64_t i = index < 0 ? index + split.along : index;
      to = std::copy_n(x.data.begin() + (o * split.along + i) * split.inner, split.inner, to);
    }
  }
  return out;
}

Result<OnnxOp> MakeGather(const OnnxAttributes& attributes) {
  const int64_t wanted = attributes.Integer("axis", 0);
  return OnnxOp([wanted](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(wanted, in[0]->rank()));
    if (!in[1]->integer()) return Status::Invalid("its indices must be integers");
    Tensor flat = *in[1];
    flat.shape = {static_cast<int64_t>(flat.data.size())};
    FW_ASSIGN_OR_RETURN(const std::vector<int64_t> indices, IntegersOf(flat));
    Tensor::Shape shape(in[0]->shape.begin(), in[0]->shape.begin() + axis);
    shape.insert(shape.end(), in[1]->shape.begin(), in[1]->shape.end());
    shape.insert(shape.end(), in[0]->shape.begin() + axis + 1, in[0]->shape.end());
    return Pick(*in[0], axis, indices, std::move(shape), meter);
  });
}

// starts, ends, axes, steps are inputs since opset 10.
Result<Tensor> Slice(OnnxInputs in, Meter& meter) {
  FW_ASSIGN_OR_RETURN(const std::vector<int64_t> starts, IntegersOf(*in[1]));
  FW_ASSIGN_OR_RETURN(const std::vector<int64_t> ends, IntegersOf(*in[2]));
  std::vector<int64_t> axes(starts.size());
  std::iota(axes.begin(), axes.end(), 0);
  std::vector<int64_t> steps(starts.size(), 1);
  if (in.size() > 3 && in[3] != nullptr) {
    FW_ASSIGN_OR_RETURN(axes, IntegersOf(*in[3]));
  }
  if (in.size() > 4 && in[4] != nullptr) {
    FW_ASSIGN_OR_RETURN(steps, IntegersOf(*in[4]));
  }
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size()) {
    return Status::Invalid("its starts, ends, axes and steps differ in number");
  }
  FW_ASSIGN_OR_RETURN(Tensor out, Copy(*in[0], meter));
  for (size_t i = 0; i < starts.size(); ++i) {
    FW_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(axes[i], out.rank()));
    const int64_t size = out.shape[static_cast<size_t>(axis)];
    const int64_t step = steps[i];
    if (step == 0 || step == std::numeric_limits<int64_t>::min())
      return Status::Invalid("a step of its is zero");
    const auto clamp = [&](int64_t v, int64_t low, int64_t high) {
      return std::clamp(v < 0 ? (v < -size ? int64_t{-1} : v + size) : v, low, high);
    };
    const int64_t start = step > 0 ? clamp(starts[i], 0, size) : clamp(starts[i], -1, size - 1);
    const int64_t end = step > 0 ? clamp(ends[i], 0, size) : clamp(ends[i], -1, size - 1);
    std::vector<int64_t> indices;
    const int64_t stride = std::clamp(step, -size - 1, size + 1);
    for (int64_t v = start; stride > 0 ? v < end : v > end; v += stride) indices.push_back(v);
    Tensor::Shape shape = out.shape;
    shape[static_cast<size_t>(axis)] = static_cast<int64_t>(indices.size());
    FW_ASSIGN_OR_RETURN(out, Pick(out, axis, indices, std::move(shape), meter));
  }
  return out;
}

Result<Tensor> Where(OnnxInputs in, Meter& meter) {
  if (in[0]->type != Type::kBool) return Status::Invalid("its condition must be bool");
  if (in[1]->type != in[2]->type) return Status::Invalid("its inputs differ in type");
  FW_ASSIGN_OR_RETURN(Tensor::Shape shape, BroadcastShape(in[0]->shape, in[1]->shape));
  FW_ASSIGN_OR_RETURN(shape, BroadcastShape(shape, in[2]->shape));
  FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(in[1]->type, shape, meter));
  FW_RETURN_IF_ERROR(meter.Spend(static_cast<int64_t>(out.data.size()), 3));
  std::vector<int64_t> at[3];
  for (size_t k = 0; k < 3; ++k) at[k] = BroadcastIndices(in[k]->shape, out.shape);
  for (size_t i = 0; i < out.data.size(); ++i) {
    out.data[i] = in[0]->data[at[0][i]] != 0 ? in[1]->data[at[1][i]] : in[2]->data[at[2][i]];
  }
  return out;
}

Result<Tensor> ShapeOf(OnnxInputs in, Meter& meter) {
  FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(Type::kInt64, {in[0]->rank()}, meter));
  std::copy(in[0]->shape.begin(), in[0]->shape.end(), out.data.begin());
  return out;
}

Result<Tensor> IsNaN(OnnxInputs in, Meter& meter) {
  FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(Type::kBool, in[0]->shape, meter));
  for (size_t i = 0; i < out.data.size(); ++i) out.data[i] = std::isnan(in[0]->data[i]) ? 1 : 0;
  return out;
}

}  // namespace

void AddShapeOperators(OnnxTable* table) {
  OnnxTable& t = *table;
  t["Constant"] = {0, 0, 0, MakeConstant};
  t["ConstantOfShape"] = {1, 1, 0, MakeConstantOfShape};
  t["Identity"] = Plain(1, [](OnnxInputs in, Meter& meter) { return Copy(*in[0], meter); });
  t["ZipMap"] = t["Identity"];  // its maps are the same probabilities with names
  t["Cast"] = {1, 1, 0, MakeCast};
  t["Concat"] = {1, -1, 0, MakeConcat};
  t["Reshape"] = {2, 2, 0, MakeReshape};
  t["Flatten"] = {1, 1, 0, MakeFlatten};
  t["Squeeze"] = {1, 2, 0, MakeSqueeze};
  t["Unsqueeze"] = {1, 2, 0, MakeUnsqueeze};
  t["Transpose"] = {1, 1, 0, MakeTranspose};
  t["Gather"] = {2, 2, 0, MakeGather};
  t["Slice"] = {3, 5, 0, [](const OnnxAttributes&) -> Result<OnnxOp> { return OnnxOp(Slice); }};
  t["Where"] = Plain(3, Where);
  t["Shape"] = Plain(1, ShapeOf);
  t["IsNaN"] = Plain(1, IsNaN);
}

}  // namespace forewarn
