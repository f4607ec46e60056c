#include "model/predictor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "model/calibration.h"
#include "model/flat_trees.h"
#include "model/onnx_program.h"

namespace forewarn {
namespace {

constexpr size_t kStackFeatures = 512;

// Calls use(split row) with SplitRow's floats, on the stack unless the model is unusually wide.
template <typename Use>
void WithSplitRow(const double* row, size_t features, const Use& use) {
  if (features <= kStackFeatures) {
    alignas(64) float split[2 * kStackFeatures];
    SplitRow(row, features, split);
    use(split);
  } else {
    std::vector<float> split(2 * features);
    SplitRow(row, features, split.data());
    use(split.data());
  }
}

struct AlignedBlock {
  alignas(64) float values[FlatTrees::kLanes];
};

// Calls use(first row, rows, transposed block) for every kLanes rows; a last short block repeats its last
// row.
template <typename Use>
void ForBlocks(const double* rows, size_t n, size_t features, const Use& use) {
  constexpr size_t kLanes = FlatTrees::kLanes;
  std::vector<AlignedBlock> block(2 * features);
  std::vector<float> split(2 * features);
  for (size_t first = 0; first < n; first += kLanes) {
    const size_t count = std::min(kLanes, n - first);
    for (size_t j = 0; j < kLanes; ++j) {
      if (j < count) SplitRow(rows + (first + j) * features, features, split.data());
      for (size_t k = 0; k < split.size(); ++k) block[k].values[j] = split[k];
    }
    use(first, count, block[0].values);
  }
}

// (x − mean) / scale and a linear form of it, in the order onnx_writer.cc's graphs compute.
double Dot(const LinearModel& m, const double* row) {
  double sum = 0;
  for (size_t f = 0; f < m.coef.size(); ++f) sum += (row[f] - m.mean[f]) / m.scale[f] * m.coef[f];
  return sum + m.intercept;
}

void Softmax(double* z, size_t n) {
  const double top = *std::max_element(z, z + n);
  double sum = 0;
  for (size_t k = 0; k < n; ++k) sum += z[k] = std::exp(z[k] - top);
  for (size_t k = 0; k < n; ++k) z[k] /= sum;
}

struct TreeEngine {
  std::vector<FlatTrees> folds;
  std::vector<Calibration> calibrations;  // one a fold; none for the isolation forest
  double minus_c_psi = 0;                 // isolation forest: −c(psi)
};

}  // namespace

struct Predictor::Impl {
  ModelBody linear;  // the body, for the models that are not trees
  TreeEngine trees;
  size_t features = 0;
  size_t outputs = 1;

  double Finish(const float* raw) const {
    if (trees.calibrations.empty()) return std::exp2(static_cast<double>(raw[0]) / trees.minus_c_psi);
    double sum = 0;
    for (size_t k = 0; k < trees.folds.size(); ++k) sum += Calibrate(trees.calibrations[k], raw[k]);
    return sum / static_cast<double>(trees.folds.size());
  }
  void ScoreRow(const LinearModel& m, const double* row, double* out) const {
    const double z = Dot(m, row);
    out[0] = m.logistic ? Logistic(z) : z;
  }
  void ScoreRow(const MultinomialModel& m, const double* row, double* out) const {
    for (size_t k = 0; k < outputs; ++k) {
      double sum = 0;
      for (size_t f = 0; f < features; ++f) sum += (row[f] - m.mean[f]) / m.scale[f] * m.coef[k][f];
      out[k] = sum + m.intercept[k];
    }
    Softmax(out, outputs);
  }
  void ScoreRow(const PcaModel& m, const double* row, double* out) const {
    double t2 = 0;
    double spe = 0;
    for (size_t k = 0; k < m.components.size(); ++k) {
      double t = 0;
      for (size_t f = 0; f < features; ++f) t += (row[f] - m.mean[f]) / m.scale[f] * m.components[k][f];
      if (k < static_cast<size_t>(m.kept)) {
        t2 += t * t / m.variance[k];
      } else {
        spe += t * t;
      }
    }
    out[0] = t2;
    out[1] = spe;
  }
  void ScoreRow(const ForeignModel& m, const double* row, double* out) const {
    if (!m.program->Run(row, 1, out).ok()) {
      std::fill(out, out + outputs, std::numeric_limits<double>::quiet_NaN());
    }
  }
  void ScoreRow(const CalibratedTrees&, const double*, double*) const {}
  void ScoreRow(const IsolationForestModel&, const double*, double*) const {}

  void Raw(const double* row, float* out) const {
    WithSplitRow(row, features, [&](const float* split) {
      for (size_t k = 0; k < trees.folds.size(); ++k) out[k] = trees.folds[k].Sum(split);
    });
  }
  // use(row index, raw outputs of the row) for every row.
  template <typename Use>
  void ForRaw(const double* rows, size_t n, const Use& use) const {
    const size_t folds = trees.folds.size();
    std::vector<float> sums(folds * FlatTrees::kLanes);
    std::vector<float> raw(folds);
    ForBlocks(rows, n, features, [&](size_t first, size_t count, const float* block) {
      for (size_t k = 0; k < folds; ++k) trees.folds[k].SumBlock(block, &sums[k * FlatTrees::kLanes]);
      for (size_t j = 0; j < count; ++j) {
        for (size_t k = 0; k < folds; ++k) raw[k] = sums[k * FlatTrees::kLanes + j];
        use(first + j, raw.data());
      }
    });
  }
};

namespace {

constexpr size_t kStackFolds = 32;

// Calls use(float[folds]) with scratch that is on the stack for any model we write.
template <typename Use>
void WithFolds(size_t folds, const Use& use) {
  if (folds <= kStackFolds) {
    std::array<float, kStackFolds> raw;
    use(raw.data());
  } else {
    std::vector<float> raw(folds);
    use(raw.data());
  }
}

}  // namespace

Predictor::Predictor(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;
Predictor::~Predictor() = default;

Result<Predictor> Predictor::Build(const Model& model) {
  FW_RETURN_IF_ERROR(CheckModel(model));
  return Build(model.body);
}

Result<Predictor> Predictor::Build(const ModelBody& body) {
  FW_RETURN_IF_ERROR(CheckBody(body));
  auto impl = std::make_unique<Impl>();
  impl->features = FeatureCount(body);
  if (const auto* m = std::get_if<CalibratedTrees>(&body)) {
    for (const CalibratedTrees::Fold& fold : m->folds) {
      impl->trees.folds.emplace_back(fold.ensemble);
      impl->trees.calibrations.push_back(fold.calibration);
    }
  } else if (const auto* forest = std::get_if<IsolationForestModel>(&body)) {
    impl->trees.folds.emplace_back(forest->trees);
    impl->trees.minus_c_psi = -AveragePathLength(forest->psi);
  } else {
    impl->linear = body;
    if (const auto* regime = std::get_if<MultinomialModel>(&body)) impl->outputs = regime->coef.size();
    if (std::holds_alternative<PcaModel>(body)) impl->outputs = 2;
    if (const auto* foreign = std::get_if<ForeignModel>(&body)) impl->outputs = foreign->program->outputs();
  }
  return Predictor(std::move(impl));
}

size_t Predictor::features() const { return impl_->features; }
size_t Predictor::outputs() const { return impl_->outputs; }
size_t Predictor::raw_outputs() const { return impl_->trees.folds.size(); }

void Predictor::Score(const double* row, double* out) const {
  const Impl& impl = *impl_;
  if (impl.trees.folds.empty()) {
    std::visit([&](const auto& m) { impl.ScoreRow(m, row, out); }, impl.linear);
    return;
  }
  WithFolds(impl.trees.folds.size(), [&](float* raw) {
    impl.Raw(row, raw);
    out[0] = impl.Finish(raw);
  });
}

double Predictor::Score(const double* row) const {
  if (impl_->outputs == 1) {
    double score;
    Score(row, &score);
    return score;
  }
  std::vector<double> out(impl_->outputs);
  Score(row, out.data());
  return out[0];
}

void Predictor::ScoreBatch(const double* rows, size_t n, double* out) const {
  const Impl& impl = *impl_;
  if (!impl.trees.folds.empty()) {
    impl.ForRaw(rows, n, [&](size_t i, const float* raw) { out[i] = impl.Finish(raw); });
    return;
  }
  if (const auto* foreign = std::get_if<ForeignModel>(&impl.linear)) {
    if (foreign->program->Run(rows, n, out).ok()) return;
  }
  for (size_t i = 0; i < n; ++i) Score(rows + i * impl.features, out + i * impl.outputs);
}

void Predictor::Raw(const double* row, double* out) const {
  WithFolds(impl_->trees.folds.size(), [&](float* raw) {
    impl_->Raw(row, raw);
    std::copy(raw, raw + impl_->trees.folds.size(), out);
  });
}

void Predictor::RawBatch(const double* rows, size_t n, double* out) const {
  if (impl_->trees.folds.empty()) return;
  const size_t folds = impl_->trees.folds.size();
  impl_->ForRaw(rows, n, [&](size_t i, const float* raw) { std::copy(raw, raw + folds, out + i * folds); });
}

}  // namespace forewarn
