#include "api/inference_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "api/document.h"
#include "api/mlflow_face.h"
#include "api/open_inference.h"
#include "api/scoring_answers.h"
#include "http/parameters.h"
#include "http/problem.h"
#include "registry/model_names.h"
#include "scoring/reply_json.h"
#include "train/verdict.h"

namespace forewarn {

using http::Inline;
using http::Method;
using http::Pooled;
using http::Request;
using http::Response;

namespace {

constexpr double kHighRisk = 0.7;                // what inference_high_risk_total counts
constexpr size_t kBatchBody = size_t{16} << 20;  // of /predict/batch and tensors
const std::vector<double> kLatencyBuckets = {1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3,
                                             .01,  .025,   .05,  .1,   .25,    .5,   1,    2.5,    5};

std::string HoursText(double hours) { return fmt::format("{}", hours); }

double SkillFigure(const std::string& verdict) {
  return verdict == kSkill ? 1 : verdict == kWorseThanTrivial ? -1 : 0;
}

// The names without which the service is not ready: what the plant file trains.
std::vector<std::string> NeededNames(const Plant& plant) {
  std::vector<std::string> names;
  if (plant.label.empty()) return names;
  names.push_back(plant.ModelName(kChampionSuffix));
  for (size_t i = 0; i < plant.features.horizons.size(); ++i) {
    names.push_back(ForecasterName(plant.models.prefix, plant.HorizonName(i)));
  }
  return names;
}

}  // namespace

Readiness EngineReadiness(const ScoringEngine& engine) {
  const std::vector<std::string> needed = NeededNames(engine.plant());
  std::vector<std::string> missing;
  for (const std::string& name : needed) {
    const bool champion = name == engine.plant().ModelName(kChampionSuffix);
    if (!engine.Find(champion ? "" : name).ok()) missing.push_back(name);
  }
  if (missing.empty()) return {true, 1, "ready"};
  const double loaded = static_cast<double>(needed.size() - missing.size());
  return {false, loaded / static_cast<double>(needed.size()),
          fmt::format("waiting for {} of {} models; the first is '{}'", missing.size(), needed.size(),
                      missing.front())};
}

struct InferenceApi::Impl {
  const ScoringEngine& engine;
  http::Metrics& metrics;
  InferenceOptions options;
  std::string document;
  prometheus::Counter& requests;
  prometheus::Counter& high_risk;
  prometheus::Gauge& last_risk;
  prometheus::Gauge& threshold;
  http::Histogram& latency;
  std::map<double, prometheus::Counter*> forecasts;  // by horizon in hours; constant after Make

  Impl(const ScoringEngine& the_engine, http::Metrics& the_metrics, InferenceOptions the_options)
      : engine(the_engine),
        metrics(the_metrics),
        options(std::move(the_options)),
        requests(metrics.Counter("inference_requests_total", "Risks given by /predict.")),
        high_risk(metrics.Counter("inference_high_risk_total", "Risks of 0.7 and more given by /predict.")),
        last_risk(metrics.Gauge("inference_last_risk_score", "The newest risk given by /predict.")),
        threshold(metrics.Gauge("inference_threshold", "Above which /predict gives an alarm.")),
        latency(metrics.Histogram("inference_latency_seconds", "Time of /predict in the service.",
                                  kLatencyBuckets)) {
    for (const double hours : HorizonHours(engine.plant())) {
      forecasts[hours] = &metrics.Counter("forecast_requests_total", "Forecasts given, by horizon in hours.",
                                          {{"horizon", HoursText(hours)}});
    }
  }

  std::optional<PlantTime> Now() const { return options.plant_clock ? options.plant_clock() : std::nullopt; }

  Response Predict(const Request& request) {
    const auto start = std::chrono::steady_clock::now();
    std::string model;
    if (!request.query.empty()) {
      auto query = http::Parameters::Query(request);
      model = query.Text("model", {.min = 1, .max = 200}, "");
      if (auto refusal = query.Finish()) return *refusal;
    }
    double risk = 0;
    Response reply = AnswerPredict(engine, request.body, model, Now(), &risk);
    if (reply.status != 200 || !model.empty()) return reply;
    requests.Increment();
    last_risk.Set(risk);
    if (risk >= kHighRisk) high_risk.Increment();
    latency.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    return reply;
  }

  Response Forecast(const Request& request) {
    double hours = 0;
    Response reply = AnswerForecast(engine, request.body, &hours);
    if (reply.status != 200) return reply;
    if (const auto counter = forecasts.find(hours); counter != forecasts.end()) counter->second->Increment();
    return reply;
  }
};

InferenceApi::InferenceApi(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
InferenceApi::~InferenceApi() = default;

Result<std::unique_ptr<InferenceApi>> InferenceApi::Make(const ScoringEngine* engine, http::Metrics* metrics,
                                                         InferenceOptions options) {
  auto impl = std::make_shared<Impl>(*engine, *metrics, std::move(options));
  DocumentOptions document;
  document.bearer_needed = impl->options.bearer_needed;
  if (impl->options.embedded_registry == nullptr) document.without_paths = kMlflowPaths;
  FW_ASSIGN_OR_RETURN(impl->document,
                      CompleteDocument(DocumentTemplate(Service::kInference), engine->plant(), document));
  if (!impl->options.readiness) {
    impl->options.readiness = [engine] { return EngineReadiness(*engine); };
  }
  std::unique_ptr<InferenceApi> api(new InferenceApi(std::move(impl)));
  api->ModelsChanged();
  return api;
}

void InferenceApi::ModelsChanged() {
  if (const Result<ServedPtr> champion = impl_->engine.Find(""); champion.ok()) {
    impl_->threshold.Set(impl_->engine.ThresholdOf(**champion));
  }
  for (const ModelState& state : impl_->engine.Models()) {
    if (state.model == nullptr) continue;
    impl_->metrics.Info("inference_model_info", "Which version of a model is in service.", state.name,
                        {{"name", state.name}, {"version", fmt::format("{}", state.version.version)}});
    impl_->metrics
        .Gauge(
            "inference_model_skill",
            "The verdict of the version in service: 1 better than the best trivial baseline, 0 not shown or "
            "not judged, -1 worse.",
            {{"name", state.name}})
        .Set(SkillFigure(state.version.Skill()));
  }
}

void InferenceApi::Mount(http::Router& router) {
  const std::shared_ptr<Impl> impl = impl_;
  const auto post = [&](const char* path, auto handler, size_t max_body = size_t{1} << 20) {
    http::RouteOptions options = http::JsonRoute(impl->options.guard);
    options.max_body = max_body;
    router.Add(Method::kPost, path, std::move(handler), std::move(options));
  };
  post("/predict", Inline{[impl](const Request& r) { return impl->Predict(r); }});
  post("/predict/batch",
       Pooled{[impl](const Request& r) { return AnswerPredictBatch(impl->engine, r.body, impl->Now()); }},
       kBatchBody);
  post("/forecast", Inline{[impl](const Request& r) { return impl->Forecast(r); }});
  post("/explain",
       Inline{[impl](const Request& r) { return AnswerExplain(impl->engine, r.body, impl->Now()); }});
  post("/recommend", Inline{[impl](const Request& r) { return AnswerRecommend(impl->engine, r.body); }});
  http::RouteOptions guarded;
  guarded.guard = impl->options.guard;
  router.Add(Method::kGet, "/global_importance",
             Inline{[impl](const Request&) { return http::Json(200, ToJson(impl->engine.Importance())); }},
             guarded);
  router.Add(Method::kGet, "/models",
             Inline{[impl](const Request&) { return http::Json(200, ModelsToJson(impl->engine.Models())); }},
             guarded);
  MountOpenInference(router, &impl->engine, impl->options.guard, impl->options.readiness, kBatchBody);
  if (impl->options.embedded_registry != nullptr) {
    MountMlflowFace(router, impl->options.embedded_registry,
                    {impl->options.guard, impl->options.registry_changed});
  }
  MountServiceRoutes(router, {Service::kInference, impl->document, &impl->metrics, impl->options.readiness,
                              impl->options.guard});
}

}  // namespace forewarn
