// A whole answer: the bytes of a /predict request to the bytes of its reply through the engine, with the PCA
// monitor beside the champion, against the bare model on a ready row; and its parts.
#include "core/file.h"
#include "ratios.h"
#include "registry/artifact.h"
#include "registry/local_registry.h"
#include "scoring/engine.h"
#include "scoring/reply_json.h"
#include "tree_models.h"

namespace forewarn::bench {
namespace {

PcaModel Monitor() {
  PcaModel pca;
  constexpr size_t kSensors = 9;
  pca.mean.assign(kSensors, 0);
  pca.scale.assign(kSensors, 1);
  for (size_t k = 0; k < kSensors; ++k) {
    std::vector<double> axis(kSensors, 0);
    axis[k] = 1;
    pca.components.push_back(std::move(axis));
  }
  pca.variance.assign(kSensors, 1);
  pca.explained.assign(kSensors, 1.0 / kSensors);
  pca.kept = 8;
  pca.t2_limit95 = pca.t2_limit99 = 30;
  pca.spe_limit95 = pca.spe_limit99 = 5;
  return pca;
}

struct Fixture {
  ScratchFolder scratch;
  ScoringEngine engine;
  std::string body = "{\"features\":{";
  PredictRequest request;
  Predictor predictor;
  std::vector<double> row = BenchRows(1);

  static Plant MakePlant() {
    Plant plant;
    plant.models.prefix = "plant";
    return plant;
  }

  Fixture() : engine(MakePlant(), {}), predictor(Must(Predictor::Build(ToModel(BoostedFolds(), true)))) {
    Model champion = ToModel(BoostedFolds(), true);
    Model monitor;
    monitor.info.kind = ModelKind::kPca;
    monitor.body = Monitor();
    monitor.info.features = {champion.info.features.begin(), champion.info.features.begin() + 9};
    monitor.info.medians.assign(9, 0);
    auto registry = Must(LocalRegistry::Open(scratch.path()));
    Must(registry->AddVersion({"plant_champion", "", {}, Must(PackModel(champion))}));
    Must(registry->AddVersion({"plant_pca", "", {}, Must(PackModel(monitor))}));
    Must(engine.Reload(*registry));
    for (size_t f = 0; f < kFeatures; ++f) {
      body += (f == 0 ? "\"" : ",\"") + champion.info.features[f] + "\":" + std::to_string(row[f]);
    }
    body += "}}";
    std::vector<Fault> faults;
    request = Must(ParsePredict(body, &faults));
  }
};

const Fixture& Shared() {
  static const Fixture fixture;
  return fixture;
}

void BareModel(benchmark::State& state) {
  const Fixture& f = Shared();
  for (auto _ : state) benchmark::DoNotOptimize(f.predictor.Score(f.row.data()));
}
BENCHMARK(BareModel);

void EnginePredict(benchmark::State& state) {
  const Fixture& f = Shared();
  for (auto _ : state) {
    std::vector<Fault> faults;
    auto reply = f.engine.Predict(f.request, &faults);
    benchmark::DoNotOptimize(reply->score);
  }
}
BENCHMARK(EnginePredict);

void ParseRequest(benchmark::State& state) {
  const Fixture& f = Shared();
  for (auto _ : state) {
    std::vector<Fault> faults;
    auto request = ParsePredict(f.body, &faults);
    benchmark::DoNotOptimize(request->features.data());
  }
}
BENCHMARK(ParseRequest);

void BytesToBytes(benchmark::State& state) {
  const Fixture& f = Shared();
  for (auto _ : state) {
    std::vector<Fault> faults;
    const auto request = ParsePredict(f.body, &faults);
    const auto reply = f.engine.Predict(*request, &faults);
    std::string json = ToJson(*reply, f.engine);
    benchmark::DoNotOptimize(json.data());
  }
}
BENCHMARK(BytesToBytes);

}  // namespace
}  // namespace forewarn::bench

int main(int argc, char** argv) {
  return forewarn::bench::RunWithRatios(
      argc, argv,
      {{"an answer, engine to bare model", "BareModel", "EnginePredict"},
       {"an answer, bytes to bytes to bare model", "BareModel", "BytesToBytes"}});
}
