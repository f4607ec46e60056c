// Requests of any bytes against an engine with a classifier, a forecaster and a monitor: never a crash, and
// an answer is either an error or finite and in range.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "core/file.h"
#include "model/random_models.h"
#include "registry/artifact.h"
#include "registry/local_registry.h"
#include "scoring/engine.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

struct Fixture {
  ScratchFolder scratch;
  std::unique_ptr<ScoringEngine> engine;

  Fixture() {
    Plant plant;
    plant.name = "fuzz";
    plant.models.prefix = "f";
    plant.features.window = 3;
    plant.features.horizons = {kHour};
    plant.features.rolling = {3, {"p"}};
    plant.features.point = {"p", "q", "hour_of_day", "p_roll_mean"};
    plant.features.history_sum = HistorySum{"failures", "anomaly_label", 49};
    auto registry = LocalRegistry::Open(scratch.path());
    if (!registry.ok()) std::abort();
    Random random(1);
    Model point;
    point.info.features = plant.features.point;
    point.info.medians = {0, 0, 12, 0};
    CalibratedTrees trees;
    trees.folds.push_back({random_models::Ensemble(random, 10, 4, {3, 0.05}), random_models::Platt(random)});
    point.body = trees;
    Model window;
    window.info.kind = ModelKind::kForecaster;
    window.info.sensors = {"p", "q"};
    window.info.window = 3;
    window.info.horizon = 1;
    window.info.horizon_name = "1h";
    window.info.features = WindowNames(window.info.sensors, 3);
    window.info.medians.assign(window.info.features.size(), 0);
    CalibratedTrees ahead;
    ahead.folds.push_back(
        {random_models::Ensemble(random, 10, static_cast<int>(window.info.features.size()), {3, 0.05}),
         random_models::Platt(random)});
    window.body = ahead;
    for (const auto& [name, model] :
         {std::pair("f_champion", &point), std::pair("f_forecaster_1h", &window)}) {
      const auto files = PackModel(*model);
      if (!files.ok() || !(*registry)->AddVersion({name, "", {}, *files}).ok()) std::abort();
    }
    engine = std::make_unique<ScoringEngine>(plant, EngineOptions{});
    if (!engine->Reload(**registry).ok()) std::abort();
  }
};

void Check(bool good) {
  if (!good) std::abort();
}

void Run(const ScoringEngine& engine, std::string_view body) {
  std::vector<Fault> faults;
  if (const auto request = ParsePredict(body, &faults); request.ok()) {
    if (const auto reply = engine.Predict(*request, &faults); reply.ok()) {
      Check(reply->score >= 0 && reply->score <= 1);
      (void)ToJson(*reply, engine);
    } else {
      Check(!faults.empty());
    }
    faults.clear();
    if (const auto reply = engine.Explain(*request, &faults); reply.ok()) {
      double sum = reply->base_value;
      for (const Driver& d : reply->drivers) sum += d.shap_value;
      Check(std::abs(sum - reply->output_value) < 1e-6);
      (void)ToJson(*reply);
    }
  }
  faults.clear();
  if (const auto rows = ParseBatch(body, &faults); rows.ok()) {
    const auto replies = engine.PredictBatch(*rows, &faults);
    Check(replies.ok() ? replies->size() == rows->size() : !faults.empty());
  }
  faults.clear();
  if (const auto request = ParseForecast(body, &faults); request.ok()) {
    if (const auto reply = engine.Forecast(*request, &faults); reply.ok()) {
      Check(reply->probability >= 0 && reply->probability <= 1);
      (void)ToJson(*reply);
    }
    (void)engine.ExplainForecast(*request, &faults);
  }
  faults.clear();
  if (const auto request = ParseRecommend(body, "failures", &faults); request.ok()) {
    Check(request->risk_score >= 0 && request->risk_score <= 1 && request->failure_frequency >= 0);
    (void)ToJson(engine.Recommend(*request));
  }
  (void)FaultsToJson(faults);
  (void)IsForecastBody(body);
}

}  // namespace
}  // namespace forewarn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const forewarn::Fixture fixture;
  forewarn::Run(*fixture.engine, {reinterpret_cast<const char*>(data), size});
  return 0;
}
