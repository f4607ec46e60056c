#include "api/open_inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "api/tensor_request.h"
#include "core/names.h"
#include "core/version.h"
#include "http/problem.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

using http::Inline;
using http::Method;
using http::Pooled;
using http::Request;
using http::Response;

// The protocol has a member of its own for what went wrong.
Response WithError(Response problem, const std::string& error) {
  problem.body.pop_back();
  problem.body += fmt::format(",\"error\":{}}}", JsonText(error));
  return problem;
}

Response ProtocolProblem(const Status& status, const std::vector<Fault>& faults = {}) {
  return WithError(http::Problem(status, faults), status.message());
}

// A request that is well formed and does not fit itself or the model.
Response Conflict(const std::vector<Fault>& faults) {
  const std::string detail = FaultStatus(faults).message();
  return WithError(http::Problem(409, detail, faults), detail);
}

// As the ONNX file calls it.
const char* OutputName(const ServedModel& model) {
  switch (model.info().kind) {
    case ModelKind::kRegime:
      return "probabilities";
    case ModelKind::kPca:
      return "t2_spe";
    default:
      return "score";
  }
}

std::string TensorInfo(std::string_view name, size_t columns) {
  return fmt::format(R"([{{"name":"{}","datatype":"FP64","shape":[-1,{}]}}])", name, columns);
}

// The model the path means, in the version it means.
Result<ServedPtr> FindModel(const ScoringEngine& engine, const Request& request) {
  FW_ASSIGN_OR_RETURN(ServedPtr model, engine.Find(std::string(request.Param("model"))));
  const std::string_view version = request.Param("version");
  const std::string served = fmt::format("{}", model->version().version);
  if (version.empty() || version == served) return model;
  return Status::NotFound(UnknownName("version in service", version, {served}));
}

std::string ScoresJson(const ServedModel& model, const TensorRequest& request) {
  const size_t width = model.predictor().outputs();
  std::string out = "{";
  if (request.id) out += fmt::format("\"id\":{},", JsonText(*request.id));
  out += fmt::format(
      R"("model_name":{},"model_version":"{}","outputs":[{{"name":"{}","shape":[{},{}],"datatype":"FP64","data":[)",
      JsonText(model.version().name), model.version().version, OutputName(model), request.rows, width);
  std::vector<double> scores(width);
  for (size_t r = 0; r < request.rows; ++r) {
    model.predictor().Score(request.values.data() + r * model.features(), scores.data());
    for (const double score : scores) {
      if (out.back() != '[') out += ',';
      out += std::isfinite(score) ? fmt::format("{}", score) : "null";
    }
  }
  return out + "]}]}";
}

}  // namespace

std::string OpenInferenceModelJson(const ServedModel& model) {
  std::string features;
  for (const std::string& name : model.info().features) {
    features += (features.empty() ? "" : ",") + JsonText(name);
  }
  return fmt::format(
      R"({{"name":{},"versions":["{}"],"platform":"onnx_onnxv1","inputs":{},"outputs":{},"features":[{}]}})",
      JsonText(model.version().name), model.version().version, TensorInfo(kTensorInput, model.features()),
      TensorInfo(OutputName(model), model.predictor().outputs()), features);
}

Response AnswerOpenInference(const ServedModel& model, std::string_view body) {
  std::vector<Fault> faults;
  Result<TensorRequest> request = ParseTensorRequest(body, &faults);
  if (!request.ok()) return ProtocolProblem(request.status(), faults);
  if (request->columns != model.features()) {
    request->conflicts.push_back({"/inputs/0/shape", fmt::format("has {} columns; the model takes {}",
                                                                 request->columns, model.features())});
  }
  for (size_t i = 0; i < request->outputs.size(); ++i) {
    if (request->outputs[i] == OutputName(model)) continue;
    request->conflicts.push_back({fmt::format("/outputs/{}/name", i),
                                  UnknownName("output", request->outputs[i], {OutputName(model)})});
  }
  if (!request->conflicts.empty()) return Conflict(request->conflicts);
  return http::Json(200, ScoresJson(model, *request));
}

void MountOpenInference(http::Router& router, const ScoringEngine* engine, const http::Guard& guard,
                        const std::function<Readiness()>& readiness, size_t max_body) {
  http::RouteOptions guarded;
  guarded.guard = guard;
  const auto get = [&](const std::string& path, std::function<Response(const Request&)> run) {
    router.Add(Method::kGet, path, Inline{std::move(run)}, guarded);
  };
  const std::string server = fmt::format(R"({{"name":"forewarn","version":"{}","extensions":[]}})", kVersion);
  get("/v2", [server](const Request&) { return http::Json(200, server); });
  get("/v2/health/live", [](const Request&) { return http::Json(200, R"({"live":true})"); });
  get("/v2/health/ready", [readiness](const Request&) {
    const Readiness now = readiness();
    if (now.ready) return http::Json(200, R"({"ready":true})");
    return ProtocolProblem(Status::Unavailable("not ready: " + now.stage));
  });
  const auto with_model = [engine](auto answer) {
    return [engine, answer](const Request& request) {
      const Result<ServedPtr> model = FindModel(*engine, request);
      return model.ok() ? answer(**model, request) : ProtocolProblem(model.status());
    };
  };
  http::RouteOptions infer = http::JsonRoute(guard);
  infer.max_body = max_body;
  for (const std::string path : {"/v2/models/{model}", "/v2/models/{model}/versions/{version}"}) {
    get(path, with_model([](const ServedModel& model, const Request&) {
          return http::Json(200, OpenInferenceModelJson(model));
        }));
    get(path + "/ready", with_model([](const ServedModel& model, const Request&) {
          return http::Json(200, fmt::format(R"({{"name":{},"version":"{}","ready":true}})",
                                             JsonText(model.version().name), model.version().version));
        }));
    router.Add(Method::kPost, path + "/infer",
               Pooled{with_model([](const ServedModel& model, const Request& r) {
                 return AnswerOpenInference(model, r.body);
               })},
               infer);
  }
}

}  // namespace forewarn
