// Exact SHAP values of a row: the tables against XGBoost 1.7.4's pred_contribs of the same trees, one thread.
// The values are compared first. With --export FOLDER it writes the models, rows and the native batch's time
// and values for shap_peer.py, which measures the newest XGBoost.
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "core/file.h"
#include "model/explainer.h"
#include "ratios.h"
#include "tree_models.h"

namespace forewarn::bench {
namespace {

constexpr size_t kRowsToExplain = 256;
constexpr size_t kBatch = 10000;
constexpr char kContributions[] =
    R"({"type": 2, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": false})";

struct Fixture {
  std::vector<TreeEnsemble> folds;
  Explainer explainer;
  std::vector<BoosterHandle> boosters;
  std::vector<DMatrixHandle> matrices;  // one a row: what a one-row explanation must be given
  std::vector<double> rows = BenchRows(kRowsToExplain);

  Fixture(std::vector<TreeEnsemble> grown, bool log_odds)
      : folds(std::move(grown)), explainer(Must(Explainer::Build(ToModel(folds, log_odds)))) {
    for (const TreeEnsemble& fold : folds) boosters.push_back(LoadXgboost(fold));
    for (size_t i = 0; i < kRowsToExplain; ++i) {
      const std::vector<float> row(&rows[i * kFeatures], &rows[(i + 1) * kFeatures]);
      DMatrixHandle matrix = nullptr;
      Must(XGDMatrixCreateFromMat(row.data(), 1, kFeatures, NAN, &matrix));
      matrices.push_back(matrix);
      Compare(i);
    }
  }
  const float* Contributions(BoosterHandle booster, size_t i) const {
    const bst_ulong* shape = nullptr;
    bst_ulong dimensions = 0;
    const float* result = nullptr;
    Must(XGBoosterPredictFromDMatrix(booster, matrices[i], kContributions, &shape, &dimensions, &result));
    return result;
  }
  void Compare(size_t i) const {
    const Explanation e = explainer.Explain(&rows[i * kFeatures]);
    std::vector<double> peer(kFeatures + 1, 0.0);
    for (BoosterHandle booster : boosters) {
      const float* values = Contributions(booster, i);
      for (size_t f = 0; f <= kFeatures; ++f) peer[f] += static_cast<double>(values[f]) / 3;
    }
    for (size_t f = 0; f < kFeatures; ++f) {
      if (std::fabs(peer[f] - e.shap[f]) < 2e-5) continue;  // XGBoost sums in float
      std::fprintf(stderr, "row %zu, feature %zu: %.9g, xgboost %.9g\n", i, f, e.shap[f], peer[f]);
      std::exit(1);
    }
  }
};

const Fixture& Boosted() {
  static const Fixture fixture(BoostedFolds(), true);
  return fixture;
}
const Fixture& Forest() {
  static const Fixture fixture(ForestFolds(), false);
  return fixture;
}

void Native(benchmark::State& state, const Fixture& f) {
  size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(f.explainer.Explain(&f.rows[i * kFeatures]));
    i = (i + 1) % kRowsToExplain;
  }
}
void Xgboost(benchmark::State& state, const Fixture& f) {
  size_t i = 0;
  for (auto _ : state) {
    for (BoosterHandle booster : f.boosters) benchmark::DoNotOptimize(*f.Contributions(booster, i));
    i = (i + 1) % kRowsToExplain;
  }
}
void NativeBoosted(benchmark::State& state) { Native(state, Boosted()); }
void XgboostBoosted(benchmark::State& state) { Xgboost(state, Boosted()); }
void NativeForest(benchmark::State& state) { Native(state, Forest()); }
void XgboostForest(benchmark::State& state) { Xgboost(state, Forest()); }
BENCHMARK(NativeBoosted)->Unit(benchmark::kMicrosecond);
BENCHMARK(XgboostBoosted)->Unit(benchmark::kMicrosecond);
BENCHMARK(NativeForest)->Unit(benchmark::kMicrosecond);
BENCHMARK(XgboostForest)->Unit(benchmark::kMicrosecond);

void Write(const std::filesystem::path& path, const std::string& bytes) {
  const Status status = WriteFileAtomic(path, bytes);
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.message().c_str());
  std::exit(1);
}

std::string Bytes(const std::vector<double>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
}

int Export(const std::filesystem::path& folder) {
  const std::vector<double> rows = BenchRows(kBatch);
  if (!MakeFolders(folder).ok()) return 1;
  Write(folder / "rows.f64", Bytes(rows));
  nlohmann::json seconds;
  for (const auto& [name, fixture] : {std::pair{"boosted", &Boosted()}, std::pair{"forest", &Forest()}}) {
    std::vector<double> shap(kBatch * kFeatures);
    double best = INFINITY;
    for (int repeat = 0; repeat < 5; ++repeat) {
      const auto start = std::chrono::steady_clock::now();
      fixture->explainer.ExplainBatch(rows.data(), kBatch, shap.data(), nullptr);
      best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    seconds[name] = best;
    Write(folder / (std::string(name) + ".shap.f64"), Bytes(shap));
    for (size_t k = 0; k < 3; ++k) {
      Write(folder / (std::string(name) + std::to_string(k) + ".json"), ToXgboost(fixture->folds[k]).dump());
    }
  }
  Write(folder / "seconds.json", seconds.dump());
  return 0;
}

}  // namespace
}  // namespace forewarn::bench

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--export") == 0) return forewarn::bench::Export(argv[2]);
  return forewarn::bench::RunWithRatios(argc, argv,
                                        {{"SHAP of one row, 3 folds of 200 boosted trees, against xgboost",
                                          "NativeBoosted", "XgboostBoosted", 15},
                                         {"SHAP of one row, 3 folds of a 300-tree forest, against xgboost",
                                          "NativeForest", "XgboostForest", 4}});
}
