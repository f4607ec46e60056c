#include "api/remote_scorer.h"

#include <utility>

#include "http/parameters.h"

namespace forewarn {
namespace {

class RemoteScorer final : public Scorer {
 public:
  explicit RemoteScorer(RemoteOptions options) : service_("the inference service", std::move(options)) {}

  bool local() const override { return false; }

  Result<std::string> Predict(std::string_view body, std::vector<Fault>* faults) override {
    return service_.Post("/predict", body, faults);
  }
  Result<std::string> Forecast(std::string_view body, std::vector<Fault>* faults) override {
    return service_.Post("/forecast", body, faults);
  }
  Result<std::string> Explain(std::string_view body, std::vector<Fault>* faults) override {
    return service_.Post("/explain", body, faults);
  }
  Result<std::string> Recommend(std::string_view body, std::vector<Fault>* faults) override {
    return service_.Post("/recommend", body, faults);
  }
  Result<std::string> PredictBy(const std::string& model, std::string_view body,
                                std::vector<Fault>* faults) override {
    return service_.Post("/predict?model=" + http::EncodePercent(model), body, faults);
  }
  Result<std::string> GlobalImportance() override { return service_.Get("/global_importance"); }
  Result<std::string> Models() override { return service_.Get("/models"); }

 private:
  UpstreamClient service_;
};

}  // namespace

std::unique_ptr<Scorer> MakeRemoteScorer(RemoteOptions options) {
  return std::make_unique<RemoteScorer>(std::move(options));
}

}  // namespace forewarn
