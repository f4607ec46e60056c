// skill_study [first seed] [seeds] [plant file] [budget]: the skill study (pipeline/skill_study.h) over many
// seeds, as a table. Many minutes.
#include "pipeline/skill_study.h"

#include <cstdio>
#include <cstdlib>

#include "plant/plant_file.h"

int main(int argc, char** argv) {
  using namespace forewarn;
  const auto argument = [&](int i, const char* fallback) { return argc > i ? argv[i] : fallback; };
  const uint64_t first = std::strtoull(argument(1, "1001"), nullptr, 10);
  const uint64_t seeds = std::strtoull(argument(2, "10"), nullptr, 10);
  const auto plant = LoadPlantFile(argument(3, FOREWARN_SOURCE_DIR "/plants/gas-treatment.toml"));
  if (!plant.ok()) {
    std::fprintf(stderr, "%s\n", plant.message().c_str());
    return 1;
  }
  std::vector<SkillStudy> studies;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    SkillStudyOptions options;
    options.seed = seed;
    options.budget = std::strtod(argument(4, "0.35"), nullptr);
    auto study = RunSkillStudy(*plant, options);
    if (!study.ok()) {
      std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed), study.message().c_str());
      return 1;
    }
    studies.push_back(std::move(*study));
    const SkillStudy& s = studies.back();
    std::fprintf(stderr, "seed %llu: recall %.2f, false alarms a day %.2f\n",
                 static_cast<unsigned long long>(seed), s.pooled.judged.Recall(),
                 s.pooled.judged.FalsePerDay());
  }
  std::fputs(SkillStudyText(studies).c_str(), stdout);
  return 0;
}
