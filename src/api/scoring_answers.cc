#include "api/scoring_answers.h"

#include <fmt/format.h>

#include "http/problem.h"
#include "scoring/reply_json.h"

namespace forewarn {

using http::Response;

Response AnswerPredict(const ScoringEngine& engine, std::string_view body, const std::string& model,
                       std::optional<PlantTime> plant_time, double* risk) {
  std::vector<Fault> faults;
  Result<PredictRequest> request = ParsePredict(body, &faults);
  if (!request.ok()) return http::Problem(request.status(), faults);
  request->plant_time = plant_time;
  const Result<PredictReply> reply = engine.Predict(*request, &faults, model);
  if (!reply.ok()) return http::Problem(reply.status(), faults);
  if (reply->model->info().kind != ModelKind::kClassifier) {
    faults.push_back({"/query/model", "is no classifier; it gives no risk"});
    return http::Problem(FaultStatus(faults), faults);
  }
  *risk = reply->score;
  return http::Json(200, ToJson(*reply, engine));
}

Response AnswerPredictBatch(const ScoringEngine& engine, std::string_view body,
                            std::optional<PlantTime> plant_time) {
  std::vector<Fault> faults;
  Result<std::vector<PredictRequest>> rows = ParseBatch(body, &faults);
  if (!rows.ok()) return http::Problem(rows.status(), faults);
  for (PredictRequest& row : *rows) row.plant_time = plant_time;
  const Result<std::vector<PredictReply>> replies = engine.PredictBatch(*rows, &faults);
  if (!replies.ok()) return http::Problem(replies.status(), faults);
  std::string out = "{\"predictions\":[";
  for (const PredictReply& reply : *replies) {
    if (out.back() == '}') out += ',';
    out += ToJson(reply, engine);
  }
  return http::Json(200, out + fmt::format("],\"count\":{}}}", replies->size()));
}

Response AnswerForecast(const ScoringEngine& engine, std::string_view body, double* horizon_hours) {
  std::vector<Fault> faults;
  const Result<ForecastRequest> request = ParseForecast(body, &faults);
  if (!request.ok()) return http::Problem(request.status(), faults);
  const Result<ForecastReply> reply = engine.Forecast(*request, &faults);
  if (!reply.ok()) return http::Problem(reply.status(), faults);
  *horizon_hours = reply->horizon_hours;
  return http::Json(200, ToJson(*reply));
}

Response AnswerExplain(const ScoringEngine& engine, std::string_view body,
                       std::optional<PlantTime> plant_time) {
  std::vector<Fault> faults;
  // The word is looked for first: most bodies have none, and are then parsed once only.
  if (body.find("recent_observations") != std::string_view::npos && IsForecastBody(body)) {
    const Result<ForecastRequest> request = ParseForecast(body, &faults);
    if (!request.ok()) return http::Problem(request.status(), faults);
    const Result<ExplainReply> reply = engine.ExplainForecast(*request, &faults);
    return reply.ok() ? http::Json(200, ToJson(*reply)) : http::Problem(reply.status(), faults);
  }
  Result<PredictRequest> request = ParsePredict(body, &faults);
  if (!request.ok()) return http::Problem(request.status(), faults);
  request->plant_time = plant_time;
  const Result<ExplainReply> reply = engine.Explain(*request, &faults);
  return reply.ok() ? http::Json(200, ToJson(*reply)) : http::Problem(reply.status(), faults);
}

Response AnswerRecommend(const ScoringEngine& engine, std::string_view body) {
  const std::optional<HistorySum>& sum = engine.plant().features.history_sum;
  std::vector<Fault> faults;
  const Result<RecommendRequest> request = ParseRecommend(body, sum ? sum->name : "", &faults);
  if (!request.ok()) return http::Problem(request.status(), faults);
  return http::Json(200, ToJson(engine.Recommend(*request)));
}

}  // namespace forewarn
