// Element-wise operators, matrix products, reductions.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "model/calibration.h"
#include "model/onnx_ops.h"

namespace forewarn {
namespace {

using Type = Tensor::Type;
using Unary = double (*)(double);
using Binary = double (*)(double, double);

OnnxFactory MakeUnary(Unary f) {
  return {1, 1, 0, [f](const OnnxAttributes&) -> Result<OnnxOp> {
            return OnnxOp([f](OnnxInputs in, Meter& meter) -> Result<Tensor> {
              FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(in[0]->type, in[0]->shape, meter));
              for (size_t i = 0; i < out.data.size(); ++i) out.data[i] = RoundTo(out.type, f(in[0]->data[i]));
              return out;
            });
          }};
}

// to_bool: the result's type is bool, not the inputs'.
Result<Tensor> Combine(const Tensor& a, const Tensor& b, Binary f, bool to_bool, Meter& meter) {
  FW_ASSIGN_OR_RETURN(Tensor::Shape shape, BroadcastShape(a.shape, b.shape));
  FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(to_bool ? Type::kBool : a.type, std::move(shape), meter));
  if (a.shape == b.shape) {
    for (size_t i = 0; i < out.data.size(); ++i) out.data[i] = RoundTo(out.type, f(a.data[i], b.data[i]));
    return out;
  }
  FW_RETURN_IF_ERROR(meter.Spend(static_cast<int64_t>(out.data.size()), 2));
  const std::vector<int64_t> ia = BroadcastIndices(a.shape, out.shape);
  const std::vector<int64_t> ib = BroadcastIndices(b.shape, out.shape);
  for (size_t i = 0; i < out.data.size(); ++i)
    out.data[i] = RoundTo(out.type, f(a.data[ia[i]], b.data[ib[i]]));
  return out;
}

OnnxFactory MakeBinary(Binary f, bool to_bool = false) {
  return {2, 2, 0, [f, to_bool](const OnnxAttributes&) -> Result<OnnxOp> {
            return OnnxOp([f, to_bool](OnnxInputs in, Meter& meter) -> Result<Tensor> {
              if (in[0]->type != in[1]->type) return Status::Invalid("its inputs differ in type");
              return Combine(*in[0], *in[1], f, to_bool, meter);
            });
          }};
}

Result<Tensor> Divide(OnnxInputs in, Meter& meter) {
  if (in[0]->integer() && std::count(in[1]->data.begin(), in[1]->data.end(), 0.0) != 0) {
    return Status::Invalid("it divides an integer by zero");
  }
  return Combine(*in[0], *in[1], [](double a, double b) { return a / b; }, false, meter);
}

// Folds any number of inputs; mean divides by their number.
OnnxFactory MakeVariadic(Binary f, bool mean = false) {
  return {1, -1, 0, [f, mean](const OnnxAttributes&) -> Result<OnnxOp> {
            return OnnxOp([f, mean](OnnxInputs in, Meter& meter) -> Result<Tensor> {
              FW_RETURN_IF_ERROR(meter.Spend(static_cast<int64_t>(in[0]->data.size())));
              Tensor out = *in[0];
              for (size_t i = 1; i < in.size(); ++i) {
                if (in[i] == nullptr || in[i]->type != out.type)
                  return Status::Invalid("its inputs differ in type");
                FW_ASSIGN_OR_RETURN(out, Combine(out, *in[i], f, false, meter));
              }
              if (!mean) return out;
              for (double& v : out.data) v = RoundTo(out.type, v / static_cast<double>(in.size()));
              return out;
            });
          }};
}

// NaN wins, as in numpy and onnxruntime.
double Larger(double a, double b) { return std::isnan(a) || std::isnan(b) ? a + b : std::max(a, b); }
double Smaller(double a, double b) { return std::isnan(a) || std::isnan(b) ? a + b : std::min(a, b); }

Result<OnnxOp> MakeClip(const OnnxAttributes& attributes) {
  const double low_attribute = attributes.Number("min", -std::numeric_limits<double>::infinity());
  const double high_attribute = attributes.Number("max", std::numeric_limits<double>::infinity());
  return OnnxOp([=](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    double low = low_attribute;
    double high = high_attribute;
    for (size_t i = 1; i < in.size(); ++i) {
      if (in[i] == nullptr) continue;
      if (in[i]->data.size() != 1) return Status::Invalid("its bounds must be scalars");
      (i == 1 ? low : high) = in[i]->data[0];
    }
    FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(in[0]->type, in[0]->shape, meter));
    for (size_t i = 0; i < out.data.size(); ++i) {
      const double v = in[0]->data[i];
      out.data[i] = v < low ? low : v;
      if (out.data[i] > high) out.data[i] = high;
    }
    return out;
  });
}

// [M, K] × [K, P], both at most 2-D; vectors as numpy has them.
Result<Tensor> Multiply(const Tensor& a, const Tensor& b, Meter& meter) {
  if (a.rank() < 1 || b.rank() < 1 || a.rank() > 2 || b.rank() > 2) {
    return Status::Invalid("matrix products are of one or two dimensions here");
  }
  if (a.type != b.type || !a.real()) return Status::Invalid("its inputs must be both float or both double");
  const int64_t m = a.rank() == 2 ? a.shape[0] : 1;
  const int64_t k = a.shape.back();
  const int64_t p = b.rank() == 2 ? b.shape[1] : 1;
  if (b.shape[0] != k) {
    return Status::Invalid("inner dimensions " + std::to_string(k) + " and " + std::to_string(b.shape[0]) +
                           " differ");
  }
  Tensor::Shape shape;
  if (a.rank() == 2) shape.push_back(m);
  if (b.rank() == 2) shape.push_back(p);
  FW_RETURN_IF_ERROR(meter.Spend(m, k, p));
  FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(a.type, std::move(shape), meter));
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < p; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < k; ++l) sum += a.data[i * k + l] * b.data[l * p + j];
      out.data[i * p + j] = RoundTo(out.type, sum);
    }
  }
  return out;
}

Result<Tensor> Transpose2(const Tensor& in, Meter& meter) {
  if (in.rank() != 2) return Status::Invalid("expected a matrix");
  FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(in.type, {in.shape[1], in.shape[0]}, meter));
  for (int64_t i = 0; i < in.shape[0]; ++i) {
    for (int64_t j = 0; j < in.shape[1]; ++j) out.data[j * in.shape[0] + i] = in.data[i * in.shape[1] + j];
  }
  return out;
}

Result<OnnxOp> MakeGemm(const OnnxAttributes& attributes) {
  const double alpha = attributes.Number("alpha", 1);
  const double beta = attributes.Number("beta", 1);
  const bool transpose_a = attributes.Integer("transA", 0) != 0;
  const bool transpose_b = attributes.Integer("transB", 0) != 0;
  return OnnxOp([=](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_RETURN_IF_ERROR(meter.Spend(static_cast<int64_t>(in[0]->data.size() + in[1]->data.size())));
    Tensor a = *in[0];
    Tensor b = *in[1];
    if (transpose_a) {
      FW_ASSIGN_OR_RETURN(a, Transpose2(a, meter));
    }
    if (transpose_b) {
      FW_ASSIGN_OR_RETURN(b, Transpose2(b, meter));
    }
    if (a.rank() != 2 || b.rank() != 2) return Status::Invalid("expected matrices");
    FW_ASSIGN_OR_RETURN(Tensor out, Multiply(a, b, meter));
    for (double& v : out.data) v = RoundTo(out.type, v * alpha);
    if (in.size() < 3 || in[2] == nullptr) return out;
    Tensor c = *in[2];
    for (double& v : c.data) v = RoundTo(c.type, v * beta);
    const Tensor::Shape shape = out.shape;
    FW_ASSIGN_OR_RETURN(out, Combine(out, c, [](double x, double y) { return x + y; }, false, meter));
    if (out.shape != shape) return Status::Invalid("its third input does not broadcast to the product");
    return out;
  });
}

struct Reduction {
  double start;
  double (*step)(double sum, double v);
  double (*finish)(double sum, double count);
};

OnnxFactory MakeReduction(Reduction reduction) {
  return {1, 2, 0, [reduction](const OnnxAttributes& attributes) -> Result<OnnxOp> {
            const std::vector<int64_t> listed = attributes.Integers("axes");
            const bool keep = attributes.Integer("keepdims", 1) != 0;
            const bool noop = attributes.Integer("noop_with_empty_axes", 0) != 0;
            return OnnxOp([=](OnnxInputs in, Meter& meter) -> Result<Tensor> {
              std::vector<int64_t> axes = listed;
              if (in.size() > 1 && in[1] != nullptr) {
                FW_ASSIGN_OR_RETURN(axes, IntegersOf(*in[1]));
              }
              const Tensor& x = *in[0];
              if (axes.empty() && noop) return x;
              std::vector<bool> reduced(x.shape.size(), axes.empty());
              for (const int64_t axis : axes) {
                FW_ASSIGN_OR_RETURN(const int64_t a, NormaliseAxis(axis, x.rank()));
                reduced[static_cast<size_t>(a)] = true;
              }
              Tensor::Shape kept;
              Tensor::Shape squeezed;
              double count = 1;
              for (size_t i = 0; i < x.shape.size(); ++i) {
                kept.push_back(reduced[i] ? 1 : x.shape[i]);
                if (!reduced[i]) squeezed.push_back(x.shape[i]);
                if (reduced[i]) count *= static_cast<double>(x.shape[i]);
              }
              FW_RETURN_IF_ERROR(meter.Spend(static_cast<int64_t>(x.data.size()), 2));
              FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(x.type, kept, meter));
              std::fill(out.data.begin(), out.data.end(), reduction.start);
              const std::vector<int64_t> to = BroadcastIndices(kept, x.shape);
              for (size_t i = 0; i < x.data.size(); ++i)
                out.data[to[i]] = reduction.step(out.data[to[i]], x.data[i]);
              for (double& v : out.data) v = RoundTo(out.type, reduction.finish(v, count));
              if (!keep) out.shape = squeezed;
              return out;
            });
          }};
}

Result<OnnxOp> MakeSoftmax(const OnnxAttributes& attributes) {
  const int64_t wanted = attributes.Integer("axis", -1);
  return OnnxOp([wanted](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    if (!in[0]->real()) return Status::Invalid("expected real numbers");
    FW_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(wanted, in[0]->rank()));
    FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(in[0]->type, in[0]->shape, meter));
    const AxisSplit split = SplitAt(out.shape, axis);
    for (int64_t o = 0; o < split.outer; ++o) {
      for (int64_t i = 0; i < split.inner; ++i) {
        const auto at = [&](int64_t a) { return (o * split.along + a) * split.inner + i; };
        double top = -std::numeric_limits<double>::infinity();
        double sum = 0;
        for (int64_t a = 0; a < split.along; ++a) top = Larger(top, in[0]->data[at(a)]);
        for (int64_t a = 0; a < split.along; ++a) sum += out.data[at(a)] = std::exp(in[0]->data[at(a)] - top);
        for (int64_t a = 0; a < split.along; ++a) out.data[at(a)] = RoundTo(out.type, out.data[at(a)] / sum);
      }
    }
    return out;
  });
}

// The first index of the largest (sign 1) or smallest (−1) value along an axis.
OnnxFactory MakeArg(double sign) {
  return {1, 1, 0, [sign](const OnnxAttributes& attributes) -> Result<OnnxOp> {
            const int64_t wanted = attributes.Integer("axis", 0);
            const bool keep = attributes.Integer("keepdims", 1) != 0;
            if (attributes.Integer("select_last_index", 0) != 0) {
              return Status::Invalid("select_last_index is not supported");
            }
            return OnnxOp([=](OnnxInputs in, Meter& meter) -> Result<Tensor> {
              FW_ASSIGN_OR_RETURN(const int64_t axis, NormaliseAxis(wanted, in[0]->rank()));
              Tensor::Shape shape = in[0]->shape;
              const AxisSplit split = SplitAt(shape, axis);
              if (split.along < 1) return Status::Invalid("its axis is empty");
              shape[static_cast<size_t>(axis)] = 1;
              FW_RETURN_IF_ERROR(meter.Spend(static_cast<int64_t>(in[0]->data.size())));
              FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(Type::kInt64, shape, meter));
              for (int64_t o = 0; o < split.outer; ++o) {
                for (int64_t i = 0; i < split.inner; ++i) {
                  const auto value = [&](int64_t a) {
                    return sign * in[0]->data[(o * split.along + a) * split.inner + i];
                  };
                  int64_t best = 0;
                  for (int64_t a = 1; a < split.along; ++a) {
                    if (value(a) > value(best)) best = a;
                  }
                  out.data[o * split.inner + i] = static_cast<double>(best);
                }
              }
              if (!keep) out.shape.erase(out.shape.begin() + axis);
              return out;
            });
          }};
}

template <typename Run>
OnnxFactory Plain(int inputs, Run run) {
  return {inputs, inputs, 0, [run](const OnnxAttributes&) -> Result<OnnxOp> { return OnnxOp(run); }};
}

}  // namespace

void AddMathOperators(OnnxTable* table) {
  OnnxTable& t = *table;
  t["Abs"] = MakeUnary([](double x) { return std::fabs(x); });
  t["Neg"] = MakeUnary([](double x) { return -x; });
  t["Exp"] = MakeUnary([](double x) { return std::exp(x); });
  t["Log"] = MakeUnary([](double x) { return std::log(x); });
  t["Sqrt"] = MakeUnary([](double x) { return std::sqrt(x); });
  t["Sigmoid"] = MakeUnary(Logistic);
  t["Tanh"] = MakeUnary([](double x) { return std::tanh(x); });
  t["Relu"] = MakeUnary([](double x) { return x < 0 ? 0 : x; });
  t["Reciprocal"] = MakeUnary([](double x) { return 1 / x; });
  t["Floor"] = MakeUnary([](double x) { return std::floor(x); });
  t["Ceil"] = MakeUnary([](double x) { return std::ceil(x); });
  t["Not"] = MakeUnary([](double x) { return x != 0 ? 0.0 : 1.0; });
  t["Add"] = MakeBinary([](double a, double b) { return a + b; });
  t["Sub"] = MakeBinary([](double a, double b) { return a - b; });
  t["Mul"] = MakeBinary([](double a, double b) { return a * b; });
  t["Div"] = Plain(2, [](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    if (in[0]->type != in[1]->type) return Status::Invalid("its inputs differ in type");
    return Divide(in, meter);
  });
  t["Pow"] = Plain(2, [](OnnxInputs in, Meter& meter) {  // the exponent may be of another type
    return Combine(*in[0], *in[1], [](double a, double b) { return std::pow(a, b); }, false, meter);
  });
  t["Equal"] = MakeBinary([](double a, double b) { return a == b ? 1.0 : 0.0; }, true);
  t["Less"] = MakeBinary([](double a, double b) { return a < b ? 1.0 : 0.0; }, true);
  t["LessOrEqual"] = MakeBinary([](double a, double b) { return a <= b ? 1.0 : 0.0; }, true);
  t["Greater"] = MakeBinary([](double a, double b) { return a > b ? 1.0 : 0.0; }, true);
  t["GreaterOrEqual"] = MakeBinary([](double a, double b) { return a >= b ? 1.0 : 0.0; }, true);
  t["And"] = MakeBinary([](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }, true);
  t["Or"] = MakeBinary([](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }, true);
  t["Max"] = MakeVariadic(Larger);
  t["Min"] = MakeVariadic(Smaller);
  t["Sum"] = MakeVariadic([](double a, double b) { return a + b; });
  t["Mean"] = MakeVariadic([](double a, double b) { return a + b; }, true);
  t["Clip"] = {1, 3, 0, MakeClip};
  t["MatMul"] = Plain(2, [](OnnxInputs in, Meter& meter) { return Multiply(*in[0], *in[1], meter); });
  t["Gemm"] = {2, 3, 0, MakeGemm};
  t["Softmax"] = {1, 1, 0, MakeSoftmax};
  t["ArgMax"] = MakeArg(1);
  t["ArgMin"] = MakeArg(-1);
  const auto same = [](double sum, double) { return sum; };
  const auto add = [](double sum, double v) { return sum + v; };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  t["ReduceSum"] = MakeReduction({0, add, same});
  t["ReduceMean"] = MakeReduction({0, add, [](double sum, double count) { return sum / count; }});
  t["ReduceSumSquare"] = MakeReduction({0, [](double sum, double v) { return sum + v * v; }, same});
  t["ReduceL1"] = MakeReduction({0, [](double sum, double v) { return sum + std::fabs(v); }, same});
  t["ReduceL2"] = MakeReduction({0, [](double sum, double v) { return sum + v * v; },
                                 [](double sum, double) { return std::sqrt(sum); }});
  t["ReduceMax"] = MakeReduction({-kInfinity, Larger, same});
  t["ReduceMin"] = MakeReduction({kInfinity, Smaller, same});
}

}  // namespace forewarn
