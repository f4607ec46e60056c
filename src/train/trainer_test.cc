#include "train/trainer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <chrono>
#include <cstdio>

#include "model/predictor.h"
#include "train/train_test_data.h"

namespace forewarn {
namespace {

TEST(TrainScratch, Gas) {
  const Plant plant = train_test::GasPlant();
  const FeatureDataset d = train_test::GasDataset(plant);
  for (const bool v : {false, true}) {
  TrainOptions o;
  o.verdicts = v;
  o.threads=2;
  auto t0 = std::chrono::steady_clock::now();
  o.clock=[]{return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();};
  auto r = Train(plant, d, o);
  ASSERT_TRUE(r.ok()) << r.message();
  printf("total %.2f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count());
  for (const auto& run : r->runs) {
    printf("%s %s %.2fs skill=%s [%s model %.3f best %.3f low %.3f high %.3f events %zu]\n", run.name.c_str(), run.not_fitted.c_str(), run.seconds, run.skill.text.c_str(), run.skill.baseline.c_str(), run.skill.model, run.skill.best, run.skill.low, run.skill.high, run.skill.events);
    for (auto& [k, m] : run.metrics) if (k.find("explained")==std::string::npos) printf("   %s=%.4f", k.c_str(), m);
    printf("\n");
    if (run.model) for (auto& n : run.model->info.notes) printf("   note %s\n", n.c_str());
    for (auto& f : run.walk_forward) { printf("    wf %zu/%zu %s", f.train_rows, f.test_rows, f.not_fitted.c_str()); for (auto& [k, m] : f.metrics) printf(" %s=%.3f", k.c_str(), m); printf("\n"); }
  }
  }
}

}  // namespace
}  // namespace forewarn
