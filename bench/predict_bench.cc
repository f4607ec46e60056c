// Scores a row: three calibrated folds of 200 trees against XGBoost 1.7.4's in-place predict of the same
// trees, and against the plain walk over the model's structs. The outputs are compared first.
#include <cmath>

#include "model/predictor.h"
#include "ratios.h"
#include "tree_models.h"

namespace forewarn::bench {
namespace {

constexpr size_t kBatch = 1024;
constexpr char kConfig[] =
    R"({"type": 1, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false, "cache_id": 0, "missing": NaN})";

struct Fixture {
  std::vector<TreeEnsemble> folds = BoostedFolds();
  Model model = ToModel(folds, true);
  Predictor predictor = Must(Predictor::Build(model));
  std::vector<BoosterHandle> boosters;
  std::vector<double> rows = BenchRows(kBatch);
  std::vector<float> floats{rows.begin(), rows.end()};

  Fixture() {
    for (const TreeEnsemble& fold : folds) boosters.push_back(LoadXgboost(fold));
    for (size_t i = 0; i < kBatch; ++i) {
      double raw[3];
      predictor.Raw(&rows[i * kFeatures], raw);
      for (size_t k = 0; k < 3; ++k) {
        if (static_cast<float>(raw[k]) == *InPlace(boosters[k], i, 1)) continue;
        std::fprintf(stderr, "row %zu: the margins differ\n", i);
        std::exit(1);
      }
    }
  }
  const float* InPlace(BoosterHandle booster, size_t first, size_t count) const {
    char array[256];
    std::snprintf(array, sizeof(array),
                  R"({"data": [%llu, true], "shape": [%zu, %zu], "typestr": "<f4", "version": 3})",
                  static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(&floats[first * kFeatures])),
                  count, kFeatures);
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* result = nullptr;
    Must(XGBoosterPredictFromDense(booster, array, kConfig, nullptr, &shape, &dimensions, &result));
    return result;
  }
};

const Fixture& Shared() {
  static const Fixture fixture;
  return fixture;
}

void NativeRow(benchmark::State& state) {
  const Fixture& f = Shared();
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(f.predictor.Score(&f.rows[i * kFeatures]));
    i = (i + 1) % kBatch;
  }
}
BENCHMARK(NativeRow)->Unit(benchmark::kMicrosecond);

void XgboostRow(benchmark::State& state) {
  const Fixture& f = Shared();
  size_t i = 0;
  for (auto _ : state) {
    for (BoosterHandle booster : f.boosters) benchmark::DoNotOptimize(*f.InPlace(booster, i, 1));
    i = (i + 1) % kBatch;
  }
}
BENCHMARK(XgboostRow)->Unit(benchmark::kMicrosecond);

void PlainRow(benchmark::State& state) {
  const Fixture& f = Shared();
  size_t i = 0;
  for (auto _ : state) {
    double score = 0;
    for (const TreeEnsemble& fold : f.folds) {
      float sum = fold.base;
      for (const Tree& tree : fold.trees) {
        int32_t at = 0;
        while (tree.nodes[at].left != -1) {
          const TreeNode& node = tree.nodes[at];
          const float x = static_cast<float>(f.rows[i * kFeatures + static_cast<size_t>(node.feature)]);
          at = (std::isnan(x) ? node.default_left : x < node.threshold) ? node.left : node.right;
        }
        sum += tree.nodes[at].value;
      }
      score += 1 / (1 + std::exp(-1.1 * static_cast<double>(sum) + 0.2));
    }
    benchmark::DoNotOptimize(score / 3);
    i = (i + 1) % kBatch;
  }
}
BENCHMARK(PlainRow)->Unit(benchmark::kMicrosecond);

void NativeBatch(benchmark::State& state) {
  const Fixture& f = Shared();
  std::vector<double> out(kBatch);
  for (auto _ : state) f.predictor.ScoreBatch(f.rows.data(), kBatch, out.data());
}
BENCHMARK(NativeBatch)->Unit(benchmark::kMicrosecond);

void XgboostBatch(benchmark::State& state) {
  const Fixture& f = Shared();
  for (auto _ : state) {
    for (BoosterHandle booster : f.boosters) benchmark::DoNotOptimize(*f.InPlace(booster, 0, kBatch));
  }
}
BENCHMARK(XgboostBatch)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace forewarn::bench

int main(int argc, char** argv) {
  return forewarn::bench::RunWithRatios(
      argc, argv,
      {{"one row, 3 calibrated folds, against xgboost in place", "NativeRow", "XgboostRow", 5},
       {"one row against the plain walk", "NativeRow", "PlainRow", 0},
       {"1,024 rows against xgboost in place", "NativeBatch", "XgboostBatch", 0}});
}
