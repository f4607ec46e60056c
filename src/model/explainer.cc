#include "model/explainer.h"

#include <algorithm>
#include <utility>

#include "core/names.h"
#include "model/flat_trees.h"
#include "model/tree_shap.h"

namespace forewarn {
namespace {

constexpr size_t kBatchBlocks =
    16;  // 256 rows at a time: their features and values fit the second-level cache

struct AlignedBlock {
  alignas(64) float values[TreeShap::kLanes];
};

}  // namespace

struct Explainer::Impl {
  std::vector<TreeShap> shap;    // one a fold, weighted by 1 / folds
  std::vector<FlatTrees> trees;  // one a fold
  LinearModel linear;            // if there are no trees
  std::string output;
  size_t features = 0;
  double base_value = 0;

  Status AddFold(const TreeEnsemble& ensemble, double weight) {
    TreeShap::Options options;
    options.weight = weight;
    FW_ASSIGN_OR_RETURN(TreeShap fold, TreeShap::Build(ensemble, options));
    base_value += fold.base_value();
    shap.push_back(std::move(fold));
    trees.emplace_back(ensemble);
    return {};
  }

  double OutputOf(const float* split) const {
    double sum = 0;
    for (const FlatTrees& fold : trees) sum += fold.ExactSum(split);
    return sum / static_cast<double>(trees.size());
  }

  void ExplainLinear(const double* row, double* shap_values, double* output_value) const {
    double sum = 0;
    for (size_t f = 0; f < features; ++f) {
      shap_values[f] = (row[f] - linear.mean[f]) / linear.scale[f] * linear.coef[f];
      sum += shap_values[f];
    }
    *output_value = sum + linear.intercept;
  }
};

Explainer::Explainer(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
Explainer::Explainer(Explainer&&) noexcept = default;
Explainer& Explainer::operator=(Explainer&&) noexcept = default;
Explainer::~Explainer() = default;

Result<Explainer> Explainer::Build(const Model& model) {
  FW_RETURN_IF_ERROR(CheckModel(model));
  auto impl = std::make_unique<Impl>();
  impl->features = FeatureCount(model.body);
  if (const auto* m = std::get_if<CalibratedTrees>(&model.body)) {
    impl->output = m->log_odds ? "log_odds" : "score";
    for (const CalibratedTrees::Fold& fold : m->folds) {
      FW_RETURN_IF_ERROR(impl->AddFold(fold.ensemble, 1.0 / static_cast<double>(m->folds.size())));
    }
  } else if (const auto* forest = std::get_if<IsolationForestModel>(&model.body)) {
    impl->output = "score";
    FW_RETURN_IF_ERROR(impl->AddFold(forest->trees, 1.0));
  } else if (const auto* linear = std::get_if<LinearModel>(&model.body)) {
    impl->output = linear->logistic ? "log_odds" : "value";
    impl->linear = *linear;
    impl->base_value = linear->intercept;
  } else if (std::holds_alternative<ForeignModel>(model.body)) {
    return Status::Unavailable(
        "'" + model.info.run +
        "' was made elsewhere: its graph carries no covers, which exact explanations need");
  } else {
    return Status::Unavailable("'" + model.info.run + "' is a " + ModelKindName(model.info.kind) +
                               " model: it has no single output to explain");
  }
  return Explainer(std::move(impl));
}

size_t Explainer::features() const { return impl_->features; }
const std::string& Explainer::output() const { return impl_->output; }
double Explainer::base_value() const { return impl_->base_value; }

Explanation Explainer::Explain(const double* row) const {
  Explanation e;
  e.base_value = impl_->base_value;
  e.shap.assign(impl_->features, 0.0);
  if (impl_->trees.empty()) {
    impl_->ExplainLinear(row, e.shap.data(), &e.output_value);
    return e;
  }
  std::vector<float> split(2 * impl_->features);
  SplitRow(row, impl_->features, split.data());
  for (const TreeShap& fold : impl_->shap) fold.Add(split.data(), e.shap.data());
  e.output_value = impl_->OutputOf(split.data());
  return e;
}

void Explainer::ExplainBatch(const double* rows, size_t n, double* shap, double* output_values) const {
  const size_t features = impl_->features;
  if (impl_->trees.empty()) {
    for (size_t i = 0; i < n; ++i) {
      double output = 0;
      impl_->ExplainLinear(rows + i * features, shap + i * features, &output);
      if (output_values != nullptr) output_values[i] = output;
    }
    return;
  }
  constexpr size_t kLanes = TreeShap::kLanes;
  std::vector<AlignedBlock> split(kBatchBlocks * 2 * features);
  std::vector<float> row(2 * features, 0.0F);
  std::vector<double> phi(kBatchBlocks * kLanes * features);
  for (size_t first = 0; first < n; first += kBatchBlocks * kLanes) {
    const size_t count = std::min(kBatchBlocks * kLanes, n - first);
    const size_t blocks = (count + kLanes - 1) / kLanes;
    for (size_t j = 0; j < blocks * kLanes; ++j) {
      if (j < count) {
        SplitRow(rows + (first + j) * features, features, row.data());
        if (output_values != nullptr) output_values[first + j] = impl_->OutputOf(row.data());
      }
      for (size_t k = 0; k < row.size(); ++k) split[j / kLanes * row.size() + k].values[j % kLanes] = row[k];
    }
    std::fill(phi.begin(), phi.end(), 0.0);
    for (const TreeShap& fold : impl_->shap) fold.AddBlocks(split[0].values, blocks, phi.data());
    std::copy_n(phi.begin(), count * features, shap + first * features);
  }
}

Result<std::vector<size_t>> SensorOfFeatures(const std::vector<std::string>& features,
                                             const std::vector<std::string>& sensors) {
  const auto is_suffix = [](std::string_view rest) {
    if (rest == "_t0" || rest == "_wmean" || rest == "_wstd" || rest == "_wtrend") return true;
    if (!rest.starts_with("_t-") || rest.size() == 3) return false;
    return std::all_of(rest.begin() + 3, rest.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  std::vector<size_t> groups;
  for (const std::string& feature : features) {
    const auto it = std::find_if(sensors.begin(), sensors.end(), [&](const std::string& sensor) {
      return feature.starts_with(sensor) && is_suffix(std::string_view(feature).substr(sensor.size()));
    });
    if (it == sensors.end()) {
      return Status::Invalid("feature '" + feature +
                             "' belongs to none of the model's sensors: " + JoinNames(sensors));
    }
    groups.push_back(static_cast<size_t>(it - sensors.begin()));
  }
  return groups;
}

std::vector<double> SumByGroup(const std::vector<double>& values, const std::vector<size_t>& groups,
                               size_t count) {
  std::vector<double> sums(count, 0.0);
  for (size_t i = 0; i < values.size() && i < groups.size(); ++i) sums[groups[i]] += values[i];
  return sums;
}

}  // namespace forewarn
