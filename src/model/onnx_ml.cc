// ai.onnx.ml operators except trees. As in onnxruntime, their results are float whatever they read.
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "model/onnx_ops.h"

namespace forewarn {
namespace {

using Type = Tensor::Type;

// X · Cᵀ + intercepts, rows of coefficients one a target.
struct Linear {
  std::vector<double> coefficients, intercepts;
  size_t targets = 1;
};

Result<Linear> ReadLinear(const OnnxAttributes& attributes, size_t targets) {
  Linear linear;
  linear.coefficients = attributes.Numbers("coefficients");
  linear.intercepts = attributes.Numbers("intercepts");
  linear.targets = targets;
  if (targets < 1 || linear.coefficients.empty() || linear.coefficients.size() % targets != 0) {
    return Status::Invalid("its coefficients do not divide into " + std::to_string(targets) + " targets");
  }
  if (linear.intercepts.empty()) linear.intercepts.assign(targets, 0.0);
  if (linear.intercepts.size() != targets) return Status::Invalid("it needs one intercept a target");
  return linear;
}

Result<Tensor> RunLinear(const Linear& linear, const Tensor& x, Meter& meter) {
  FW_ASSIGN_OR_RETURN(const auto rows, OnnxRows(x));
  const auto [n, columns] = rows;
  const auto targets = static_cast<int64_t>(linear.targets);
  if (columns * targets != static_cast<int64_t>(linear.coefficients.size())) {
    return Status::Invalid("it reads " + std::to_string(linear.coefficients.size() / linear.targets) +
                           " columns, its input has " + std::to_string(columns));
  }
  FW_RETURN_IF_ERROR(meter.Spend(n, columns, targets));
  FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(Type::kFloat, {n, targets}, meter));
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t k = 0; k < targets; ++k) {
      double sum = 0;
      for (int64_t f = 0; f < columns; ++f) {
        sum += RoundTo(Type::kFloat, x.data[i * columns + f]) * linear.coefficients[k * columns + f];
      }
      out.data[i * targets + k] = RoundTo(Type::kFloat, RoundTo(Type::kFloat, sum) + linear.intercepts[k]);
    }
  }
  return out;
}

Result<OnnxOp> MakeLinearRegressor(const OnnxAttributes& attributes) {
  const int64_t targets = attributes.Integer("targets", 1);
  if (targets < 1 || targets > 10000) return Status::Invalid("its number of targets makes no sense");
  FW_ASSIGN_OR_RETURN(const Linear linear, ReadLinear(attributes, static_cast<size_t>(targets)));
  FW_ASSIGN_OR_RETURN(const auto transform, OnnxPostTransform(attributes.Text("post_transform", "NONE")));
  return OnnxOp([linear, transform](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(Tensor out, RunLinear(linear, *in[0], meter));
    for (size_t i = 0; i < out.data.size(); i += linear.targets) transform(&out.data[i], linear.targets);
    for (double& v : out.data) v = RoundTo(out.type, v);
    return out;
  });
}

Result<OnnxOp> MakeLinearClassifier(const OnnxAttributes& attributes) {
  const size_t labels = std::max(attributes.Integers("classlabels_ints").size(),
                                 attributes.Texts("classlabels_strings").size());
  const size_t intercepts = attributes.Numbers("intercepts").size();
  if (intercepts == 1 && labels == 2) {
    return Status::Invalid(
        "two classes with one row of coefficients are not supported: export one row a class");
  }
  FW_ASSIGN_OR_RETURN(const Linear linear, ReadLinear(attributes, intercepts > 0 ? intercepts : labels));
  FW_ASSIGN_OR_RETURN(const auto transform, OnnxPostTransform(attributes.Text("post_transform", "NONE")));
  return OnnxOp([linear, transform](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(Tensor out, RunLinear(linear, *in[0], meter));
    for (size_t i = 0; i < out.data.size(); i += linear.targets) transform(&out.data[i], linear.targets);
    for (double& v : out.data) v = RoundTo(out.type, v);
    return out;
  });
}

// values of length 1 or one a column.
double At(const std::vector<double>& values, int64_t column) {
  return values.size() == 1 ? values[0] : values[static_cast<size_t>(column)];
}

bool Fits(const std::vector<double>& values, int64_t columns) {
  return values.size() == 1 || static_cast<int64_t>(values.size()) == columns;
}

Result<OnnxOp> MakeScaler(const OnnxAttributes& attributes) {
  const std::vector<double> offset = attributes.Numbers("offset");
  const std::vector<double> scale = attributes.Numbers("scale");
  return OnnxOp([offset, scale](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(const auto rows, OnnxRows(*in[0]));
    const int64_t columns = rows.second;
    if (!Fits(offset, columns) || !Fits(scale, columns)) {
      return Status::Invalid("its offset and scale do not fit " + std::to_string(columns) + " columns");
    }
    FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(Type::kFloat, in[0]->shape, meter));
    for (size_t i = 0; i < out.data.size(); ++i) {
      const int64_t c = static_cast<int64_t>(i) % columns;
      const double centred = RoundTo(in[0]->type, in[0]->data[i] - At(offset, c));
      out.data[i] = RoundTo(Type::kFloat, centred * At(scale, c));
    }
    return out;
  });
}

Result<OnnxOp> MakeNormalizer(const OnnxAttributes& attributes) {
  const std::string norm = attributes.Text("norm", "MAX");
  if (norm != "MAX" && norm != "L1" && norm != "L2")
    return Status::Invalid("norm '" + norm + "' is not supported");
  return OnnxOp([norm](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(const auto rows, OnnxRows(*in[0]));
    const auto [n, columns] = rows;
    FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(Type::kFloat, in[0]->shape, meter));
    for (int64_t i = 0; i < n; ++i) {
      const double* row = &in[0]->data[i * columns];
      double size = columns > 0 && norm == "MAX" ? row[0] : 0;
      for (int64_t c = 0; c < columns; ++c) {
        if (norm == "MAX") size = std::max(size, row[c]);
        if (norm == "L1") size += std::fabs(row[c]);
        if (norm == "L2") size += row[c] * row[c];
      }
      if (norm == "L2") size = std::sqrt(size);
      if (size == 0) size = 1;
      for (int64_t c = 0; c < columns; ++c) out.data[i * columns + c] = RoundTo(Type::kFloat, row[c] / size);
    }
    return out;
  });
}

Result<OnnxOp> MakeImputer(const OnnxAttributes& attributes) {
  const std::vector<double> values = attributes.Numbers("imputed_value_floats");
  const double replaced = attributes.Number("replaced_value_float", 0);
  if (values.empty()) return Status::Invalid("only imputation of floats is supported");
  return OnnxOp([values, replaced](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(const auto rows, OnnxRows(*in[0]));
    const int64_t columns = rows.second;
    if (!Fits(values, columns)) {
      return Status::Invalid("its values do not fit " + std::to_string(columns) + " columns");
    }
    FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(in[0]->type, in[0]->shape, meter));
    for (size_t i = 0; i < out.data.size(); ++i) {
      const double v = in[0]->data[i];
      const bool hit = std::isnan(replaced) ? std::isnan(v) : v == replaced;
      out.data[i] = hit ? At(values, static_cast<int64_t>(i) % columns) : v;
    }
    return out;
  });
}

// Columns of X by index.
Result<Tensor> ExtractFeatures(OnnxInputs in, Meter& meter) {
  const Tensor& x = *in[0];
  if (x.rank() < 1) return Status::Invalid("expected at least one dimension");
  Tensor flat = *in[1];
  flat.shape = {static_cast<int64_t>(flat.data.size())};
  FW_ASSIGN_OR_RETURN(const std::vector<int64_t> indices, IntegersOf(flat));
  const int64_t columns = x.shape.back();
  const int64_t rows = columns > 0 ? static_cast<int64_t>(x.data.size()) / columns : 0;
  Tensor::Shape shape = x.rank() == 1 ? Tensor::Shape{1, 0} : x.shape;
  shape.back() = static_cast<int64_t>(indices.size());
  FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(x.type, shape, meter));
  if (columns == 0 && !out.data.empty()) return Status::Invalid("its input has no columns");
  for (size_t k = 0; k < indices.size(); ++k) {
    if (indices[k] < 0 || indices[k] >= columns) {
      return Status::Invalid("column " + std::to_string(indices[k]) + " is outside its input's " +
                             std::to_string(columns));
    }
    for (int64_t i = 0; i < rows; ++i)
      out.data[i * shape.back() + static_cast<int64_t>(k)] = x.data[i * columns + indices[k]];
  }
  return out;
}

Result<OnnxOp> MakeLabelEncoder(const OnnxAttributes& attributes) {
  const auto numbers = [&](const std::string& side) {
    std::vector<double> values = attributes.Numbers(side + "_floats");
    for (const int64_t v : attributes.Integers(side + "_int64s")) values.push_back(static_cast<double>(v));
    return values;
  };
  const std::vector<double> keys = numbers("keys");
  const std::vector<double> values = numbers("values");
  if (keys.empty() || keys.size() != values.size()) {
    return Status::Invalid("only numbers to as many numbers are supported");
  }
  const bool to_float = attributes.Has("values_floats");
  const double fallback = to_float ? attributes.Number("default_float", -0.0)
                                   : static_cast<double>(attributes.Integer("default_int64", -1));
  std::map<double, double> map;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!std::isnan(keys[i])) map.emplace(keys[i], values[i]);
  }
  return OnnxOp([map, to_float, fallback](OnnxInputs in, Meter& meter) -> Result<Tensor> {
    FW_ASSIGN_OR_RETURN(Tensor out, MakeTensor(to_float ? Type::kFloat : Type::kInt64, in[0]->shape, meter));
    for (size_t i = 0; i < out.data.size(); ++i) {
      const auto it = std::isnan(in[0]->data[i]) ? map.end() : map.find(in[0]->data[i]);
      out.data[i] = it == map.end() ? fallback : it->second;
    }
    return out;
  });
}

}  // namespace

void AddMlOperators(OnnxTable* table) {
  OnnxTable& t = *table;
  t["LinearRegressor"] = {1, 1, 0, MakeLinearRegressor};
  t["LinearClassifier"] = {1, 1, 1, MakeLinearClassifier};
  t["Scaler"] = {1, 1, 0, MakeScaler};
  t["Normalizer"] = {1, 1, 0, MakeNormalizer};
  t["Imputer"] = {1, 1, 0, MakeImputer};
  t["ArrayFeatureExtractor"] = {
      2, 2, 0, [](const OnnxAttributes&) -> Result<OnnxOp> { return OnnxOp(ExtractFeatures); }};
  t["LabelEncoder"] = {1, 1, 0, MakeLabelEncoder};
}

}  // namespace forewarn
