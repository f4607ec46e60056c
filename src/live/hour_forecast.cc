#include "live/hour_forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/names.h"
#include "live/auto_inference.h"
#include "live/json_fields.h"
#include "live/json_text.h"
#include "model/blend.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

// Of a forecaster's version, chosen in training for the pooled probability (train/pooled_warnings.h).
constexpr char kThresholdMetric[] = "warning_threshold";
constexpr double kMoreLikelyThanNot = 0.5;

int Gravity(InputStatus status) {
  return status == InputStatus::kStale ? 2 : status == InputStatus::kOutsideTrainingRange ? 1 : 0;
}

std::string FeaturesBody(const std::vector<std::string>& names, std::span<const double> values) {
  std::string out = "{\"features\":{";
  for (size_t i = 0; i < names.size(); ++i) {
    out += fmt::format("{}{}:{}", i == 0 ? "" : ",", JsonText(names[i]), NumberText(values[i]));
  }
  return out + "}}";
}

}  // namespace

HourForecaster::HourForecaster(const Plant& plant, Scorer* scorer)
    : plant_(plant), scorer_(*scorer), sensors_(plant.Sensors()) {}

Result<HorizonForecast> HourForecaster::Forecast(size_t horizon, const HourRows& rows) {
  const double hours = static_cast<double>(plant_.features.horizons[horizon]) / static_cast<double>(kHour);
  const std::string body = ForecastBody(sensors_, hours, rows.window());
  HorizonForecast out;
  out.horizon = plant_.HorizonName(horizon);
  std::vector<Fault> faults;
  FW_ASSIGN_OR_RETURN(const std::string reply, scorer_.Forecast(body, &faults));
  FW_ASSIGN_OR_RETURN(out.answer, ParseForecastReply(reply));
  if (rows.window_stale()) out.answer.status = InputStatus::kStale;
  const Result<std::string> why = scorer_.Explain(body, &faults);
  Result<ExplainAnswer> explained = why.ok() ? ParseExplainReply(*why) : why.status();
  if (explained.ok()) {
    out.why = std::move(*explained);
  } else {  // a forecast without reasons is still a forecast
    out.why.method = "unavailable";
    out.why.reason = explained.message();
  }
  return out;
}

void HourForecaster::ReadThresholds() {
  const Result<std::string> reply = scorer_.Models();
  if (!reply.ok()) return;
  const Result<nlohmann::json> object = ParseObject(*reply);
  if (!object.ok() || !object->contains("models") || !(*object)["models"].is_object()) return;
  for (const auto& [name, model] : (*object)["models"].items()) {
    const auto version = model.is_object() ? WholeAt(model, "version") : Result<int64_t>(int64_t{0});
    if (!version.ok() || !model.is_object() || !model.contains("metrics")) continue;
    const Result<double> threshold = NumberAt(model["metrics"], kThresholdMetric);
    if (threshold.ok()) thresholds_[name] = {static_cast<int>(*version), *threshold};
  }
}

// The pooled probability's threshold as this version was trained with it; its own where it was not.
double HourForecaster::WarningThreshold(const ForecastAnswer& answer) {
  const auto known = [&] {
    const auto it = thresholds_.find(answer.model.name);
    return it != thresholds_.end() && it->second.version == answer.model.version ? &it->second : nullptr;
  };
  if (known() == nullptr) ReadThresholds();
  const KnownThreshold* found = known();
  return found != nullptr ? found->threshold : answer.threshold;
}

Result<double> HourForecaster::RiskBy(const char* suffix, const std::string& body) {
  std::vector<Fault> faults;
  FW_ASSIGN_OR_RETURN(const std::string reply, scorer_.PredictBy(plant_.ModelName(suffix), body, &faults));
  FW_ASSIGN_OR_RETURN(const PredictAnswer answer, ParsePredictReply(reply));
  return answer.risk_score;
}

void HourForecaster::AssessBlend(const HourRows& rows, HourRisk* risk) {
  if (!rows.point().empty() && !rows.point_stale()) {
    const std::string body = FeaturesBody(plant_.features.point, rows.point());
    const Result<double> linear = RiskBy(kBlendLinearSuffix, body);
    const Result<double> forest = linear.ok() ? RiskBy(kBlendForestSuffix, body) : linear;
    if (linear.ok() && forest.ok()) {
      risk->blend = Blend(*linear, *forest);
      blend_ = blend_ ? SmoothBlend(*blend_, *risk->blend) : *risk->blend;
    }
  }
  risk->blend_smoothed = blend_;
}

void HourForecaster::Assess(const HourRows& rows, HourRisk* risk) {
  AssessBlend(rows, risk);
  const size_t horizons = plant_.features.horizons.size();
  if (horizons == 0) {
    risk->reason = fmt::format("plant '{}' has no forecast horizon", plant_.name);
    return;
  }
  if (!rows.window_full()) {
    risk->reason = fmt::format("{} of the {} hours that a forecast needs are there", rows.window().size(),
                               plant_.features.window);
    return;
  }
  double probability = 0;
  double threshold = 0;
  for (size_t h = 0; h < horizons; ++h) {
    Result<HorizonForecast> forecast = Forecast(h, rows);
    if (!forecast.ok()) {
      if (risk->reason.empty()) risk->reason = forecast.message();
      continue;
    }
    const InputStatus status = forecast->answer.status;
    if (Gravity(status) > Gravity(risk->status)) risk->status = status;
    probability += forecast->answer.probability;
    threshold += WarningThreshold(forecast->answer);
    risk->forecasts.push_back(std::move(*forecast));
  }
  if (!risk->forecasts.empty() && threshold > 0) risk->index = probability / threshold;
}

const HorizonForecast& LeadingHorizon(const std::vector<HorizonForecast>& forecasts) {
  const auto likely = std::find_if(forecasts.begin(), forecasts.end(), [](const HorizonForecast& f) {
    return f.answer.probability >= kMoreLikelyThanNot;
  });
  return likely == forecasts.end() ? forecasts.back() : *likely;
}

}  // namespace forewarn
