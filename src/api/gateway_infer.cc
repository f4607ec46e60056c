// The gateway's inferences: scored, stored in the caller's history, answered once that is durable. With a
// local scorer they run on the I/O threads up to the store's queue; the store's writer answers.
#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "api/gateway_core.h"
#include "api/infer_input.h"
#include "api/upstream.h"
#include "http/problem.h"
#include "live/auto_inference.h"
#include "live/scorer_replies.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

using http::Method;
using http::Request;
using http::Responder;
using http::Response;
using Clock = std::chrono::steady_clock;

// An inference that was made: what is stored of it. result is a JSON object.
struct Inference {
  std::string type, input, result;
};

// {"id","ts"} in front of the result's own members.
std::string Stored(const std::string& result, int64_t id, int64_t ts_us) {
  return fmt::format(R"({{"id":{},"ts":"{}",{})", id, IsoUtc(ts_us), std::string_view(result).substr(1));
}

// The object with members behind its own.
std::string With(std::string object, const std::string& members) {
  object.pop_back();
  return object + "," + members + "}";
}

void StoreAndAnswer(const GatewayCorePtr& core, const GatewayCore::Kind& kind, int64_t user_id,
                    Inference inference, Clock::time_point start, const Responder& responder) {
  const int64_t now_us = core->options.clock();
  HistoryRow row{0, user_id, std::move(inference.type), std::move(inference.input), inference.result, now_us};
  core->store->Submit(AddHistory{std::move(row)}, [core, kind, start, now_us, responder,
                                                   result = std::move(inference.result)](Result<int64_t> id) {
    if (!id.ok()) return responder(http::Problem(id.status()));
    kind.total->Increment();
    kind.seconds->Observe(std::chrono::duration<double>(Clock::now() - start).count());
    responder(Private(Stored(result, *id, now_us)));
  });
}

// A reply of the scorer's that is not what it promises is no fault of the caller's.
template <typename T>
Result<T> Understood(Result<T> parsed) {
  if (parsed.ok()) return parsed;
  return UpstreamAway("the inference service", "a reply that is not understood: " + parsed.message());
}

// A count out of the features, or else the hours in alarm the watch has counted.
Result<Inference> InferPredict(const GatewayCore& core, const Request& request, std::vector<Fault>* faults) {
  FW_ASSIGN_OR_RETURN(std::string reply, core.scorer->Predict(request.body, faults));
  FW_ASSIGN_OR_RETURN(const PredictAnswer answer, Understood(ParsePredictReply(reply)));
  const std::optional<HistorySum>& sum = core.plant->features.history_sum;
  const auto input = ReadPredictInput(request.body, sum ? sum->name : "");
  if (!input) return Status::Internal("a body that was scored is no predict request");
  const double failures = input->failure_frequency.value_or(core.monitor->AlarmHours());
  const RecommendReply advice = Recommend(failures, answer.risk_score);
  reply = With(std::move(reply), fmt::format(R"("recommendation":{},"urgency":"{}","failure_frequency":{})",
                                             JsonText(advice.recommendation), advice.urgency, failures));
  return Inference{"predict", input->features, std::move(reply)};
}

// "3h" of a horizon in hours, as the plant file has it.
std::string HorizonOf(const Plant& plant, double hours) {
  for (size_t i = 0; i < plant.features.horizons.size(); ++i) {
    if (static_cast<double>(plant.features.horizons[i]) == hours * static_cast<double>(kHour))
      return plant.HorizonName(i);
  }
  return fmt::format("{}h", hours);
}

Result<Inference> InferForecast(const GatewayCore& core, const Request& request, std::vector<Fault>* faults) {
  FW_ASSIGN_OR_RETURN(std::string reply, core.scorer->Forecast(request.body, faults));
  FW_ASSIGN_OR_RETURN(const ForecastAnswer answer, Understood(ParseForecastReply(reply)));
  const auto input = ReadForecastInput(request.body, static_cast<size_t>(core.plant->features.window));
  if (!input) return Status::Internal("a body that was scored is no forecast request");
  return Inference{"forecast_" + HorizonOf(*core.plant, answer.horizon_hours),
                   fmt::format(R"({{"horizon":{},"n_obs":{},"recent_observations":{}}})",
                               answer.horizon_hours, input->rows, input->window),
                   std::move(reply)};
}

std::string SnapshotJson(const std::vector<std::pair<std::string, double>>& snapshot) {
  std::string out = "{";
  for (const auto& [name, value] : snapshot) {
    if (out.size() > 1) out += ',';
    out += JsonText(name) + ":" + (IsValid(value) ? fmt::format("{}", value) : "null");
  }
  return out + "}";
}

Result<Inference> InferAuto(const GatewayCore& core, const Request& /*request*/, std::vector<Fault>* faults) {
  FW_ASSIGN_OR_RETURN(const std::vector<ReadingPtr> recent, core.source->History(kAutoHours));
  Result<AutoInference> inferred = RunAutoInference(*core.plant, recent, *core.scorer, faults);
  if (inferred.status().code() == Code::kInvalid && faults->empty())
    inferred = Understood(std::move(inferred));
  FW_ASSIGN_OR_RETURN(const AutoInference made, std::move(inferred));
  // Explained whole: the drivers shown add up to the output of this forecast.
  std::vector<Fault> none;
  FW_ASSIGN_OR_RETURN(const std::string explanation, core.scorer->Explain(made.request, &none));
  const SensorReading& newest = *recent.back();
  const std::string snapshot = SnapshotJson(made.snapshot);
  const std::string type = "auto_" + HorizonOf(*core.plant, made.forecast.horizon_hours);
  if (core.run_log != nullptr) {
    core.run_log->Submit({type, newest.scenario, made.forecast.probability, made.forecast.alarm,
                          made.snapshot, core.options.clock()});
  }
  return Inference{
      type,
      fmt::format(R"({{"horizon":{},"n_obs":{},"scenario":{},"sensor_snapshot":{}}})",
                  made.forecast.horizon_hours, made.observations, JsonText(newest.scenario), snapshot),
      With(AutoInferenceJson(made),
           fmt::format(R"("scenario":{},"plant_time":"{}","explanation":{})", JsonText(newest.scenario),
                       core.zone().Iso(newest.time + core.plant->interval), explanation))};
}

Response Explain(const GatewayCore& core, const Request& request) {
  std::vector<Fault> faults;
  Result<std::string> reply = core.scorer->Explain(request.body, &faults);
  return reply.ok() ? http::Json(200, std::move(*reply)) : UpstreamProblem(reply.status(), faults);
}

Response PassOn(Result<std::string> reply) {
  return reply.ok() ? http::Json(200, std::move(*reply)) : UpstreamProblem(reply.status());
}

}  // namespace

void MountInferRoutes(http::Router& router, const GatewayCorePtr& core) {
  const bool scorer_here = core->scorer->local();
  const auto on_pool = [](http::RouteOptions options) {
    options.guard_on_pool = true;
    options.quick_guard = {};
    return options;
  };
  using Infer = Result<Inference> (*)(const GatewayCore&, const Request&, std::vector<Fault>*);
  const auto stored = [&](const char* path, GatewayCore::Kind kind, Infer infer, bool inline_too,
                          http::RouteOptions options) {
    const auto run = [core, kind, infer](const Request& request, const Responder& responder) {
      const Clock::time_point start = Clock::now();
      std::vector<Fault> faults;
      Result<Inference> made = infer(*core, request, &faults);
      if (!made.ok()) return responder(UpstreamProblem(made.status(), faults));
      StoreAndAnswer(core, kind, PrincipalOf(request).user_id, std::move(*made), start, responder);
    };
    router.Add(Method::kPost, path, http::Async{run}, inline_too ? options : on_pool(options));
  };
  stored("/infer/predict", core->predict, InferPredict, scorer_here, SignedInJson(*core));
  stored("/infer/forecast", core->forecast, InferForecast, scorer_here, SignedInJson(*core));
  stored("/infer/auto", core->automatic, InferAuto, scorer_here && core->source->local(),
         core->guard.SignedIn());
  const auto passed = [&](Method method, const char* path, std::function<Response(const Request&)> run,
                          const http::RouteOptions& options) {
    if (scorer_here) {
      router.Add(method, path, http::Inline{std::move(run)}, options);
    } else {
      router.Add(method, path, http::Pooled{std::move(run)}, options);
    }
  };
  passed(
      Method::kPost, "/infer/explain", [core](const Request& request) { return Explain(*core, request); },
      SignedInJson(*core));
  passed(
      Method::kGet, "/infer/global_importance",
      [core](const Request&) { return PassOn(core->scorer->GlobalImportance()); }, core->guard.SignedIn());
  passed(
      Method::kGet, "/models", [core](const Request&) { return PassOn(core->scorer->Models()); },
      core->guard.SignedIn());
}

}  // namespace forewarn
