#include "live/scorer.h"

#include <utility>

#include "scoring/reply_json.h"

namespace forewarn {
namespace {

class EngineScorer final : public Scorer {
 public:
  EngineScorer(const ScoringEngine* engine, std::function<std::optional<PlantTime>()> plant_clock)
      : engine_(*engine), plant_clock_(std::move(plant_clock)) {}

  bool local() const override { return true; }

  Result<std::string> Predict(std::string_view body, std::vector<Fault>* faults) override {
    return PredictBy("", body, faults);
  }

  Result<std::string> PredictBy(const std::string& model, std::string_view body,
                                std::vector<Fault>* faults) override {
    FW_ASSIGN_OR_RETURN(const PredictRequest request, ReadPredict(body, faults));
    FW_ASSIGN_OR_RETURN(const PredictReply reply, engine_.Predict(request, faults, model));
    return ToJson(reply, engine_);
  }

  Result<std::string> Forecast(std::string_view body, std::vector<Fault>* faults) override {
    FW_ASSIGN_OR_RETURN(const ForecastRequest request, ParseForecast(body, faults));
    FW_ASSIGN_OR_RETURN(const ForecastReply reply, engine_.Forecast(request, faults));
    return ToJson(reply);
  }

  Result<std::string> Explain(std::string_view body, std::vector<Fault>* faults) override {
    if (IsForecastBody(body)) {
      FW_ASSIGN_OR_RETURN(const ForecastRequest request, ParseForecast(body, faults));
      FW_ASSIGN_OR_RETURN(const ExplainReply reply, engine_.ExplainForecast(request, faults));
      return ToJson(reply);
    }
    FW_ASSIGN_OR_RETURN(const PredictRequest request, ReadPredict(body, faults));
    FW_ASSIGN_OR_RETURN(const ExplainReply reply, engine_.Explain(request, faults));
    return ToJson(reply);
  }

  Result<std::string> Recommend(std::string_view body, std::vector<Fault>* faults) override {
    const auto& sum = engine_.plant().features.history_sum;
    FW_ASSIGN_OR_RETURN(const RecommendRequest request, ParseRecommend(body, sum ? sum->name : "", faults));
    return ToJson(engine_.Recommend(request));
  }

  Result<std::string> GlobalImportance() override { return ToJson(engine_.Importance()); }
  Result<std::string> Models() override { return ModelsToJson(engine_.Models()); }

 private:
  Result<PredictRequest> ReadPredict(std::string_view body, std::vector<Fault>* faults) const {
    FW_ASSIGN_OR_RETURN(PredictRequest request, ParsePredict(body, faults));
    if (plant_clock_) request.plant_time = plant_clock_();
    return request;
  }

  const ScoringEngine& engine_;
  const std::function<std::optional<PlantTime>()> plant_clock_;
};

}  // namespace

std::unique_ptr<Scorer> MakeEngineScorer(const ScoringEngine* engine,
                                         std::function<std::optional<PlantTime>()> plant_clock) {
  return std::make_unique<EngineScorer>(engine, std::move(plant_clock));
}

}  // namespace forewarn
