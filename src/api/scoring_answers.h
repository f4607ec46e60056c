// A scoring request's body → its reply, status and all: what /predict and its kin answer (http.md,
// "Inference"). Pure functions over an engine's present state; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "core/plant_time.h"
#include "http/message.h"
#include "scoring/engine.h"

namespace forewarn {

// model "": the champion; another must be a classifier. risk, horizon: filled where the answer is a 200.
http::Response AnswerPredict(const ScoringEngine& engine, std::string_view body, const std::string& model,
                             std::optional<PlantTime> plant_time, double* risk);
http::Response AnswerPredictBatch(const ScoringEngine& engine, std::string_view body,
                                  std::optional<PlantTime> plant_time);
http::Response AnswerForecast(const ScoringEngine& engine, std::string_view body, double* horizon_hours);
http::Response AnswerExplain(const ScoringEngine& engine, std::string_view body,
                             std::optional<PlantTime> plant_time);
http::Response AnswerRecommend(const ScoringEngine& engine, std::string_view body);

}  // namespace forewarn
