// The Open Inference Protocol, version 2 (REST), beside the service's own routes: a model as a function from
// a tensor `features` [rows, inputs] to tensors. Errors are problems with the protocol's member `error`
// beside. Any thread.
#pragma once

#include <functional>

#include "api/service_routes.h"
#include "http/router.h"
#include "scoring/engine.h"

namespace forewarn {

// engine must outlive the router.
void MountOpenInference(http::Router& router, const ScoringEngine* engine, const http::Guard& guard,
                        const std::function<Readiness()>& readiness, size_t max_body);

// The metadata, and the answer to an inference request, of one loaded model. Pure.
std::string OpenInferenceModelJson(const ServedModel& model);
http::Response AnswerOpenInference(const ServedModel& model, std::string_view body);

}  // namespace forewarn
