#include "api/remote_scorer.h"

#include <utility>

#include "api/upstream.h"
#include "http/client.h"
#include "http/parameters.h"

namespace forewarn {
namespace {

constexpr char kService[] = "the inference service";

class RemoteScorer final : public Scorer {
 public:
  explicit RemoteScorer(RemoteOptions options)
      : url_(std::move(options.url)), client_(ClientOptionsOf(std::move(options.bearer))) {}

  bool local() const override { return false; }

  Result<std::string> Predict(std::string_view body, std::vector<Fault>* faults) override {
    return Post("/predict", body, faults);
  }
  Result<std::string> Forecast(std::string_view body, std::vector<Fault>* faults) override {
    return Post("/forecast", body, faults);
  }
  Result<std::string> Explain(std::string_view body, std::vector<Fault>* faults) override {
    return Post("/explain", body, faults);
  }
  Result<std::string> Recommend(std::string_view body, std::vector<Fault>* faults) override {
    return Post("/recommend", body, faults);
  }
  Result<std::string> PredictBy(const std::string& model, std::string_view body,
                                std::vector<Fault>* faults) override {
    return Post("/predict?model=" + http::EncodePercent(model), body, faults);
  }
  Result<std::string> GlobalImportance() override { return Get("/global_importance"); }
  Result<std::string> Models() override { return Get("/models"); }

 private:
  static http::ClientOptions ClientOptionsOf(std::string bearer) {
    http::ClientOptions options;
    options.bearer = std::move(bearer);
    options.idempotent = true;  // answers are computed, nothing is stored
    options.retries = 1;
    options.timeout = std::chrono::milliseconds(5'000);
    return options;
  }

  Result<std::string> Post(const std::string& path, std::string_view body, std::vector<Fault>* faults) {
    return Told(client_.PostJson(url_ + path, std::string(body)), faults);
  }

  Result<std::string> Get(const std::string& path) {
    std::vector<Fault> none;
    return Told(client_.Get(url_ + path), &none);
  }

  static Result<std::string> Told(Result<http::ClientReply> reply, std::vector<Fault>* faults) {
    if (!reply.ok()) return UpstreamAway(kService, reply.message());
    if (reply->status != 200) return UpstreamStatus(kService, *reply, faults);
    return std::move(reply->body);
  }

  const std::string url_;
  const http::Client client_;
};

}  // namespace

std::unique_ptr<Scorer> MakeRemoteScorer(RemoteOptions options) {
  return std::make_unique<RemoteScorer>(std::move(options));
}

}  // namespace forewarn
