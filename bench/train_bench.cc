// Training of the real table's twelve runs on two threads, with verdicts and without (wall and CPU seconds
// beside the limits), and the verdict's bootstrap against its plain twin, which writes every resample
// out.
#include <chrono>
#include <ctime>
#include <filesystem>

#include "core/random.h"
#include "features/dataset.h"
#include "io/table_io.h"
#include "plant/plant_file.h"
#include "ratios.h"
#include "train/trainer.h"
#include "train/verdict.h"

namespace forewarn::bench {
namespace {

constexpr size_t kRows = 5760;  // 240 days of hours
constexpr int kResamples = 50;

struct Line {
  std::vector<uint8_t> judged = std::vector<uint8_t>(kRows, 1);
  std::vector<uint8_t> y;
  std::vector<double> score;
  Baseline trivial;

  Line() {
    Random random(1);
    trivial.name = "level";
    for (size_t r = 0; r < kRows; ++r) {
      y.push_back(r % 60 < 6 ? 1 : 0);
      score.push_back(y.back() + random.Normal());
      trivial.score.push_back(random.Normal());
    }
  }
};

void FastVerdict(benchmark::State& state) {
  const Line line;
  SkillOptions options;
  options.resamples = kResamples;
  for (auto _ : state) {
    benchmark::DoNotOptimize(JudgeRanking(line.judged, line.y, line.score, {line.trivial}, 96, options));
  }
}
BENCHMARK(FastVerdict)->Unit(benchmark::kMillisecond);

void PlainVerdict(benchmark::State& state) {
  const Line line;
  for (auto _ : state) {
    Random random(42);
    double sum = 0;
    for (int i = 0; i < kResamples; ++i) {
      std::vector<uint8_t> y;
      std::vector<double> score;
      std::vector<double> trivial;
      for (size_t b = 0; b < kRows / 24; ++b) {
        const size_t begin = random.Below(kRows - 24 + 1);
        for (size_t r = begin; r < begin + 24; ++r) {
          y.push_back(line.y[r]);
          score.push_back(line.score[r]);
          trivial.push_back(line.trivial.score[r]);
        }
      }
      sum += AveragePrecision(y, score) - AveragePrecision(y, trivial);
    }
    benchmark::DoNotOptimize(sum);
  }
}
BENCHMARK(PlainVerdict)->Unit(benchmark::kMillisecond);

double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int TrainOnce(const Plant& plant, const FeatureDataset& dataset, bool verdicts, double limit) {
  TrainOptions options;
  options.threads = 2;
  options.verdicts = verdicts;
  const double wall = WallSeconds();
  const double cpu = CpuSeconds();
  const Result<TrainResult> result = Train(plant, dataset, options);
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.message().c_str());
    return 1;
  }
  std::printf("train %s verdicts, %zu runs, 2 threads: %.1f s, %.1f s of CPU (wanted: <= %.0f s)\n",
              verdicts ? "with" : "without", result->runs.size(), WallSeconds() - wall, CpuSeconds() - cpu,
              limit);
  return 0;
}

int TrainRealTable() {
  const std::filesystem::path table = FOREWARN_SOURCE_DIR "/../shared/data/gas-treatment/labeled_dataset.csv";
  if (!std::filesystem::exists(table)) {
    std::printf("train: the real table is not here\n");
    return 0;
  }
  const Result<Plant> plant = LoadPlantFile(FOREWARN_SOURCE_DIR "/plants/gas-treatment.toml");
  const Result<Frame> frame = ReadFrame(table, {});
  if (!plant.ok() || !frame.ok()) {
    std::fprintf(stderr, "%s\n", (plant.ok() ? frame.message() : plant.message()).c_str());
    return 1;
  }
  const Result<FeatureDataset> dataset = BuildDataset(*plant, *frame, {}, nullptr);
  if (!dataset.ok()) {
    std::fprintf(stderr, "%s\n", dataset.message().c_str());
    return 1;
  }
  if (TrainOnce(*plant, *dataset, false, 5) != 0) return 1;
  return TrainOnce(*plant, *dataset, true, 20);
}

}  // namespace
}  // namespace forewarn::bench

int main(int argc, char** argv) {
  using namespace forewarn::bench;
  const int ratios =
      RunWithRatios(argc, argv, {{"bootstrap of a verdict", "FastVerdict", "PlainVerdict", 0}});
  return ratios != 0 ? ratios : TrainRealTable();
}
