// Google Benchmark with a last word: the ratios between measurements of the same run. A program registers
// benchmarks, names the pairs to compare and calls RunWithRatios from main. CPU time, so that other work on
// the machine weighs less.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace forewarn::bench {

struct Ratio {
  std::string what;
  std::string fast, slow;  // benchmark names; the ratio is slow / fast
  double target = 0;       // the figure; 0: none
};

class Recorder : public benchmark::ConsoleReporter {
 public:
  Recorder() : ConsoleReporter(OO_Tabular) {}
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      const double seconds = run.cpu_accumulated_time / static_cast<double>(run.iterations);
      const auto [it, fresh] = seconds_.emplace(run.run_name.function_name, seconds);
      if (!fresh) it->second = std::min(it->second, seconds);
    }
    ConsoleReporter::ReportRuns(runs);
  }
  double seconds(const std::string& name) const {
    const auto it = seconds_.find(name);
    return it == seconds_.end() ? 0 : it->second;
  }

 private:
  std::map<std::string, double> seconds_;
};

inline int RunWithRatios(int argc, char** argv, const std::vector<Ratio>& ratios) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  Recorder recorder;
  benchmark::RunSpecifiedBenchmarks(&recorder);
  std::printf("\n");
  for (const Ratio& ratio : ratios) {
    const double fast = recorder.seconds(ratio.fast);
    const double slow = recorder.seconds(ratio.slow);
    if (fast <= 0 || slow <= 0) continue;  // filtered out
    std::printf("%s: %.2f us against %.2f us: %.1fx", ratio.what.c_str(), fast * 1e6, slow * 1e6,
                slow / fast);
    if (ratio.target > 0) std::printf(" (wanted: %.1fx)", ratio.target);
    std::printf("\n");
  }
  return 0;
}

}  // namespace forewarn::bench
